import Algorithms
import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Algorithms while something is wrong around them: halts, Redis away, leases lost, records damaged.
@Suite struct AlgoFaultTests {
    /// A desk that leads, on a Redis and a venue that lose nothing.
    func world(_ extra: [String: String] = [:], isTicking: Bool = true) -> GatewayWorld {
        var world = GatewayWorld(seed: 5)
        world.loss = 0
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        live(&world, 40)
        var body = [
            "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY", "qty": "40",
            "id": "c1",
        ]
        // An empty text leaves one out.
        body = body.merging(extra) { $1 }.filter { !$0.value.isEmpty }
        world.tell("start-c1", .algoStart, body)
        if isTicking {
            live(&world, 60) { !$0.resting.isEmpty }
        } else {
            live(&world, 20, isTicking: false)
        }
        return world
    }

    private func halt(_ world: inout GatewayWorld, _ state: TradingState = .halted) {
        world.tell(
            "state-\(state.rawValue)", .stateSet,
            StateSetBody(state: state, account: nil, why: "test").body)
    }

    func live(
        _ world: inout GatewayWorld, _ steps: Int, every pause: Interval = .milliseconds(50),
        isTicking: Bool = true, until isOver: (GatewayWorld) -> Bool = { _ in false }
    ) {
        for _ in 0..<steps where !isOver(world) {
            world.advance(by: pause)
            if isTicking { world.tick(99, 101) }
        }
    }

    func machine(_ world: GatewayWorld, _ id: String = "c1") -> AlgoMachine? {
        world.desk.algos.all[id]?.machine
    }

    func net(_ world: GatewayWorld) -> Quantity {
        world.book.values.reduce(.zero) {
            $0 + $1.order.side.signed($1.order.executedQuantity)
        }
    }

    // MARK: halts

    @Test("B2g: halted before its first price it is paused, and begins nothing when a price comes")
    func haltedStarting() {
        var world = world(isTicking: false)
        #expect(machine(world)?.status == .starting)
        halt(&world)
        live(&world, 40)
        #expect(world.algoRecords["c1"]?.reason == "venue_halted" && world.book.isEmpty)
        // One that is started under the halt does not begin either, and none is resumed by hand.
        world.tell(
            "start-c2", .algoStart,
            [
                "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY",
                "qty": "40", "id": "c2",
            ])
        world.tell("resume", .algoResume, ["algo": "c1"])
        #expect(world.replies.last?.code == "venue_halted")
        live(&world, 40)
        #expect(world.algoRecords["c2"]?.reason == "venue_halted" && world.book.isEmpty)
        halt(&world, .active)
        live(&world, 40)
        #expect(world.algoRecords["c1"]?.status == "paused")
        world.tell("resume2", .algoResume, ["algo": "c1"])
        live(&world, 40) { !$0.resting.isEmpty }
        #expect(!world.resting.isEmpty)
    }

    @Test("B2g B7c: a halt set while Redis is away pauses it; so does one that was read after a crash")
    func haltedAway() {
        var world = world()
        world.cutRedis(for: .seconds(3))
        halt(&world)
        #expect(machine(world)?.status == .paused && machine(world)?.reason == "venue_halted")
        live(&world, 20)
        world.restoreRedis()
        live(&world, 100) { $0.algoRecords["c1"]?.status == "paused" }
        #expect(world.algoRecords["c1"]?.reason == "venue_halted" && world.resting.isEmpty)
        // Another: killed while it runs, halted by somebody before it is taken up.
        var other = self.world()
        other.crash()
        other.states[""] = StateRecord(
            state: .halted, why: "test", by: "test",
            stamp: RecordStamp(
                sequence: 1, writer: "test", atMilliseconds: other.wall.milliseconds))
        live(&other, 200) { $0.algoRecords["c1"]?.status == "paused" && $0.resting.isEmpty }
        #expect(other.algoRecords["c1"]?.reason == "venue_halted" && other.resting.isEmpty)
    }

    @Test("P7: halted, it is still flattened: what closes is spelt as such and passes")
    func flattenedHalted() {
        var world = world()
        if let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
            world.fill(name)
        }
        live(&world, 20)
        #expect(net(world).isPositive)
        halt(&world)
        live(&world, 40)
        world.tell("stop", .algoStop, AlgoNameBody(algo: "c1", isFlattening: true).body)
        live(&world, 200) { $0.running.isEmpty }
        #expect(net(world).isZero && world.resting.isEmpty)
        #expect(world.algoRecords["c1"]?.status == "done")
        #expect(world.algoRecords["c1"]?.reason == "flattened")
    }

    @Test("flattened in a book that somebody closed in part, it closes the rest of it, and says what is left")
    func flattenedInPart() {
        var world = world()
        while net(world) < .whole(3), let resting = world.resting.first,
            let name = ClientOrderID(resting.clientOrderID)
        {
            world.fill(name)
            live(&world, 4)
        }
        let filled = net(world)
        let byHand = OrderPlaceBody(
            account: AccountID("alpha")!, symbol: GatewayWorld.symbol, side: .sell, type: .market,
            timeInForce: .goodTillCancel, quantity: .whole(2), price: nil, isReduceOnly: true,
            origin: .manual)
        world.tell("hand", .orderPlace, byHand.body)
        live(&world, 100) { self.net($0) == filled - .whole(2) }
        world.tell("stop", .algoStop, AlgoNameBody(algo: "c1", isFlattening: true).body)
        live(&world, 400) { $0.running.isEmpty }
        #expect(net(world).isZero && world.resting.isEmpty, "\(net(world)) of \(filled)")
        #expect(world.algoRecords["c1"]?.status == "failed")
        #expect(world.algoRecords["c1"]?.reason == "nothing_to_reduce")
        let detail = world.algoRecords["c1"]?.detail ?? ""
        #expect(detail.hasPrefix("2 is left"), "\(detail)")
    }

    // MARK: Redis away

    @Test("B7c: Redis away for 2 s, what would open is taken back and nothing is placed; then it goes on")
    func away() {
        for (kind, extra) in Self.ladders {
            var world = world(extra, isTicking: true)
            live(&world, 20)
            let before = world.resting.count
            #expect(before == (kind == "chase" ? 1 : 4), "\(kind): \(before)")
            world.cutRedis(for: .seconds(600))
            live(&world, 36)
            #expect(world.resting.count == before, "\(kind): a short outage moves nothing")
            live(&world, 44)
            #expect(world.resting.isEmpty && world.made.count == before, "\(kind)")
            live(&world, 80)
            #expect(world.resting.isEmpty && world.made.count == before, "\(kind)")
            world.restoreRedis()
            live(&world, 200) { $0.resting.count == before }
            live(&world, 20)
            #expect(world.resting.count == before && machine(world)?.status == .running, "\(kind)")
            #expect(world.made.count == before * 2, "\(kind)")
            #expect(world.made.values.allSatisfy { $0 == 1 }, "\(kind)")
        }
    }

    private static let ladders: [(String, [String: String])] = [
        ("chase", [:]),
        ("scale", ["kind": "scale", "from": "98", "to": "90", "orders": "4"]),
        (
            "scalper",
            [
                "kind": "scalper", "layers": "2", "base_bps": "100", "max_bps": "400", "qty": "20",
                "side": "",
            ]
        ),
    ]

    @Test("B7c: Redis goes away amid the recovery: what would open is taken back after 2 s all the same")
    func awayRecovering() {
        for (kind, extra) in Self.ladders {
            var world = world(extra)
            live(&world, 20)
            let before = world.resting.count
            let made = world.made.count
            world.crash()
            live(&world, 4_000, every: .milliseconds(1)) {
                $0.desk.algos.all["c1"]?.isRecovering == true
            }
            #expect(world.resting.count == before && before > 0, "\(kind)")
            world.cutRedis(for: .seconds(600))
            live(&world, 30)
            #expect(world.resting.count == before, "\(kind): a short outage moves nothing")
            live(&world, 50)
            #expect(world.resting.isEmpty && world.made.count == made, "\(kind)")
            #expect(world.desk.algos.all["c1"]?.isRecovering == true, "\(kind)")
            world.restoreRedis()
            live(&world, 400) { $0.resting.count == before }
            #expect(world.resting.count == before && machine(world)?.status == .running, "\(kind)")
            #expect(world.made.values.allSatisfy { $0 == 1 }, "\(kind)")
        }
    }

    @Test("B7c: what only reduces rests on while Redis is away, however long")
    func reducingAway() {
        var world = world()
        while !world.resting.isEmpty {
            if let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
                world.fill(name)
            }
            live(&world, 4)
        }
        live(&world, 40)
        #expect(net(world) == .whole(40))
        world.tell(
            "start-c2", .algoStart,
            [
                "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "SELL",
                "qty": "10", "id": "c2", "reduce_only": "1",
            ])
        live(&world, 100) { !$0.resting.isEmpty }
        #expect(world.resting.count == 1)
        world.cutRedis(for: .seconds(600))
        live(&world, 400)
        #expect(world.resting.count == 1)
    }

    @Test("B7c: while Redis is away it is stopped and paused all the same", arguments: [true, false])
    func stoppedAway(isStopped: Bool) {
        var world = world()
        world.cutRedis(for: .seconds(600))
        live(&world, 5)
        let kind: CommandKind = isStopped ? .algoStop : .algoPause
        world.tell("r1", kind, AlgoNameBody(algo: "c1").body)
        #expect(world.replies.last?.code == "redis_down", "it is told that it is not saved")
        live(&world, 20)
        #expect(world.resting.isEmpty)
        world.tell("r2", .algoResume, ["algo": "c1"])
        #expect(world.replies.last?.code == "redis_down")
        world.restoreRedis()
        live(&world, 200) { $0.algoRecords["c1"]?.status == (isStopped ? "done" : "paused") }
        #expect(world.algoRecords["c1"]?.status == (isStopped ? "done" : "paused"))
        #expect(world.resting.isEmpty)
    }

    @Test("an algorithm whose beginning Redis never took, and whose command is too old, never began")
    func unbegun() {
        var world = GatewayWorld(seed: 5)
        world.loss = 0
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        live(&world, 40)
        world.tell(
            "start-c1", .algoStart,
            [
                "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY",
                "qty": "40", "id": "c1",
            ])
        world.cutRedis(for: .seconds(600))
        live(&world, 200)
        #expect(world.desk.algos.all["c1"] != nil && world.algoRecords.isEmpty)
        world.restoreRedis()
        live(&world, 100)
        #expect(world.desk.algos.all.isEmpty && world.running.isEmpty && world.book.isEmpty)
        #expect(world.replies.contains { $0.id == "start-c1" && $0.code == "deadline_passed" })
    }

    @Test("quiet for longer than it may be away, it is not taken to have been away")
    func quiet() {
        var world = world(["max_downtime_s": "60"])
        live(&world, 400, every: .seconds(1))
        #expect(world.resting.count == 1)
        world.crash()
        live(&world, 400) { $0.desk.algos.all["c1"]?.isRecovering == false }
        live(&world, 40)
        #expect(world.algoRecords["c1"]?.status == "running" && world.resting.count == 1)
    }

    // MARK: leases and records

    @Test("without the lease it is told nothing and decides nothing; with it again, all")
    func leaseless() {
        var world = world()
        let before = machine(world)?.book
        world.tell(.leaseLost)
        if let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
            _ = world.venue(.cancel(name, GatewayWorld.symbol))
        }
        live(&world, 100)
        #expect(world.resting.isEmpty && machine(world)?.book == before)
        world.newestFence += 1
        world.tell(.leaseGained(fence: world.newestFence))
        live(&world, 200) { !$0.resting.isEmpty }
        #expect(machine(world)?.book != before && world.resting.count == 1)
    }

    @Test("an order that an algorithm took back is its own after a second crash, too (P3)")
    func claimedTwice() {
        for isFilled in [false, true] {
            for wait in 0..<24 as Range<Int64> {
                // Redis remembers nothing from after the start.
                var world = world(isTicking: false)
                let image = RedisImage(world)
                live(&world, 60) { !$0.resting.isEmpty }
                let name = world.resting.first.flatMap { ClientOrderID($0.clientOrderID) }
                if isFilled, let name {
                    while !world.resting.isEmpty { world.fill(name) }
                }
                live(&world, 4)
                world.crash()
                image.restore(&world)
                world.lostNumber = world.number
                live(&world, 4_000, every: .milliseconds(5), isTicking: false) {
                    $0.alerts.contains("order_adopted")
                }
                #expect(world.alerts.contains("order_adopted"))
                world.advance(by: .milliseconds(wait * 5))
                world.crash()
                live(&world, 200)
                if let resting = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
                    while !world.resting.isEmpty { world.fill(resting) }
                }
                live(&world, 200) { $0.running.isEmpty }
                let what = "\(isFilled ? "filled" : "resting"), killed \(wait * 5) ms later"
                #expect(net(world) == .whole(40), "\(what)")
                #expect(world.algoRecords["c1"]?.status == "done", "\(what)")
                #expect(
                    world.algoRecords["c1"]?.shown.first { $0.name == "filled" }?.value == "40",
                    "\(what)")
            }
        }
    }

    @Test("orders placed after the last state that Redis kept are taken back in whatever order they come")
    func claimedInAnyOrder() {
        for isReversed in [false, true] {
            var world = world(
                [
                    "kind": "scale", "qty": "50", "from": "98", "to": "90", "orders": "5",
                    "id": "s1",
                ], isTicking: false)
            let image = RedisImage(world)
            live(&world, 100) { $0.resting.count == 5 }
            let ids = world.resting.map(\.orderID)
            for (place, id) in (isReversed ? ids.reversed() : ids).enumerated() {
                guard let key = world.book.first(where: { $0.value.order.orderID == id })?.key else {
                    continue
                }
                world.book[key]?.order.orderID = Int64(1_000 + place)
            }
            world.crash()
            image.restore(&world)
            world.lostNumber = world.number
            live(&world, 400) { $0.desk.algos.all["s1"]?.isRecovering == false }
            live(&world, 100)
            #expect(world.resting.count == 5 && world.made.count == 5, "\(world.alerts)")
            #expect(machine(world, "s1")?.book.children.count == 5)
        }
    }

    @Test("orders of an algorithm whose record is damaged or gone are cancelled, and told of")
    func orphans() {
        for isDamaged in [true, false] {
            var world = world()
            world.crash()
            world.running.remove("c1")
            world.damaged = isDamaged ? ["c1": "algo: kind: missing"] : [:]
            live(&world, 200) { $0.alerts.contains("algo_orphans") }
            #expect(world.alerts.contains("algo_unreadable") == isDamaged)
            live(&world, 40)
            #expect(world.resting.isEmpty && world.alerts.contains("algo_orphans"))
            #expect(world.records.values.allSatisfy { $0.status == "cancelled" })
        }
    }

    @Test("an algorithm read before its instrument is taken up when that is known; rules are kept new")
    func instruments() {
        var world = world()
        world.crash()
        world.knowsInstrument = false
        live(&world, 200) { $0.desk.isReady && $0.resting.isEmpty }
        #expect(world.alerts.contains("algo_unreadable") && world.resting.isEmpty)
        guard let rules = world.facts.instrument else { return }
        world.tell(.instrumentChanged(rules))
        live(&world, 200) { !$0.resting.isEmpty }
        #expect(world.resting.count == 1 && machine(world)?.status == .running)
        // R9: the step size changes overnight.
        var newer = rules
        newer.maximumPrice = .whole(1_000)
        world.tell(.instrumentChanged(newer))
        #expect(machine(world)?.rules == newer)
    }

    // MARK: orders that leave the desk

    /// A bench whose algorithm's first order has been asked for; its facts are being read.
    private func bench() -> (bench: DeskBench, name: ClientOrderID) {
        var bench = DeskBench()
        var snapshot = DeskBench.snapshot
        snapshot.instruments = [bench.facts.instrument].compactMap { $0 }
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.positionsAnswered(askedAt: bench.now, [:]))
        bench.give(
            bench.command(
                "start", .algoStart,
                [
                    "kind": "chase", "account": "demo", "symbol": "BTCUSDT", "side": "BUY",
                    "qty": "40", "id": "c1",
                ]))
        saveAlgo(&bench)
        tick(&bench)
        saveAlgo(&bench)
        let name = bench.desk.childName("c1", 1, lot: 0) ?? DeskBench.id("none")
        return (bench, name)
    }

    @discardableResult
    private func saveAlgo(_ bench: inout DeskBench) -> [String] {
        var lines: [String] = []
        for case .saveAlgo(let record, _, _, let token) in bench.actions {
            lines += bench.give(.algoSaved(record.id, token: token, .saved))
        }
        return lines
    }

    private func tick(_ bench: inout DeskBench) {
        var actions: [GatewayAction] = []
        bench.desk.ticked(
            DeskBench.symbol, bid: .whole(99), ask: .whole(101), now: bench.now, wall: bench.wall,
            &actions)
        bench.actions = actions
    }

    @Test("an order dropped after its asker was told that nothing is known does not stay in the book")
    func droppedUntold() {
        var (bench, name) = bench()
        #expect(bench.desk.orders[name]?.awaitsFacts == true)
        #expect(bench.give(.factsRead(name, bench.facts)) == ["ask recent orders"])
        // The venue lists the symbol's orders when the order is too old to be sent.
        _ = bench.wait(.milliseconds(9_960))
        #expect(bench.desk.orders[name]?.waiters.isEmpty == true)
        bench.pass(.milliseconds(200))
        let generation = bench.desk.generation
        let listed = bench.give(
            .recentOrdersAnswered(DeskBench.symbol, generation: generation, []))
        #expect(bench.desk.orders[name] == nil && listed.contains("read order"), "\(listed)")
        bench.give(.orderRead(name, .missing))
        let book = bench.desk.algos.all["c1"]?.machine?.book
        #expect(book?.child(1) == nil && book?.lots.first?.filled == .zero)
    }

    @Test("an order whose id is on record already is counted by what the record says (S3)")
    func onRecord() {
        var (bench, name) = bench()
        bench.desk.verified = [DeskBench.symbol]
        bench.give(.factsRead(name, bench.facts))
        guard var life = bench.desk.orders[name] else {
            Issue.record("the order is not on the desk")
            return
        }
        life.totals.executed = .whole(40)
        life.totals.notional = .whole(4_000)
        var record = life.record(writer: "other", wall: bench.wall)
        record.status = "filled"
        let lines = bench.give(.intentReplied(name, .exists(record)))
        #expect(bench.desk.orders[name] == nil && lines.contains("read order"), "\(lines)")
        bench.give(.orderRead(name, .found(record)))
        let machine = bench.desk.algos.all["c1"]?.machine
        #expect(machine?.progress.traded == .whole(40) && machine?.status == .done)
    }
}

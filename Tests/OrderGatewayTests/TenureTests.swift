import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Orders that live for an owner's lease or a time: cancelled when that ends, whoever has died.
@Suite struct TenureTests {
    private static let owner = OrderOwner(lease: "allocation", fence: 7)!

    private func placing(
        _ bench: DeskBench, _ request: String, owner: OrderOwner? = TenureTests.owner,
        timeToLive: Int64? = nil, origin: OrderOrigin = .manual, isReduceOnly: Bool = false
    ) -> GatewayEvent {
        var body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .limit,
            quantity: .whole(2), price: .whole(100), isReduceOnly: isReduceOnly, origin: origin)
        body.owner = owner
        body.timeToLiveMilliseconds = timeToLive
        return bench.command(request, .orderPlace, body.body)
    }

    /// The owner's lease, as Redis tells of it.
    private func held(_ fence: Int64 = 7, for milliseconds: Int64 = 3_000) -> GatewayEvent {
        .ownerRead(lease: "allocation", .held(fence: fence, left: .milliseconds(milliseconds)))
    }

    /// A desk with one order at rest, placed with these terms.
    private func resting(
        _ bench: inout DeskBench, owner: OrderOwner? = TenureTests.owner, timeToLive: Int64? = nil
    ) {
        bench.give(placing(bench, "r1", owner: owner, timeToLive: timeToLive))
        if owner != nil { bench.give(held()) }
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        bench.give(.intentReplied(DeskBench.id("r1"), .saved))
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        bench.give(.user(.order(OrderUpdate(order: DeskBench.order("r1", .new), execution: .new))))
        #expect(bench.desk.workingOrders.map(\.name) == [.open])
    }

    private func cancelled(_ request: String) -> CancelOutcome {
        .accepted(DeskBench.order(request, .canceled))
    }

    // MARK: placing

    @Test("the terms are in the record before the order leaves, and the lease was read before that")
    func recorded() {
        var bench = DeskBench.ready
        let asked = bench.give(placing(bench, "r1", timeToLive: 8_000))
        #expect(asked == ["read owner allocation", "facts"])
        bench.give(held())
        #expect(bench.give(.factsRead(DeskBench.id("r1"), bench.facts)) == ["intent intent under 3"])
        guard case .saveIntent(let record, _)? = bench.actions.first else {
            Issue.record("no intent is saved")
            return
        }
        #expect(record.terms?.owner == TenureTests.owner)
        #expect(record.terms?.expiresMilliseconds == bench.wall.milliseconds + 8_000)
    }

    @Test(
        "an order whose owner is gone, superseded or cannot be read is refused, and never sent",
        arguments: [
            OwnerReading.free, .held(fence: 8, left: .seconds(3)), .held(fence: 6, left: .seconds(3)),
            .failed,
        ])
    func refused(_ reading: OwnerReading) {
        var bench = DeskBench.ready
        bench.give(placing(bench, "r1"))
        var lines = bench.give(.ownerRead(lease: "allocation", reading))
        lines += bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        #expect(lines == ["reply r1 owner_gone"])
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("half of an owner, a lease of no name and a time out of range are malformed")
    func malformed() {
        var bench = DeskBench.ready
        guard case .command(var command) = placing(bench, "r1", timeToLive: 5) else { return }
        let bodies: [(String, String?)] = [
            ("owner_fence", nil), ("owner", nil), ("owner", "a b"), ("owner_fence", "0"),
            ("owner_fence", "x"), ("ttl_ms", "0"), ("ttl_ms", "-5"), ("ttl_ms", "86400001"),
            ("ttl_ms", "1.5"),
        ]
        for (name, value) in bodies {
            let whole = command
            command.body[name] = value
            #expect(bench.give(.command(command)) == ["reply r1 malformed"], "\(name)=\(value ?? "")")
            command = whole
        }
        #expect(bench.desk.tenures.isEmpty)
    }

    @Test("an order without terms asks for no lease, wakes nobody, and its record has no more fields")
    func unused() {
        var bench = DeskBench.ready
        #expect(bench.give(bench.placing("r1")) == ["facts"])
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        guard case .saveIntent(let record, _)? = bench.actions.first else { return }
        #expect(!record.fields.contains { ["owner", "owner_fence", "expires_ms"].contains($0.0) })
        #expect(bench.desk.tenures.lookAt == nil && bench.desk.tenures.isEmpty)
    }

    // MARK: ending

    @Test("a time to live that runs out cancels, and says so in the record")
    func expired() {
        var bench = DeskBench.ready
        resting(&bench, owner: nil, timeToLive: 8_000)
        #expect(bench.wait(.milliseconds(7_999)).isEmpty)
        #expect(bench.wait(.milliseconds(1)) == ["cancel", "save pending_cancel"])
        _ = bench.saveAll()
        let ended = bench.give(.cancelAnswered(DeskBench.id("r1"), cancelled("r1")))
        #expect(ended.contains("save cancelled done"))
        guard case .saveOrder(let record, _, _, _)? = bench.actions.first else { return }
        #expect(record.reason == "cancelled: its time to live (ttl_ms) ran out")
        // Nothing failed: a repeat of the request that placed it is no refusal.
        #expect(record.code.isEmpty)
    }

    @Test("as long as the owner renews its lease nothing happens; once it is gone, all is cancelled")
    func lapsed() {
        var bench = DeskBench.ready
        resting(&bench)
        for _ in 0..<20 {
            #expect(bench.wait(.seconds(1)) == ["read owner allocation"])
            #expect(bench.give(held()).isEmpty)
        }
        _ = bench.wait(.seconds(1))
        let ended = bench.give(.ownerRead(lease: "allocation", .free))
        #expect(ended == ["alert owner_gone", "cancel", "save pending_cancel"])
    }

    @Test("P1 P2: a lease that another has taken since is not the owner's any more")
    func superseded() {
        var bench = DeskBench.ready
        resting(&bench)
        #expect(bench.give(held(8)).contains("cancel"))
    }

    @Test("B7c: Redis away, an owner whose lease must have lapsed is taken to be gone; times go on")
    func away() {
        var bench = DeskBench.ready
        resting(&bench)
        bench.give(.redisDown)
        #expect(bench.desk.isAlone)
        #expect(bench.wait(.milliseconds(2_900)).isEmpty)
        #expect(bench.wait(.milliseconds(100)) == ["alert owner_gone", "cancel"])
        var timed = DeskBench.ready
        resting(&timed, owner: nil, timeToLive: 5_000)
        timed.give(.redisDown)
        #expect(timed.wait(.seconds(5)) == ["cancel"])
    }

    @Test("an owner whose lease Redis will not tell of is taken to be gone when it must have lapsed")
    func unreadable() {
        var bench = DeskBench.ready
        resting(&bench)
        for _ in 0..<2 {
            #expect(bench.wait(.seconds(1)) == ["read owner allocation"])
            #expect(bench.give(.ownerRead(lease: "allocation", .failed)).isEmpty)
        }
        #expect(bench.wait(.seconds(1)).contains("cancel"))
        // One failure among good answers ends nothing.
        var other = DeskBench.ready
        resting(&other)
        other.give(.ownerRead(lease: "allocation", .failed))
        other.give(held())
        #expect(!other.wait(.seconds(30)).contains("cancel"))
    }

    @Test("P2: a gateway that was stopped past the end of a lease it had read asks before it cancels")
    func slept() {
        var bench = DeskBench.ready
        resting(&bench)
        #expect(bench.wait(.seconds(30)) == ["read owner allocation"])
        #expect(bench.give(held()).isEmpty)
        #expect(bench.desk.workingOrders.map(\.name) == [.open])
    }

    @Test("a short outage of Redis ends no order of an owner that is still there after it")
    func shortOutage() {
        var bench = DeskBench.ready
        resting(&bench)
        bench.give(.redisDown)
        #expect(bench.wait(.seconds(1)).isEmpty)
        bench.give(.redisUp)
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record(of: bench)]
        let lines =
            bench.give(.loaded(generation: bench.desk.generation, snapshot)) + bench.wait(.seconds(1))
        #expect(lines.contains("read owner allocation"))
        #expect(bench.give(held()).isEmpty)
        #expect(bench.desk.workingOrders.map(\.name) == [.open])
    }

    @Test("C1 C5: a cancel that the venue refuses is tried again until the order is gone")
    func stubborn() {
        var bench = DeskBench.ready
        resting(&bench, owner: nil, timeToLive: 1_000)
        #expect(bench.wait(.seconds(1)).contains("cancel"))
        _ = bench.saveAll()
        bench.give(.cancelAnswered(DeskBench.id("r1"), .rejected(code: -1008, "overloaded")))
        _ = bench.saveAll()
        #expect(bench.wait(.seconds(1)).contains("cancel"))
        _ = bench.saveAll()
        bench.give(.cancelAnswered(DeskBench.id("r1"), cancelled("r1")))
        _ = bench.saveAll()
        #expect(bench.desk.workingOrders.isEmpty)
        _ = bench.wait(.seconds(5))
        #expect(bench.desk.tenures.isEmpty && bench.desk.tenures.lookAt == nil)
    }

    @Test("an order whose time is over while it waits for its turn is not sent")
    func lateToSend() {
        var bench = DeskBench.ready
        bench.give(placing(bench, "r1", owner: nil, timeToLive: 100))
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        #expect(bench.desk.sendBy(DeskBench.id("r1")) == bench.now + .milliseconds(100))
        bench.pass(.milliseconds(101))
        let lines = bench.give(.intentReplied(DeskBench.id("r1"), .saved))
        #expect(!lines.contains { $0.hasPrefix("send") } && lines.contains("reply r1 deadline_passed"))
    }

    @Test("S2: an order whose fate is unknown when its owner dies is cancelled, and never sent again")
    func unknown() {
        var bench = DeskBench.ready
        bench.give(placing(bench, "r1"))
        bench.give(held())
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        bench.give(.intentReplied(DeskBench.id("r1"), .saved))
        bench.give(.sendAnswered(DeskBench.id("r1"), .unknown("timeout")))
        let lines = bench.give(.ownerRead(lease: "allocation", .free))
        #expect(lines.contains("cancel") && !lines.contains { $0.hasPrefix("send") })
    }

    @Test("C6: an order of another owner, of a later life, or of nobody stays")
    func others() {
        var bench = DeskBench.ready
        resting(&bench)
        let other = OrderOwner(lease: "other", fence: 2)
        bench.give(placing(bench, "r2", owner: other))
        bench.give(.ownerRead(lease: "other", .held(fence: 2, left: .seconds(60))))
        for request in ["r2", "r3"] {
            if request == "r3" { bench.give(bench.placing(request)) }
            bench.give(.factsRead(DeskBench.id(request), bench.facts))
            bench.give(.intentReplied(DeskBench.id(request), .saved))
            bench.give(
                .sendAnswered(
                    DeskBench.id(request),
                    .accepted(DeskBench.order(request, .new, orderID: request == "r2" ? 10 : 11))))
        }
        bench.give(.ownerRead(lease: "allocation", .free))
        let names = bench.desk.workingOrders.map { ($0.intent.clientOrderID, $0.name) }
        #expect(names.first { $0.0 == DeskBench.id("r1") }?.1 == .pendingCancel)
        #expect(names.filter { $0.0 != DeskBench.id("r1") }.allSatisfy { $0.1 == .open })
    }

    // MARK: taking over

    private func record(of bench: DeskBench) -> OrderRecord {
        guard let order = bench.desk.orders[DeskBench.id("r1")] else { preconditionFailure("it rests") }
        let record = order.record(writer: "order-gateway:bench", wall: bench.wall)
        // As Redis gives it back.
        let fields = Dictionary(record.fields) { _, last in last }
        guard let read = try? OrderRecord(fields: fields) else { preconditionFailure("readable") }
        return read
    }

    /// A gateway that takes over what another left, a while later.
    private func successor(_ record: OrderRecord, after pause: Interval) -> (DeskBench, [String]) {
        var bench = DeskBench()
        bench.pass(pause)
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 4))
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record]
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        let listed = bench.give(
            .openOrdersAnswered(
                generation: bench.desk.generation, [DeskBench.order("r1", .new)]))
        return (bench, listed + bench.wait(.zero))
    }

    @Test("B7a: the gateway dies, and its owner too: the next one finds the terms in Redis and cancels")
    func bothDie() {
        var first = DeskBench.ready
        resting(&first, timeToLive: 60_000)
        var (bench, lines) = successor(record(of: first), after: .seconds(5))
        #expect(lines.contains("read owner allocation") && !lines.contains("cancel"))
        lines = bench.give(.ownerRead(lease: "allocation", .free))
        #expect(lines.contains("cancel"))
    }

    @Test("B7a: the gateway was away past the order's time: it is cancelled as soon as it is known again")
    func diedPastTime() {
        var first = DeskBench.ready
        resting(&first, owner: nil, timeToLive: 8_000)
        let (_, lines) = successor(record(of: first), after: .seconds(30))
        #expect(lines.contains("cancel"))
    }

    @Test("C5: a gateway that dies between its cancel and the answer leaves a successor that cancels anew")
    func diedCancelling() {
        var first = DeskBench.ready
        resting(&first, owner: nil, timeToLive: 8_000)
        #expect(first.wait(.seconds(8)).contains("cancel"))
        let left = record(of: first)
        #expect(left.status == "pending_cancel")
        let (_, lines) = successor(left, after: .seconds(10))
        #expect(lines.contains("cancel"))
    }

    @Test("B7a: the gateway dies, its owner lives: the order goes on to its time")
    func ownerLives() {
        var first = DeskBench.ready
        resting(&first, timeToLive: 60_000)
        var (bench, lines) = successor(record(of: first), after: .seconds(5))
        #expect(bench.give(held()).isEmpty && !lines.contains("cancel"))
        for _ in 0..<54 {
            lines = bench.wait(.seconds(1))
            #expect(lines.contains("read owner allocation") && !lines.contains("cancel"))
            bench.give(held())
        }
        #expect(bench.wait(.seconds(1)).contains("cancel"))
    }

    @Test("I5: a wall clock set back while no gateway ran lengthens no order's life beyond what it was given")
    func clockSetBack() {
        var first = DeskBench.ready
        resting(&first, owner: nil, timeToLive: 8_000)
        let record = record(of: first)
        var bench = DeskBench()
        bench.wall = bench.wall - .seconds(3_600)
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 4))
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record]
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        bench.give(
            .openOrdersAnswered(generation: bench.desk.generation, [DeskBench.order("r1", .new)]))
        #expect(bench.wait(.seconds(8)).contains("cancel"))
    }

    @Test("S3 P3: Redis has lost the record of an allocator's order, and its terms: it is cancelled")
    func recordLost() {
        for origin in [OrderOrigin.allocator, .manual] {
            var bench = DeskBench.ready
            bench.desk.verified = []
            let id = ClientOrderID.derive(
                account: DeskBench.code, origin: origin, intent: "lost")
            var order = DeskBench.order("lost", .new)
            order.clientOrderID = id.text
            bench.give(bench.placing("r1"))
            bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
            bench.give(
                .recentOrdersAnswered(
                    DeskBench.symbol, generation: bench.desk.generation, [order]))
            var lines = bench.give(.orderRead(id, .missing))
            lines += bench.wait(.zero)
            #expect(lines.contains("cancel") == (origin == .allocator), "\(origin): \(lines)")
        }
    }

    @Test("S8: an order on record, listed by the venue and not among the open ones, keeps its terms")
    func unlisted() {
        var first = DeskBench.ready
        resting(&first, owner: nil, timeToLive: 8_000)
        let record = record(of: first)
        var bench = DeskBench()
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 4))
        bench.give(.loaded(generation: bench.desk.generation, DeskBench.snapshot))
        bench.give(.streamOpened)
        let listed = bench.give(
            .openOrdersAnswered(generation: bench.desk.generation, [DeskBench.order("r1", .new)]))
        #expect(listed.contains("read order"))
        bench.give(.orderRead(DeskBench.id("r1"), .found(record)))
        bench.give(
            .orderAnswered(
                DeskBench.id("r1"), askedAt: bench.now, .found(DeskBench.order("r1", .new))))
        #expect(bench.wait(.seconds(8)).contains("cancel"))
    }

    @Test("C3: an order in another's place has the same owner and what is left of its time")
    func replaced() {
        var bench = DeskBench.ready(for: .binanceSpot)
        var body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .limit,
            quantity: .whole(2), price: .whole(100))
        body.owner = TenureTests.owner
        body.timeToLiveMilliseconds = 10_000
        bench.pass(.seconds(4))
        var old = WorkingOrder(
            OrderLifecycle(
                OrderIntent(
                    clientOrderID: DeskBench.id("r1"), account: body.account, symbol: body.symbol,
                    side: .buy, type: .limit, timeInForce: .goodTillCancel, quantity: .whole(2),
                    price: .whole(100), isReduceOnly: false)),
            request: "r1", intentMilliseconds: bench.wall.milliseconds - 4_000)
        old.terms = OrderTerms(
            owner: TenureTests.owner, expiresMilliseconds: bench.wall.milliseconds + 6_000)
        var next = body
        next.owner = nil
        next.timeToLiveMilliseconds = nil
        bench.desk.passTerms(of: old, to: &next, Turn(now: bench.now, wall: bench.wall))
        #expect(next.owner == TenureTests.owner && next.timeToLiveMilliseconds == 6_000)
    }
}

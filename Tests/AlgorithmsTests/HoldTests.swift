import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

/// Waiting: for the fate of orders after a restart, for Redis, and after refusals.
@Suite struct HoldTests {
    private func calm() -> SimulatedDesk.Faults {
        .init(refuse: 0, unknown: 0, stale: 0, cancelRefused: 0, venueEnds: 0)
    }

    private func stage(_ kind: AlgoKind, _ more: [String: String] = [:]) throws -> Stage {
        try Stage(kind, ["side": "BUY", "qty": "1.5"].merging(more) { $1 }, seed: 1, faults: calm())
    }

    private func actions(
        _ stage: inout Stage, _ body: (inout AlgoMachine, Instant, inout [AlgoAction]) -> Void
    ) -> [AlgoAction] {
        var actions: [AlgoAction] = []
        body(&stage.machine, stage.now, &actions)
        return actions
    }

    private func tick(_ stage: inout Stage, _ bid: String = "50000") -> [AlgoAction] {
        actions(&stage) {
            $0.ticked(bid: p(bid), ask: p(bid) + btc.tick, now: $1, &$2)
        }
    }

    private func rest(_ stage: inout Stage) {
        _ = tick(&stage)
        let child = stage.machine.book.children[0]
        _ = actions(&stage) {
            $0.reported(
                ChildReport(number: child.number, stage: .working, price: child.price), now: $1, &$2)
        }
    }

    private func restored(_ stage: Stage) throws -> AlgoMachine {
        try AlgoMachine(
            restoring: stage.machine.stateText(now: stage.now), id: stage.machine.id,
            parameters: stage.machine.parameters, rules: btc, venue: AlgoVenue(),
            downtime: .seconds(1), now: stage.now)
    }

    @Test("B7a: restored, it decides nothing before it is released, whatever it is told meanwhile")
    func recovery() throws {
        var stage = try stage(.chase)
        rest(&stage)
        stage.machine = try restored(stage)
        let over = ChildReport(number: 1, stage: .over(nil), executed: q("0.5"), notional: m("25000"))
        #expect(actions(&stage) { $0.reported(over, now: $1, &$2) } == [])
        #expect(tick(&stage) == [])
        #expect(
            actions(&stage) { $0.stopRequested(.stopped, isFlattening: true, now: $1, &$2) } == [])
        #expect(stage.machine.status == .ending)
        let released = actions(&stage) { $0.released(now: $1, &$2) }
        guard case .place(let child) = released.first, released.count == 1 else {
            Issue.record("what was filled is closed once it is known: \(released)")
            return
        }
        #expect(child.side == .sell && child.quantity == q("0.5") && child.isReduceOnly)
    }

    @Test("B7c: still being recovered it takes back what would open once nothing can be saved for 2 s")
    func recoveryUnsaved() throws {
        for isReduceOnly in [false, true] {
            var stage = try stage(.chase, isReduceOnly ? ["reduce_only": "1"] : [:])
            rest(&stage)
            stage.machine = try restored(stage)
            stage.machine.storageLost(since: stage.now)
            #expect(stage.machine.isUnsaved && stage.machine.wakeAt == stage.now + .seconds(2))
            #expect(tick(&stage) == [], "its patience is not over")
            stage.now = stage.now + .seconds(2)
            let taken = actions(&stage) { $0.deadlineReached(now: $1, &$2) }
            #expect(taken == (isReduceOnly ? [] : [.cancel(1)]))
            // Stopped meanwhile it does not end before the fate of its orders is known.
            let over = ChildReport(number: 1, stage: .over(nil))
            _ = actions(&stage) { $0.reported(over, now: $1, &$2) }
            _ = actions(&stage) { $0.stopRequested(.stopped, isFlattening: false, now: $1, &$2) }
            #expect(stage.machine.status == .ending)
            stage.machine.storageReturned()
            #expect(!stage.machine.isUnsaved)
            _ = actions(&stage) { $0.released(now: $1, &$2) }
            #expect(stage.machine.status == .done)
        }
    }

    @Test("restored after its time, it does not end for want of a price: the rest waits for one")
    func unpriced() throws {
        var stage = try stage(.chase, ["duration_s": "10", "finish": "market"])
        rest(&stage)
        stage.machine = try restored(stage)
        stage.now = stage.now + .seconds(20)
        let over = ChildReport(number: 1, stage: .over(nil))
        _ = actions(&stage) { $0.reported(over, now: $1, &$2) }
        #expect(actions(&stage) { $0.released(now: $1, &$2) } == [])
        #expect(stage.machine.status == .ending, "1.5 are not traded yet")
        guard case .place(let child) = tick(&stage).first else {
            Issue.record("the first price lets it trade the rest")
            return
        }
        #expect(child.type == .market && child.quantity == q("1.5"))
    }

    @Test("B7c: with nothing to save to it places nothing, and goes on after")
    func storage() throws {
        var stage = try stage(.chase)
        rest(&stage)
        stage.machine.storageLost(since: stage.now)
        #expect(actions(&stage) { $0.deadlineReached(now: $1, &$2) } == [])
        let over = ChildReport(number: 1, stage: .over(nil))
        #expect(actions(&stage) { $0.reported(over, now: $1, &$2) } == [])
        stage.now = stage.now + .seconds(1)
        #expect(tick(&stage, "50001") == [])
        guard case .place(let child) = actions(&stage, { $0.released(now: $1, &$2) }).first else {
            Issue.record("it goes on when it is released")
            return
        }
        #expect(child.number == 2 && child.price == p("50001"))
    }

    @Test("B7c: what reduces is left resting meanwhile; a stop ends it all the same")
    func reducing() throws {
        var stage = try stage(.chase, ["reduce_only": "1"])
        rest(&stage)
        stage.machine.storageLost(since: stage.now)
        stage.now = stage.now + .seconds(60)
        #expect(actions(&stage) { $0.deadlineReached(now: $1, &$2) } == [])
        #expect(
            actions(&stage) { $0.stopRequested(.stopped, isFlattening: false, now: $1, &$2) }
                == [.cancel(1)])
        _ = actions(&stage) { $0.reported(ChildReport(number: 1, stage: .over(nil)), now: $1, &$2) }
        #expect(stage.machine.status == .done && stage.machine.reason == "stopped")
    }

    @Test("refused as the desk cannot take orders, it tries ever more seldom, and never gives up")
    func waits() throws {
        var stage = try stage(.chase)
        var placed: [Interval] = []
        let start = stage.now
        for _ in 0..<2_400 {
            var wanted = tick(&stage)
            if stage.now >= stage.machine.wakeAt {
                wanted += actions(&stage) { $0.deadlineReached(now: $1, &$2) }
            }
            for case .place(let child) in wanted {
                placed.append(stage.now - start)
                _ = actions(&stage) {
                    $0.reported(
                        ChildReport(number: child.number, stage: .over(.priceStale)), now: $1, &$2)
                }
            }
            stage.now = stage.now + .milliseconds(50)
        }
        let pauses = zip(placed, placed.dropFirst()).map { ($1 - $0).milliseconds }
        #expect(pauses.prefix(6) == [250, 500, 1_000, 2_000, 4_000, 8_000])
        #expect(pauses.dropFirst(6).allSatisfy { $0 == 8_000 } && placed.count < 25)
        #expect(stage.machine.status == .running)
    }

    @Test("many orders refused at once count as one refusal")
    func together() throws {
        var stage = try Stage(
            .scalper, ["qty": "3", "layers": "12", "base_bps": "1", "max_bps": "30"], seed: 1,
            faults: calm())
        let placed = tick(&stage)
        #expect(placed.count == 24)
        for case .place(let child) in placed {
            _ = actions(&stage) {
                $0.reported(
                    ChildReport(number: child.number, stage: .over(.venueRejected)), now: $1, &$2)
            }
        }
        #expect(stage.machine.status == .running, "\(stage.machine.reason)")
    }

    @Test("a cancel that was refused is not repeated before its pause is over")
    func cancels() throws {
        var stage = try stage(.chase)
        rest(&stage)
        #expect(actions(&stage) { $0.pauseRequested("x", now: $1, &$2) } == [.cancel(1)])
        _ = actions(&stage) { $0.cancelRefused(1, now: $1, &$2) }
        let working = ChildReport(number: 1, stage: .working, price: p("50000"))
        #expect(actions(&stage) { $0.reported(working, now: $1, &$2) } == [])
        #expect(stage.machine.wakeAt == stage.now + .milliseconds(250))
        stage.now = stage.machine.wakeAt
        #expect(actions(&stage) { $0.deadlineReached(now: $1, &$2) } == [.cancel(1)])
    }

    @Test("C3: rungs found again after the rest has become one lot count towards that lot")
    func merged() throws {
        var stage = try Stage(
            .scale,
            [
                "side": "BUY", "qty": "0.9", "from": "49900", "to": "49800", "orders": "3",
                "skew": "0.5", "duration_s": "60", "finish": "market",
            ], seed: 1, faults: calm())
        _ = tick(&stage)
        stage.machine = try restored(stage)
        // Redis had forgotten that the time was over, and the market order for the rest.
        let found = FoundOrder(
            number: 4, lot: 0, side: .buy, type: .market, timeInForce: .goodTillCancel,
            quantity: q("0.1"), price: nil, isReduceOnly: false)
        _ = actions(&stage) { $0.found(found, now: $1, &$2) }
        for (number, size) in [(3, "0.45"), (2, "0.3"), (1, "0.05"), (4, "0.1")] as [(Int64, String)] {
            _ = actions(&stage) {
                $0.reported(
                    ChildReport(
                        number: number, stage: .over(nil), executed: q(size),
                        notional: p("49850").times(q(size), .down)), now: $1, &$2)
            }
        }
        #expect(stage.machine.book.lots == [Allotment(total: q("0.9"), filled: q("0.9"))])
        _ = actions(&stage) { $0.released(now: $1, &$2) }
        _ = tick(&stage)
        #expect(stage.machine.status == .done && stage.machine.reason == "filled")
    }

    @Test("a state of version 1 is read, unless it was closing: those orders had other names")
    func versions() throws {
        var stage = try stage(.chase)
        rest(&stage)
        let text = stage.machine.stateText(now: stage.now)
        let older = "{\"v\":1," + text.dropFirst("{\"v\":2,".count)
        func read(_ text: String) throws -> AlgoMachine {
            try AlgoMachine(
                restoring: text, id: stage.machine.id, parameters: stage.machine.parameters,
                rules: btc, venue: AlgoVenue(), downtime: .seconds(1), now: stage.now)
        }
        #expect(try read(older).book.children.count == 1)
        let over = ChildReport(number: 1, stage: .over(nil), executed: q("0.5"), notional: m("25000"))
        _ = actions(&stage) { $0.stopRequested(.stopped, isFlattening: true, now: $1, &$2) }
        _ = actions(&stage) { $0.reported(over, now: $1, &$2) }
        let closing = stage.machine.stateText(now: stage.now)
        #expect(try read(closing).closingLot == 1)
        #expect(throws: AlgoStateProblem.self) {
            try read("{\"v\":1," + closing.dropFirst("{\"v\":2,".count))
        }
    }
}

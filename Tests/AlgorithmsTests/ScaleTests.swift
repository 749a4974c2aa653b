import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

@Suite struct ScaleTests {
    private func stage(_ more: [String: String] = [:]) throws -> Stage {
        var given = [
            "side": "BUY", "qty": "0.9", "from": "49900", "to": "49800", "orders": "3",
            "skew": "0.5",
        ]
        given.merge(more) { _, new in new }
        return try Stage(.scale, given, seed: 1)
    }

    private func tick(_ stage: inout Stage, _ bid: String, _ ask: String) -> [ChildOrder] {
        var actions: [AlgoAction] = []
        stage.machine.ticked(bid: p(bid), ask: p(ask), now: stage.now, &actions)
        return actions.compactMap { if case .place(let child) = $0 { child } else { nil } }
    }

    private func report(_ stage: inout Stage, _ report: ChildReport) -> [AlgoAction] {
        var actions: [AlgoAction] = []
        stage.machine.reported(report, now: stage.now, &actions)
        return actions
    }

    @Test("the whole ladder is placed at once, sizes by skew, and prices over the range")
    func ladder() throws {
        var stage = try stage()
        let children = tick(&stage, "50000", "50000.1")
        #expect(children.map(\.price) == [p("49900"), p("49850"), p("49800")])
        #expect(children.map(\.quantity) == [q("0.15"), q("0.3"), q("0.45")])
        #expect(tick(&stage, "50001", "50001.1") == [], "the price moves nothing of it")
    }

    @Test("partial success: a rung refused for good is given up and told, the others are filled")
    func partial() throws {
        var stage = try stage()
        _ = tick(&stage, "50000", "50000.1")
        _ = report(&stage, ChildReport(number: 2, stage: .over(.notionalTooSmall)))
        for (number, size) in [(1, "0.15"), (3, "0.45")] as [(Int64, String)] {
            let notional = p("49850").times(q(size), .down)
            _ = report(
                &stage,
                ChildReport(
                    number: number, stage: .over(nil), executed: q(size), notional: notional))
        }
        #expect(stage.machine.status == .done && stage.machine.reason == "partly_filled")
        #expect(stage.machine.rungs.map(\.code) == ["", "notional_too_small", ""])
    }

    @Test("a reduce-only ladder with nothing to reduce ends as such; with a part, its rungs rest on")
    func reducing() throws {
        var empty = try stage(["reduce_only": "1"])
        for child in tick(&empty, "50000", "50000.1") {
            let refused = ChildReport(
                number: child.number, stage: .over(.reduceOnlyWouldIncrease), admitted: .zero)
            #expect(report(&empty, refused) == [])
        }
        #expect(empty.machine.status == .done && empty.machine.reason == "nothing_to_reduce")
        #expect(empty.machine.detail.hasPrefix("0.9 is left"), "\(empty.machine.detail)")

        var stage = try stage(["reduce_only": "1"])
        let children = tick(&stage, "50000", "50000.1")
        for child in children.prefix(2) {
            #expect(report(&stage, ChildReport(number: child.number, stage: .working)) == [])
        }
        let refused = ChildReport(
            number: 3, stage: .over(.reduceOnlyWouldIncrease), admitted: q("0.2"))
        #expect(report(&stage, refused) == [])
        stage.now = stage.now + .seconds(1)
        let part = tick(&stage, "50001", "50001.1")
        var actions: [AlgoAction] = []
        stage.machine.deadlineReached(now: stage.now, &actions)
        for case .place(let child) in actions { #expect(child.quantity == q("0.2")) }
        #expect(part.count + actions.count == 1 && stage.machine.book.children.count == 3)
        #expect(stage.machine.status == .running)
        let last = ChildReport(
            number: 4, stage: .over(.reduceOnlyWouldIncrease), admitted: .zero)
        #expect(report(&stage, last) == [])
        for (number, size) in [(1, "0.15"), (2, "0.3")] as [(Int64, String)] {
            _ = report(
                &stage,
                ChildReport(
                    number: number, stage: .over(nil), executed: q(size), notional: m("1")))
        }
        #expect(stage.machine.status == .done && stage.machine.reason == "partly_filled")
        #expect(stage.machine.detail.hasPrefix("0.45 is left"), "\(stage.machine.detail)")
    }

    @Test("a post-only rung that would take waits until it would not")
    func waits() throws {
        var stage = try stage()
        #expect(tick(&stage, "49840", "49840.1").map(\.price) == [p("49800")])
        #expect(tick(&stage, "49870", "49870.1").map(\.price) == [p("49850")])
        #expect(tick(&stage, "49900", "49900.1").map(\.price) == [p("49900")])
    }

    @Test("when the time is over the rest of all rungs is traded at once, as one")
    func finishes() throws {
        var stage = try stage(["duration_s": "10", "finish": "market"])
        _ = tick(&stage, "50000", "50000.1")
        for number in 1...3 as ClosedRange<Int64> {
            _ = report(&stage, ChildReport(number: number, stage: .working))
        }
        stage.now = stage.now + .seconds(10)
        var actions: [AlgoAction] = []
        stage.machine.deadlineReached(now: stage.now, &actions)
        #expect(actions == [.cancel(1), .cancel(2), .cancel(3)])
        _ = report(
            &stage,
            ChildReport(number: 1, stage: .over(nil), executed: q("0.05"), notional: m("2495")))
        _ = report(&stage, ChildReport(number: 2, stage: .over(nil)))
        actions = report(&stage, ChildReport(number: 3, stage: .over(nil)))
        guard case .place(let rest) = actions.first else {
            Issue.record("the rest is traded: \(actions)")
            return
        }
        #expect(rest.quantity == q("0.85") && rest.type == .market)
    }
}

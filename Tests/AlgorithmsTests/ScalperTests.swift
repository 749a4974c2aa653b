import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

@Suite struct ScalperTests {
    private func stage(_ more: [String: String] = [:]) throws -> Stage {
        var given = [
            "qty": "0.3", "layers": "2", "legs": "long", "base_bps": "10", "max_bps": "20",
            "backoff_ms": "1000", "requote_bps": "1", "reprice_ms": "100",
        ]
        given.merge(more) { _, new in new }
        return try Stage(.scalper, given, seed: 1)
    }

    private func tick(_ stage: inout Stage, _ bid: String, _ ask: String) -> [AlgoAction] {
        var actions: [AlgoAction] = []
        stage.machine.ticked(bid: p(bid), ask: p(ask), now: stage.now, &actions)
        return actions
    }

    private func report(_ stage: inout Stage, _ report: ChildReport) -> [AlgoAction] {
        var actions: [AlgoAction] = []
        stage.machine.reported(report, now: stage.now, &actions)
        return actions
    }

    private func filled(
        _ stage: inout Stage, _ child: ChildOrder, at price: String
    ) -> [AlgoAction] {
        let notional = p(price).times(child.quantity, .nearestEven)
        return report(
            &stage,
            ChildReport(
                number: child.number, stage: .over(nil), price: p(price),
                executed: child.quantity, notional: notional))
    }

    private func placed(_ actions: [AlgoAction]) -> [ChildOrder] {
        actions.compactMap { if case .place(let child) = $0 { child } else { nil } }
    }

    @Test("all layers of both legs are placed at once, at their distances, post-only (B2a)")
    func layers() throws {
        var stage = try stage(["legs": "both"])
        let children = placed(tick(&stage, "49999.9", "50000.1"))
        #expect(children.map(\.price) == [p("49950"), p("49900"), p("50050"), p("50100")])
        #expect(children.map(\.quantity) == Array(repeating: q("0.15"), count: 4))
        #expect(children.allSatisfy { $0.timeInForce == .postOnly && !$0.isReduceOnly })
    }

    @Test("a filled slot closes with a reduce-only order, and its side waits before it opens again (B8c)")
    func round() throws {
        var stage = try stage()
        let first = placed(tick(&stage, "49999.9", "50000.1"))[0]
        let close = placed(filled(&stage, first, at: "49950"))
        #expect(close.count == 1 && close[0].side == .sell && close[0].isReduceOnly)
        #expect(close[0].price == p("50050") && close[0].quantity == q("0.15"))
        #expect(placed(filled(&stage, close[0], at: "50050")) == [], "it waits")
        #expect(stage.machine.slots[0].realised == m("15") && stage.machine.slots[0].rounds == 1)
        #expect(stage.machine.wakeAt == stage.now + .seconds(1))
        stage.now = stage.now + .seconds(1)
        var actions: [AlgoAction] = []
        stage.machine.deadlineReached(now: stage.now, &actions)
        #expect(placed(actions).map(\.price) == [p("49950")])
    }

    @Test("the wait doubles with each fill up to 16 times, and shrinks when it was quiet (B8c)")
    func backoff() throws {
        var stage = try stage(["max_fills": "0"])
        var waits: [Int64] = []
        var child = placed(tick(&stage, "49999.9", "50000.1"))[0]
        for _ in 0..<7 {
            let close = placed(filled(&stage, child, at: "49950"))[0]
            waits.append((stage.machine.slots[0].waitUntil - stage.now).milliseconds)
            _ = filled(&stage, close, at: "50050")
            stage.now = stage.machine.slots[0].waitUntil
            var actions = tick(&stage, "49999.9", "50000.1")
            stage.machine.deadlineReached(now: stage.now, &actions)
            child = placed(actions)[0]
        }
        #expect(waits == [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000])
        stage.now = stage.now + .seconds(200)
        _ = filled(&stage, child, at: "49950")
        #expect((stage.machine.slots[0].waitUntil - stage.now).milliseconds == 1_000)
    }

    @Test("B2d: above the fills admitted in a minute the slot pauses for the cooldown")
    func burst() throws {
        var stage = try stage(["max_fills": "2", "cooldown_s": "90", "backoff_ms": "0"])
        var child = placed(tick(&stage, "49999.9", "50000.1"))[0]
        for round in 1...3 {
            let actions = filled(&stage, child, at: "49950")
            let close = placed(actions)[0]
            let next = placed(filled(&stage, close, at: "50050"))
            #expect(next.count == (round < 3 ? 1 : 0), "round \(round)")
            if round < 3 { child = next[0] }
        }
        #expect(stage.machine.slots[0].pausedUntil == stage.now + .seconds(90))
    }

    @Test("B8d: the average of what rounds brought decays by 0.85, and widens a losing slot when told to")
    func adapts() throws {
        var stage = try stage(["adaptive": "1", "backoff_ms": "0", "max_fills": "0"])
        var child = placed(tick(&stage, "49999.9", "50000.1"))[0]
        var close = placed(filled(&stage, child, at: "49950"))[0]
        child = placed(filled(&stage, close, at: "49850"))[0]
        #expect(stage.machine.slots[0].realised == m("-15"))
        #expect(stage.machine.slots[0].average == m("-2.25"))
        #expect(stage.machine.slots[0].width == Ratio(text: "1.1")!)
        close = placed(filled(&stage, child, at: "49950"))[0]
        _ = filled(&stage, close, at: "50350")
        #expect(stage.machine.slots[0].average == m("7.0875"))
        #expect(stage.machine.slots[0].width == Ratio(text: "1.045")!)
    }

    @Test("B8e: a slot whose close would lose more than is allowed holds, and closes when it would not")
    func holds() throws {
        var stage = try stage(["max_loss_bps": "30", "legs": "long"])
        let first = placed(tick(&stage, "49999.9", "50000.1"))[0]
        let close = placed(filled(&stage, first, at: "49950"))[0]
        _ = report(&stage, ChildReport(number: close.number, stage: .working, price: p("50050")))
        stage.now = stage.now + .seconds(1)
        let actions = tick(&stage, "49699.9", "49700.1")
        #expect(actions.contains(.cancel(close.number)) && stage.machine.slots[0].isHolding)
        _ = report(&stage, ChildReport(number: close.number, stage: .over(nil)))
        stage.now = stage.now + .seconds(1)
        let again = placed(tick(&stage, "49899.9", "49900.1"))
        #expect(again.contains { $0.side == .sell && $0.quantity == q("0.15") })
        #expect(!stage.machine.slots[0].isHolding)
    }

    @Test("flattened in a book whose other algorithms hold the other side, it closes what it opened all the same")
    func sharedBook() throws {
        var stage = try stage(["legs": "both"])
        let first = placed(tick(&stage, "49999.9", "50000.1"))[2]
        #expect(first.side == .sell)
        _ = filled(&stage, first, at: "50050")
        var actions: [AlgoAction] = []
        stage.machine.stopRequested(.flattened, isFlattening: true, now: stage.now, &actions)
        var close: ChildOrder?
        for child in stage.machine.book.children {
            close = placed(report(&stage, ChildReport(number: child.number, stage: .over(nil)))).first
        }
        #expect(close?.side == .buy && close?.isReduceOnly == true && close?.quantity == q("0.15"))
        var again: [ChildOrder] = placed(
            report(
                &stage,
                ChildReport(
                    number: close?.number ?? 0, stage: .over(.reduceOnlyWouldIncrease))))
        stage.now = stage.now + .seconds(1)
        stage.machine.deadlineReached(now: stage.now, &actions)
        again += placed(actions)
        #expect(again.map(\.isReduceOnly) == [false] && again[0].quantity == q("0.15"))
        _ = filled(&stage, again[0], at: "50000")
        #expect(stage.machine.status == .done && stage.machine.progress.net.isZero)
    }

    @Test("own orders never cross: one leg waits until the other has moved out of its way")
    func crossing() throws {
        var stage = try stage(["legs": "both", "layers": "1", "base_bps": "1", "max_bps": "1"])
        let children = placed(tick(&stage, "49999.9", "50000.1"))
        for child in children {
            _ = report(
                &stage, ChildReport(number: child.number, stage: .working, price: child.price))
        }
        let sell = children.first { $0.side == .sell }!
        stage.now = stage.now + .seconds(1)
        let actions = tick(&stage, "50099.9", "50100.1")
        #expect(actions == [.amend(sell.number, price: p("50105.1"))], "the buy would meet the sell")
        let moved = report(
            &stage, ChildReport(number: sell.number, stage: .working, price: p("50105.1")))
        #expect(moved == [.amend(children.first { $0.side == .buy }!.number, price: p("50094.9"))])
    }
}

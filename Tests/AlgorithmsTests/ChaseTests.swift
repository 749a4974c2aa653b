import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

@Suite struct ChaseTests {
    private let texts = ["side": "BUY", "qty": "1.5"]

    private func calm() -> SimulatedDesk.Faults {
        .init(refuse: 0, unknown: 0, stale: 0, cancelRefused: 0, venueEnds: 0)
    }

    private func machine(_ more: [String: String] = [:], canAmend: Bool = true) throws -> Stage {
        var given = texts
        given.merge(more) { _, new in new }
        return try Stage(.chase, given, seed: 1, faults: calm(), canAmend: canAmend)
    }

    /// The machine's answer to a tick.
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

    @Test("the first price begins it with a post-only order of the whole at the best bid")
    func begins() throws {
        var stage = try machine()
        let actions = tick(&stage, "50000", "50000.2")
        guard case .place(let child) = actions.first, actions.count == 1 else {
            Issue.record("one order is placed: \(actions)")
            return
        }
        #expect(child.price == p("50000") && child.quantity == q("1.5") && child.number == 1)
        #expect(child.timeInForce == .postOnly && child.type == .limit && child.side == .buy)
        #expect(stage.machine.status == .running && stage.machine.progress.arrival == p("50000.1"))
        #expect(stage.machine.urgency == .now, "the order is saved before it is sent")
    }

    @Test("it is moved once the throttle allows it, to the newest price (B1d)")
    func follows() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .working, price: p("50000")))
        stage.now = stage.now + .milliseconds(100)
        #expect(tick(&stage, "50001", "50001.2") == [])
        #expect(tick(&stage, "50002", "50002.2") == [])
        #expect(stage.machine.wakeAt == stage.now + .milliseconds(400))
        stage.now = stage.machine.wakeAt
        var actions: [AlgoAction] = []
        stage.machine.deadlineReached(now: stage.now, &actions)
        #expect(actions == [.amend(1, price: p("50002"))])
        #expect(tick(&stage, "50003", "50003.2") == [], "one amendment at a time")
    }

    @Test("C3: after a partial fill the remainder is placed, never the original")
    func remainder() throws {
        var stage = try machine(canAmend: false)
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .working, price: p("50000")))
        stage.now = stage.now + .seconds(1)
        #expect(tick(&stage, "50001", "50001.2") == [.cancel(1)])
        let over = ChildReport(
            number: 1, stage: .over(nil), price: p("50000"), executed: q("0.4"),
            notional: m("20000"))
        guard case .place(let child) = report(&stage, over).first else {
            Issue.record("the rest is placed once the cancel's outcome is known")
            return
        }
        #expect(child.quantity == q("1.1") && child.price == p("50001") && child.number == 2)
    }

    @Test("C1, C2: no replacement while the cancel's outcome is not known, and none for what filled")
    func cancelOutcome() throws {
        var stage = try machine(canAmend: false)
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .working, price: p("50000")))
        stage.now = stage.now + .seconds(1)
        #expect(tick(&stage, "50001", "50001.2") == [.cancel(1)])
        #expect(report(&stage, ChildReport(number: 1, stage: .unknown)) == [])
        stage.now = stage.now + .seconds(30)
        #expect(tick(&stage, "50002", "50002.2") == [])
        let filled = ChildReport(
            number: 1, stage: .over(nil), executed: q("1.5"), notional: m("75000"))
        #expect(report(&stage, filled) == [])
        #expect(stage.machine.status == .done && stage.machine.reason == "filled")
    }

    @Test("F9: reports that come late or twice change nothing")
    func lateReports() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        let half = ChildReport(
            number: 1, stage: .working, price: p("50000"), executed: q("0.7"), notional: m("35000"))
        let less = ChildReport(
            number: 1, stage: .working, price: p("50000"), executed: q("0.2"), notional: m("10000"))
        for one in [half, less, half, less] { _ = report(&stage, one) }
        #expect(stage.machine.progress.bought == q("0.7"))
        #expect(stage.machine.progress.boughtFor == m("35000"))
    }

    @Test("out of range and out of time end it with their codes, and nothing is left resting")
    func ends() throws {
        var stage = try machine(["limit": "50005"])
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .working, price: p("50000")))
        #expect(tick(&stage, "50006", "50006.2") == [.cancel(1)])
        #expect(stage.machine.status == .ending)
        _ = report(&stage, ChildReport(number: 1, stage: .over(nil)))
        #expect(stage.machine.status == .done && stage.machine.reason == "out_of_range")

        stage = try machine(["duration_s": "10", "finish": "market"])
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .working, price: p("50000")))
        stage.now = stage.now + .seconds(10)
        var actions: [AlgoAction] = []
        stage.machine.deadlineReached(now: stage.now, &actions)
        #expect(actions == [.cancel(1)])
        actions = report(
            &stage,
            ChildReport(number: 1, stage: .over(nil), executed: q("0.5"), notional: m("25000")))
        guard case .place(let rest) = actions.first else {
            Issue.record("the rest is traded at once: \(actions)")
            return
        }
        #expect(rest.type == .market && rest.quantity == q("1"))
        _ = report(
            &stage,
            ChildReport(number: 2, stage: .over(nil), executed: q("1"), notional: m("50001")))
        #expect(stage.machine.status == .done && stage.machine.reason == "filled")
    }

    @Test("a refusal that a person has to see to pauses it; one that will not get better fails it")
    func refusals() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .over(.venueHalted)))
        #expect(stage.machine.status == .paused && stage.machine.reason == "venue_halted")
        stage.now = stage.now + .seconds(60)
        #expect(tick(&stage, "50001", "50001.2") == [])
        var actions: [AlgoAction] = []
        stage.machine.resumeRequested(now: stage.now, &actions)
        #expect(actions.count == 1 && stage.machine.status == .running)
        _ = report(&stage, ChildReport(number: 2, stage: .over(.priceOffTick)))
        #expect(stage.machine.status == .failed && stage.machine.reason == "price_off_tick")
    }

    @Test("refused again and again it pauses longer each time, and gives up to a person at last")
    func refusedTooOften() throws {
        var stage = try machine()
        var placed = 0
        for _ in 0..<4_000 where stage.machine.status != .paused {
            stage.now = stage.now + .milliseconds(50)
            var actions = tick(&stage, "50000", "50000.2")
            if stage.now >= stage.machine.wakeAt {
                stage.machine.deadlineReached(now: stage.now, &actions)
            }
            for case .place(let child) in actions {
                placed += 1
                _ = report(&stage, ChildReport(number: child.number, stage: .over(.venueRejected)))
            }
        }
        #expect(placed == AlgoMachine.Limits.refusals)
        #expect(stage.machine.reason == "refused_too_often")
        #expect(stage.machine.detail == "venue_rejected")
    }

    @Test("P6: stopped it takes back what rests and places nothing more; flattening closes what it filled")
    func stops() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(
            &stage,
            ChildReport(
                number: 1, stage: .working, price: p("50000"), executed: q("0.5"),
                notional: m("25000")))
        var actions: [AlgoAction] = []
        stage.machine.stopRequested(.stopped, isFlattening: true, now: stage.now, &actions)
        #expect(actions == [.cancel(1)])
        actions = report(
            &stage,
            ChildReport(number: 1, stage: .over(nil), executed: q("0.6"), notional: m("30000")))
        guard case .place(let close) = actions.first else {
            Issue.record("what was filled is closed: \(actions)")
            return
        }
        #expect(close.side == .sell && close.quantity == q("0.6") && close.isReduceOnly)
        #expect(close.type == .market)
        _ = report(
            &stage,
            ChildReport(number: 2, stage: .over(nil), executed: q("0.6"), notional: m("30001")))
        #expect(stage.machine.status == .done && stage.machine.progress.net.isZero)
    }

    @Test("flattened where the book holds nothing that its close would reduce, it fails and says what is left")
    func leftOver() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(
            &stage,
            ChildReport(number: 1, stage: .over(nil), executed: q("0.6"), notional: m("30000")))
        var actions: [AlgoAction] = []
        stage.machine.stopRequested(.flattened, isFlattening: true, now: stage.now, &actions)
        _ = report(&stage, ChildReport(number: 2, stage: .over(.cancelledBeforeSending)))
        stage.now = stage.now + .seconds(10)
        stage.machine.deadlineReached(now: stage.now, &actions)
        let close = stage.machine.book.children.first
        #expect(close?.isReduceOnly == true && close?.quantity == q("0.6"))
        let refused = ChildReport(
            number: close?.number ?? 0, stage: .over(.reduceOnlyWouldIncrease))
        #expect(report(&stage, refused) == [], "nothing is opened")
        #expect(stage.machine.status == .failed && stage.machine.reason == "nothing_to_reduce")
        #expect(stage.machine.detail.hasPrefix("0.6 is left"))
    }

    @Test("flattened where the book admits a part only, it closes that, fails, and says what is left")
    func partlyFlattened() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(
            &stage,
            ChildReport(number: 1, stage: .over(nil), executed: q("0.6"), notional: m("30000")))
        var actions: [AlgoAction] = []
        stage.machine.stopRequested(.flattened, isFlattening: true, now: stage.now, &actions)
        _ = report(&stage, ChildReport(number: 2, stage: .over(.cancelledBeforeSending)))
        func closing() -> ChildOrder? {
            stage.now = stage.now + .seconds(10)
            var actions: [AlgoAction] = []
            stage.machine.deadlineReached(now: stage.now, &actions)
            return stage.machine.book.children.first
        }
        func refuse(_ close: ChildOrder?, admitting part: String) {
            let refused = ChildReport(
                number: close?.number ?? 0, stage: .over(.reduceOnlyWouldIncrease),
                admitted: q(part))
            #expect(report(&stage, refused) == [], "it is not tried again at once")
        }
        let whole = closing()
        #expect(whole?.quantity == q("0.6"))
        refuse(whole, admitting: "0.25")
        let part = closing()
        #expect(part?.quantity == q("0.25") && part?.isReduceOnly == true && part?.side == .sell)
        _ = report(
            &stage,
            ChildReport(
                number: part?.number ?? 0, stage: .over(nil), executed: q("0.25"),
                notional: m("12500")))
        let rest = stage.machine.book.children.first ?? closing()
        #expect(rest?.quantity == q("0.35"), "the book may admit it by now")
        refuse(rest, admitting: "0")
        #expect(stage.machine.status == .failed && stage.machine.reason == "nothing_to_reduce")
        #expect(stage.machine.detail.hasPrefix("0.35 is left"), "\(stage.machine.detail)")
    }

    @Test("what was wrong with an order is forgotten once one works again")
    func detail() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        _ = report(&stage, ChildReport(number: 1, stage: .over(.priceStale)))
        #expect(stage.machine.detail == "price_stale")
        stage.now = stage.now + .seconds(1)
        _ = tick(&stage, "50001", "50001.2")
        _ = report(&stage, ChildReport(number: 2, stage: .working, price: p("50001")))
        #expect(stage.machine.detail.isEmpty)
    }

    @Test("a state of another version is refused with a sentence, never guessed")
    func versions() throws {
        let stage = try machine()
        let other = stage.savedText.replacing("\"v\":2", with: "\"v\":7")
        #expect(other != stage.savedText)
        for (text, word) in [(other, "version 7"), ("{", "JSON"), ("{\"v\":1}", "damaged")] {
            let error = #expect(throws: AlgoStateProblem.self) {
                try AlgoMachine(
                    restoring: text, id: "a", parameters: stage.machine.parameters, rules: btc,
                    venue: AlgoVenue(), downtime: .zero, now: stage.now)
            }
            #expect(error?.description.contains(word) == true)
        }
    }

    @Test("a fee in another asset counts once, at its worth where that is known, also over a restart")
    func otherFees() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        func filled(_ executed: String, _ notional: String, _ fee: String, _ price: String?) {
            _ = report(
                &stage,
                ChildReport(
                    number: 1, stage: .working, price: p("50000"), executed: q(executed),
                    notional: m(notional),
                    others: [OtherFee(asset: "BNB", amount: q(fee), price: price.map { p($0) })]))
        }
        filled("0.5", "25000", "0.02", nil)
        filled("0.5", "25000", "0.02", "600")
        filled("0.6", "30000", "0.03", "600")
        #expect(stage.machine.progress.otherFees == ["BNB": q("0.02")])
        #expect(stage.machine.progress.fees == m("6"))
        stage.machine = try AlgoMachine(
            restoring: stage.machine.stateText(now: stage.now), id: stage.machine.id,
            parameters: stage.machine.parameters, rules: btc, venue: AlgoVenue(), downtime: .zero,
            now: stage.now)
        filled("0.7", "35000", "0.035", nil)
        #expect(stage.machine.progress.otherFees == ["BNB": q("0.025")])
        #expect(stage.machine.progress.fees == m("6"))
    }

    @Test("fees of one order in two other assets are told both, each once, also over a restart")
    func twoOtherFees() throws {
        var stage = try machine()
        _ = tick(&stage, "50000", "50000.2")
        func filled(_ executed: String, _ fees: [String: String]) {
            let others = fees.sorted { $0.key < $1.key }.map {
                OtherFee(asset: $0.key, amount: q($0.value))
            }
            _ = report(
                &stage,
                ChildReport(
                    number: 1, stage: .working, price: p("50000"), executed: q(executed),
                    notional: m("25000"), others: others))
        }
        func restart(_ text: String) throws {
            stage.machine = try AlgoMachine(
                restoring: text, id: stage.machine.id, parameters: stage.machine.parameters,
                rules: btc, venue: AlgoVenue(), downtime: .zero, now: stage.now)
        }
        filled("0.5", ["BNB": "0.02"])
        // As an older build wrote it: of one asset, and without its name.
        let text = stage.machine.stateText(now: stage.now)
        let older = text.replacing(",\"others\":[[\"BNB\",\"0.02\"]]", with: "")
        #expect(older != text && older.contains("\"other\":\"0.02\"") && older.contains("\"v\":2"))
        try restart(older)
        filled("0.6", ["BNB": "0.03"])
        #expect(stage.machine.progress.otherFees == ["BNB": q("0.03")])
        filled("0.7", ["BNB": "0.03", "KCS": "5"])
        let both = stage.machine.stateText(now: stage.now)
        #expect(both.contains("\"v\":4"), "an older build would count what is counted again")
        try restart(both)
        filled("0.8", ["BNB": "0.03", "KCS": "7"])
        #expect(stage.machine.progress.otherFees == ["BNB": q("0.03"), "KCS": q("7")])
    }

    @Test("of more than its book holds a reduce-only one closes what there is, and says what is left")
    func reducing() throws {
        for isAmending in [true, false] {
            var stage = try machine(["reduce_only": "1", "side": "SELL"], canAmend: isAmending)
            func order(_ price: Int = 50_000) -> ChildOrder? {
                stage.now = stage.now + .seconds(10)
                _ = tick(&stage, "\(price)", "\(price).2")
                return stage.machine.book.children.first
            }
            func over(
                _ order: ChildOrder?, _ executed: String, _ refusal: RefusalCode? = nil,
                admitting part: String? = nil
            ) {
                _ = report(
                    &stage,
                    ChildReport(
                        number: order?.number ?? 0, stage: .over(refusal), executed: q(executed),
                        notional: m("1"), admitted: part.map { q($0) }))
            }
            let whole = order()
            #expect(whole?.quantity == q("1.5") && whole?.isReduceOnly == true)
            over(whole, "0", .reduceOnlyWouldIncrease, admitting: "0.4")
            var part = order()
            #expect(part?.quantity == q("0.4") && stage.machine.status == .running)
            let number = part?.number ?? 0
            _ = report(
                &stage,
                ChildReport(
                    number: number, stage: .working, price: part?.price, executed: q("0.1"),
                    notional: m("1")))
            part = order(50_001)
            if !isAmending {
                // Replaced, it is what is left of that.
                over(part, "0.1")
                part = order(50_001)
                #expect(part?.quantity == q("0.3") && part?.number == number + 1)
            }
            over(part, isAmending ? "0.4" : "0.3")
            let rest = stage.machine.book.children.first ?? order()
            #expect(rest?.quantity == q("1.1"), "the book may hold more by now")
            over(rest, "0", .reduceOnlyWouldIncrease, admitting: "0")
            #expect(stage.machine.status == .done && stage.machine.reason == "nothing_to_reduce")
            #expect(stage.machine.detail.hasPrefix("1.1 is left"), "\(stage.machine.detail)")
        }
    }

    @Test("read back, a state is the same state, with what was open in doubt")
    func roundTrip() throws {
        var stage = try Stage(.chase, ["side": "SELL", "qty": "2"], seed: 3)
        stage.run(steps: 40)
        stage.save()
        let again = try AlgoMachine(
            restoring: stage.savedText, id: stage.machine.id,
            parameters: stage.machine.parameters, rules: btc, venue: AlgoVenue(), downtime: .zero,
            now: stage.now)
        #expect(again.progress == stage.machine.progress && again.status == stage.machine.status)
        #expect(again.book.lots == stage.machine.book.lots)
        #expect(again.book.children.allSatisfy { $0.phase == .unknown })
        #expect(again.stateText(now: stage.now) == stage.savedText)
    }
}

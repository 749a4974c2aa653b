import Chronology
import Margin
import Testing
import Trading

private let bitcoin = Symbol("BTCUSDT")!
private let ether = Symbol("ETHUSDT")!

@Suite("B5b: deleverage")
struct DeleverageTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func view(_ marginRatio: String, _ positions: DeleveragePosition...) -> DeleverageView {
        DeleverageView(marginRatio: ratio(marginRatio), positions: positions)
    }
    private func held(_ symbol: Symbol, _ size: String, _ maintenance: String)
        -> DeleveragePosition
    {
        DeleveragePosition(
            symbol: symbol, quantity: quantity(size), maintenance: money(maintenance),
            step: quantity("0.001"), minimum: quantity("0.001"))
    }

    /// Saves and sends what was decided; what goes out.
    private func sent(
        _ machine: inout Deleverage, _ view: DeleverageView, _ now: Instant
    ) -> DeleverageStep? {
        guard machine.evaluated(view, now: now) == .save, machine.phase == .saving,
            case .send(let step) = machine.saved(now: now)
        else { return nil }
        return step
    }

    @Test(
        "each tier closes its share of the largest position by maintenance",
        arguments: [("0.9", "1.5"), ("0.925", "2.5"), ("0.95", "5"), ("1", "5")])
    func tiers(marginRatio: String, closed: String) {
        var machine = Deleverage()
        let step = sent(
            &machine, view(marginRatio, held(bitcoin, "9", "10"), held(ether, "-5", "11")), start)
        #expect(step?.symbol == ether)
        #expect(step?.side == .buy)
        #expect(step?.quantity == quantity(closed))
        #expect(step?.number == 1)
        #expect(step?.held == quantity("-5"))
        #expect(step?.marginRatio == ratio(marginRatio))
    }

    @Test("a calm account is left alone")
    func calm() {
        var machine = Deleverage()
        #expect(machine.evaluated(view("0.8999", held(bitcoin, "1", "1")), now: start) == .nothing)
        #expect(machine.step == nil)
    }

    @Test("one step at a time: nothing is decided before the last is answered and counted")
    func oneAtATime() {
        var machine = Deleverage()
        let before = view("0.9", held(bitcoin, "1", "10"))
        #expect(sent(&machine, before, start)?.quantity == quantity("0.3"))
        #expect(machine.evaluated(view("0.99", held(bitcoin, "1", "10")), now: start) == .nothing)
        let answer = machine.answered(1, .ended(executed: quantity("0.3")), now: start)
        #expect(answer == .save)
        // Answered, and the evaluation still shows what was held before.
        #expect(machine.evaluated(before, now: start + .seconds(1)) == .nothing)
        let after = view("0.91", held(bitcoin, "0.7", "7"))
        let next = sent(&machine, after, start + .seconds(1))
        #expect(next?.quantity == quantity("0.21"))
        #expect(next?.number == 2)
    }

    @Test("a partial fill is counted as far as it went, and the next step takes the rest into view")
    func partialFill() {
        var machine = Deleverage()
        _ = sent(&machine, view("0.925", held(bitcoin, "1", "10")), start)
        _ = machine.answered(1, .ended(executed: quantity("0.2")), now: start)
        let next = sent(&machine, view("0.925", held(bitcoin, "0.8", "8")), start)
        #expect(next?.quantity == quantity("0.4"))
    }

    @Test("trades that are never counted hold the next step up for 5 s, not for ever")
    func neverCounted() {
        var machine = Deleverage()
        let before = view("0.9", held(bitcoin, "1", "10"))
        _ = sent(&machine, before, start)
        _ = machine.answered(1, .ended(executed: quantity("0.3")), now: start)
        #expect(machine.evaluated(before, now: start + .seconds(5)) == .nothing)
        #expect(sent(&machine, before, start + .milliseconds(5_001))?.number == 2)
    }

    @Test("R7: a refused close waits, longer each time, and the next largest takes its place")
    func refused() {
        var machine = Deleverage()
        let both = view("0.95", held(bitcoin, "1", "10"), held(ether, "1", "5"))
        #expect(sent(&machine, both, start)?.symbol == bitcoin)
        #expect(machine.answered(1, .rejected(code: "-2022"), now: start) == .save)
        #expect(sent(&machine, both, start)?.symbol == ether)
        _ = machine.answered(2, .rejected(code: "-2022"), now: start)
        #expect(machine.evaluated(both, now: start) == .stuck(.third))
        #expect(machine.evaluated(both, now: start + .seconds(4)) == .nothing)
        #expect(sent(&machine, both, start + .seconds(6))?.symbol == bitcoin)
        _ = machine.answered(3, .rejected(code: "-2022"), now: start + .seconds(6))
        let only = view("0.95", held(bitcoin, "1", "10"))
        #expect(machine.evaluated(only, now: start + .seconds(15)) == .stuck(.third))
        #expect(sent(&machine, only, start + .seconds(17))?.number == 4)
    }

    @Test("an order that ended without a trade counts as refused")
    func nothingTraded() {
        var machine = Deleverage()
        let one = view("0.95", held(bitcoin, "1", "10"))
        _ = sent(&machine, one, start)
        _ = machine.answered(1, .ended(executed: .zero), now: start)
        #expect(machine.evaluated(one, now: start) == .stuck(.third))
    }

    @Test("S2: an unknown outcome repeats the same step under the same number, never a new one")
    func unknown() {
        var machine = Deleverage()
        let one = view("0.95", held(bitcoin, "1", "10"))
        let first = sent(&machine, one, start)
        #expect(machine.answered(1, .unknown, now: start) == .nothing)
        #expect(machine.timePassed(now: start + .seconds(6)) == .nothing)
        let again = machine.timePassed(now: start + .milliseconds(6_001))
        #expect(again == first.map { .send($0) })
        #expect(machine.evaluated(one, now: start + .seconds(7)) == .nothing)
    }

    @Test("an answer about another step changes nothing")
    func foreignAnswer() {
        var machine = Deleverage()
        _ = sent(&machine, view("0.95", held(bitcoin, "1", "10")), start)
        let before = machine
        #expect(machine.answered(7, .ended(executed: .one), now: start) == .nothing)
        #expect(machine == before)
    }

    @Test("from the third tier on all is closed, though the ratio falls meanwhile")
    func closesAll() {
        var machine = Deleverage()
        _ = sent(
            &machine, view("0.95", held(bitcoin, "1", "10"), held(ether, "1", "5")), start)
        _ = machine.answered(1, .ended(executed: .one), now: start)
        let next = sent(&machine, view("0.4", held(ether, "1", "5")), start)
        #expect(next?.symbol == ether && next?.quantity == .one)
        _ = machine.answered(2, .ended(executed: .one), now: start)
        #expect(machine.evaluated(view("0"), now: start) == .save)
        #expect(!machine.closesAll)
        // What is opened afterwards is not closed for it.
        #expect(machine.evaluated(view("0.4", held(ether, "1", "5")), now: start) == .nothing)
    }

    @Test(
        "a restart goes on with the saved step, sent or not, and does not decide another",
        arguments: [Deleverage.Phase.saving, .sent])
    func restart(phase: Deleverage.Phase) {
        var machine = Deleverage()
        let one = view("0.95", held(bitcoin, "1", "10"))
        let step = sent(&machine, one, start)
        var again = Deleverage(restoring: step, phase: phase, closesAll: true)
        #expect(again.evaluated(one, now: start) == step.map { .send($0) })
        #expect(again.answered(1, .ended(executed: .one), now: start) == .save)
        #expect(again.evaluated(view("0"), now: start) == .save)
    }

    @Test("a save that is not answered is made again")
    func saveLost() {
        var machine = Deleverage()
        #expect(machine.evaluated(view("0.9", held(bitcoin, "1", "1")), now: start) == .save)
        #expect(machine.timePassed(now: start + .seconds(3)) == .nothing)
        #expect(machine.timePassed(now: start + .seconds(7)) == .save)
    }

    @Test(
        "R8, R9: what is sent fits the exchange's rules, and dust is not tried",
        arguments: [
            // held, minimum, maximum, share's tier, sent
            ("0.0057", "0.001", "0", "0.9", "0.002"), ("0.0057", "0.001", "0", "0.95", "0.005"),
            ("0.0014", "0.001", "0", "0.9", "0.001"), ("0.0009", "0.001", "0", "0.95", ""),
            ("9", "0.001", "4", "0.95", "4"), ("3", "2", "0", "0.9", "3"),
            ("0.0004", "0", "0", "0.95", ""),
        ])
    func rules(size: String, minimum: String, maximum: String, ratio: String, closed: String) {
        var machine = Deleverage()
        var position = held(bitcoin, size, "1")
        position.minimum = quantity(minimum)
        position.maximum = quantity(maximum)
        let step = sent(&machine, view(ratio, position), start)
        #expect(step?.quantity.text ?? "" == closed)
    }
}

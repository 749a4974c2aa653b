import Chronology
import Margin
import Testing
import Trading

@Suite("B5e: breakers")
struct BreakerTests {
    private let limits = BreakerLimits(
        dailyLoss: ratio("0.1"), drawdown: ratio("0.2"), rejectsPerMinute: 3)
    private let noon = WallTime(milliseconds: 20_000 * 86_400_000 + 43_200_000)

    private func trips(
        _ breakers: inout Breakers, _ equity: String, deposits: String = "1000", _ wall: WallTime
    ) -> [Breaker] {
        breakers.evaluated(
            equity: money(equity), deposits: money(deposits), limits: limits, wall: wall
        ).map(\.breaker)
    }

    @Test("a day's loss trips once, and again only on another day")
    func dailyLoss() {
        var breakers = Breakers()
        #expect(trips(&breakers, "1000", noon).isEmpty)
        #expect(trips(&breakers, "901", noon + .seconds(1)).isEmpty)
        #expect(trips(&breakers, "900", noon + .seconds(2)) == [.dailyLoss])
        #expect(trips(&breakers, "890", noon + .seconds(3)).isEmpty)
        #expect(trips(&breakers, "880", noon + .seconds(86_400)).isEmpty)
        #expect(trips(&breakers, "792", noon + .seconds(86_401)) == [.dailyLoss, .drawdown])
    }

    @Test("a drawdown is counted from the highest, over days, and anew from where it tripped")
    func drawdown() {
        var breakers = Breakers()
        #expect(trips(&breakers, "1000", noon).isEmpty)
        #expect(trips(&breakers, "2000", noon + .seconds(1)).isEmpty)
        let later = noon + .seconds(86_400)
        #expect(trips(&breakers, "1801", later).isEmpty)
        #expect(trips(&breakers, "1650", later + .seconds(1)).isEmpty)
        #expect(trips(&breakers, "1600", later + .seconds(2)) == [.dailyLoss, .drawdown])
        #expect(trips(&breakers, "1500", later + .seconds(3)).isEmpty)
        #expect(trips(&breakers, "1280", later + .seconds(4)) == [.drawdown])
    }

    @Test("money put in or taken out is neither gain nor loss")
    func deposits() {
        var breakers = Breakers()
        #expect(trips(&breakers, "1000", noon).isEmpty)
        #expect(trips(&breakers, "200", deposits: "200", noon + .seconds(1)).isEmpty)
        #expect(trips(&breakers, "5000", deposits: "5000", noon + .seconds(2)).isEmpty)
        #expect(trips(&breakers, "4500", deposits: "5000", noon + .seconds(3)) == [.dailyLoss])
    }

    @Test("R10: what is saved is what a restart goes on with")
    func restart() {
        var breakers = Breakers()
        #expect(trips(&breakers, "1000", noon).isEmpty)
        var again = Breakers(breakers.state)
        #expect(trips(&again, "900", noon + .seconds(1)) == [.dailyLoss])
        var third = Breakers(again.state)
        #expect(trips(&third, "899", noon + .seconds(2)).isEmpty)
    }

    @Test("an account that lost everything and more trips, whatever the share")
    func nothingLeft() {
        var breakers = Breakers()
        #expect(trips(&breakers, "1000", noon).isEmpty)
        #expect(trips(&breakers, "-500", noon + .seconds(1)) == [.dailyLoss, .drawdown])
    }

    @Test("rejects within a minute trip, once a minute; slower ones never")
    func rejects() {
        var breakers = Breakers()
        let start = Instant(nanoseconds: 0)
        for step in 0..<20 {
            let trip = breakers.orderRejected(
                limits: limits, now: start + .seconds(Int64(step) * 30))
            #expect(trip == nil)
        }
        let later = start + .seconds(10_000)
        let found = (0..<90).map { step in
            breakers.orderRejected(limits: limits, now: later + .seconds(Int64(step))) != nil
        }
        #expect(found.indices.filter { found[$0] } == [2, 62])
    }

    @Test("zero switches a breaker off")
    func off() {
        var breakers = Breakers()
        let none = BreakerLimits()
        _ = breakers.evaluated(
            equity: money("1000"), deposits: money("1000"), limits: none, wall: noon)
        #expect(
            breakers.evaluated(
                equity: money("1"), deposits: money("1000"), limits: none, wall: noon
            ).isEmpty)
        for _ in 0..<100 {
            #expect(breakers.orderRejected(limits: none, now: Instant(nanoseconds: 0)) == nil)
        }
    }
}

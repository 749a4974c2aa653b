import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Candles and open interest over a restart") struct CandleMemoryTests {
    /// Candles up to a time, those that are being built too unless told otherwise.
    private func told(_ fixture: DeskFixture, to: Int64, closed: Bool = false) -> [String] {
        let market = fixture.desk.markets[0]
        var lines: [String] = []
        for interval in [CandleInterval.oneMinute, .fifteenMinutes, .oneHour, .oneDay] {
            func add<Row>(_ candles: [Row], _ opening: (Row) -> Int64) {
                lines += candles.filter { !closed || interval.next(after: opening($0)) <= to + 1 }
                    .map { "\($0)" }
            }
            add(market.candles(interval, to: to, limit: 40, at: to)) { $0.openTime }
            add(market.markCandles(interval, to: to, limit: 40, at: to)) { $0.openTime }
            add(market.indexCandles(interval, to: to, limit: 40, at: to)) { $0.openTime }
            add(market.premiumCandles(interval, to: to, limit: 40, at: to)) { $0.openTime }
        }
        return lines
    }

    /// The first line that differs.
    private func difference(_ mine: [String], _ theirs: [String]) -> String? {
        if mine.count != theirs.count { return "\(mine.count) lines, not \(theirs.count)" }
        return zip(mine, theirs).first { $0 != $1 }.map { "\($0) is not \($1)" }
    }

    private func lived() -> (fixture: DeskFixture, journal: [UInt8]) {
        let fixture = DeskFixture(background: true) {
            $0.listings = Array($0.listings.prefix(1))
        }
        var journal = fixture.desk.startJournal()
        for _ in 0..<40 {
            fixture.run(milliseconds: 10_000)
            journal += fixture.desk.takeJournal()
        }
        // Into a minute: of one that is being built ten seconds may be missing.
        fixture.run(milliseconds: 15_000)
        journal += fixture.desk.takeJournal()
        return (fixture, journal)
    }

    private func restored(_ journal: [UInt8], _ old: DeskFixture) throws -> DeskFixture {
        let fixture = DeskFixture(background: true) {
            $0.listings = Array($0.listings.prefix(1))
        }
        fixture.wall = old.wall
        _ = try FuturesVenue(fixture.desk).restore(journal)
        return fixture
    }

    @Test("Candles of before a restart are what they were: trades', mark, index, premium, the past")
    func same() throws {
        let (fixture, journal) = lived()
        let minute = fixture.wall.milliseconds / 60_000 * 60_000
        let before = told(fixture, to: minute - 1, closed: true)
        #expect(before.count > 300)
        // Stopped in order, nothing is missing: neither of the day so far.
        let stopped = try restored(fixture.desk.startJournal(), fixture)
        stopped.run(milliseconds: 100)
        let whole = told(fixture, to: minute - 1)
        #expect(difference(told(stopped, to: minute - 1), whole) == nil)
        let other = try restored(journal, fixture)
        let third = try restored(other.desk.startJournal(), fixture)
        for copy in [other, third] {
            #expect(difference(told(copy, to: minute - 1, closed: true), before) == nil)
            copy.run(milliseconds: 200)
            #expect(difference(told(copy, to: minute - 1, closed: true), before) == nil)
        }
        // What stood still is flat, and what comes is new.
        third.wall = third.wall + .seconds(600)
        third.run(milliseconds: 70_000)
        #expect(difference(told(third, to: minute - 1, closed: true), before) == nil)
        let gap = third.desk.markets[0].candles(
            .oneMinute, from: minute + 120_000, limit: 1, at: third.wall.milliseconds)
        #expect(gap.first?.tradeCount == 0)
        let now = third.desk.markets[0].candles(.oneMinute, limit: 2, at: third.wall.milliseconds)
        #expect(now.contains { $0.tradeCount > 0 })
    }

    @Test("The minute that was being built when the process was killed goes on")
    func unfinished() throws {
        let fixture = DeskFixture(background: true) {
            $0.listings = Array($0.listings.prefix(1))
        }
        fixture.wall = WallTime(milliseconds: 1_760_000_000_000 / 60_000 * 60_000 + 20_000)
        var journal = fixture.desk.startJournal()
        fixture.run(milliseconds: 25_000)
        journal += fixture.desk.takeJournal()
        let old = try #require(
            fixture.desk.markets[0].candle(.oneMinute, at: fixture.wall.milliseconds))
        let other = try restored(journal, fixture)
        other.run(milliseconds: 5_000)
        let new = try #require(
            other.desk.markets[0].candle(.oneMinute, at: other.wall.milliseconds))
        // Up to ten seconds may be missing of a market without accounts.
        #expect(new.open == old.open && new.tradeCount > old.tradeCount / 2)
        #expect(new.openTime == old.openTime)
    }

    @Test("Open interest that was sampled is still listed")
    func interest() throws {
        let (fixture, journal) = lived()
        let path = "/futures/data/openInterestHist"
        let query = "symbol=BTCUSDT&period=5m"
        let before = fixture.call("GET", path, query: query).text
        #expect(before.contains("sumOpenInterest"))
        let other = try restored(journal, fixture)
        let third = try restored(other.desk.startJournal(), fixture)
        for copy in [other, third] {
            #expect(copy.call("GET", path, query: query).text == before)
        }
    }
}

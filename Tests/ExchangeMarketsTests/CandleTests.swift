import Bounded
import Chronology
import ExchangeMarkets
import Testing
import Trading

@Suite("Candles, statistics and prints") struct CandleTests {
    private func quiet() -> FloorFixture {
        FloorFixture {
            $0.hasBackground = false
            $0.hasHistory = false
            $0.keepsSeconds = true
        }
    }

    @Test("Intervals open where venues open them: weeks on Monday, months on the first")
    func openings() {
        let wall: Int64 = 1_795_178_096_789
        let expected: [(CandleInterval, Int64)] = [
            (.oneSecond, 1_795_178_096_000), (.oneMinute, 1_795_178_040_000),
            (.fourHours, 1_795_176_000_000), (.oneDay, 1_795_132_800_000),
            (.oneWeek, 1_794_787_200_000), (.oneMonth, 1_793_491_200_000),
        ]
        for (interval, opening) in expected {
            #expect(interval.opening(at: wall) == opening, "\(interval.rawValue)")
            #expect(interval.opening(at: opening) == opening, "\(interval.rawValue)")
            #expect(interval.opening(at: opening - 1) < opening, "\(interval.rawValue)")
            #expect(interval.opening(at: interval.next(after: opening)) > opening)
        }
        #expect(CandleInterval.oneMonth.next(after: 1_793_491_200_000) == 1_796_083_200_000)
        #expect(!CandleInterval.futures.contains(.oneSecond))
    }

    @Test("Every interval's candles are what the prints in them add up to, without gaps (invariant 5)")
    func slowTwin() {
        for seed in UInt64(1)...6 {
            var random = SplitMix64(seed: seed)
            var fixture = quiet()
            fixture.run(.milliseconds(1))
            for _ in 0..<400 {
                let waits: [Int64] = [10, 900, 40_000, 700_000, 9_000_000]
                let wait = waits.randomElement(using: &random)!
                fixture.now = fixture.now + .milliseconds(Int64.random(in: 0...wait, using: &random))
                let ticks = Int64.random(in: 649_000...651_000, using: &random)
                fixture.trade(
                    Quantity(units: Int128.random(in: 1...9_999, using: &random) * 1_000_000_000),
                    at: Price(units: Int128(ticks) * 100_000_000_000),
                    taker: Bool.random(using: &random) ? .buy : .sell)
            }
            for interval in CandleInterval.allCases {
                check(fixture, interval, "seed \(seed), \(interval.rawValue)")
            }
        }
    }

    private func check(_ fixture: FloorFixture, _ interval: CandleInterval, _ name: String) {
        let market = fixture.floor.markets[0]
        let candles = market.candles(interval, limit: 500, at: fixture.wall)
        #expect(!candles.isEmpty, "\(name)")
        for candle in candles {
            let inside = fixture.prints.filter {
                $0.timeMilliseconds >= candle.openTime && $0.timeMilliseconds <= candle.closeTime
            }
            let before = fixture.prints.last { $0.timeMilliseconds < candle.openTime }?.price
            let still = before ?? .whole(65_000)
            // A market without a past knows of a longer candle what it has seen.
            let fits =
                candle.tradeCount == Int64(inside.count)
                && candle.open == (inside.first?.price ?? still)
                && candle.close == (inside.last?.price ?? still)
                && candle.high == (inside.map(\.price).max() ?? still)
                && candle.low == (inside.map(\.price).min() ?? still)
                && candle.volume == inside.reduce(.zero) { $0 + $1.quantity }
                && candle.quoteVolume
                    == inside.reduce(.zero) { $0 + $1.price.times($1.quantity, .down) }
                && candle.takerVolume
                    == inside.filter { !$0.isBuyerMaker }.reduce(.zero) { $0 + $1.quantity }
                && candle.firstTradeID == (inside.first?.id ?? -1)
                && candle.lastTradeID == (inside.last?.id ?? -1)
            guard fits else {
                Issue.record("\(name): \(candle) is not what traded")
                return
            }
        }
        for (one, next) in zip(candles, candles.dropFirst()) {
            #expect(next.openTime == one.closeTime + 1, "\(name)")
        }
    }

    @Test("The day's statistics and the five-minute average are what the prints add up to")
    func statistics() {
        var random = SplitMix64(seed: 9)
        var fixture = quiet()
        fixture.run(.milliseconds(1))
        for _ in 0..<300 {
            fixture.now = fixture.now + .milliseconds(Int64.random(in: 0...900_000, using: &random))
            fixture.trade(
                .whole(Int64.random(in: 1...9, using: &random)),
                at: .whole(Int64.random(in: 64_000...66_000, using: &random)), taker: .buy)
        }
        let day = fixture.floor.statistics(0, at: fixture.wall)
        let from = (fixture.wall - 86_400_000) / 60_000 * 60_000 + 60_000
        let inside = fixture.prints.filter { $0.timeMilliseconds >= from }
        #expect(day.count == Int64(inside.count))
        #expect(day.high == inside.map(\.price).max())
        #expect(day.low == inside.map(\.price).min())
        #expect(day.last == inside.last?.price)
        #expect(day.lastQuantity == inside.last?.quantity)
        #expect(day.firstTradeID == inside.first?.id)
        #expect(day.lastTradeID == inside.last?.id)
        #expect(day.volume == inside.reduce(.zero) { $0 + $1.quantity })
        #expect(day.closeTime - day.openTime == 86_400_000)
        fixture.now = fixture.now + .seconds(90_000)
        let still = fixture.floor.statistics(0, at: fixture.wall)
        #expect(still.count == 0 && still.volume.isZero && still.open == still.last)
        #expect(fixture.floor.markets[0].averagePrice(at: fixture.wall) == day.last)
        fixture.trade(.whole(1), at: .whole(100), taker: .buy)
        fixture.trade(.whole(3), at: .whole(200), taker: .buy)
        #expect(fixture.floor.markets[0].averagePrice(at: fixture.wall) == .whole(175))
    }

    @Test("The last 1,000 prints are kept, and found by id")
    func recentTrades() {
        var fixture = quiet()
        for _ in 0..<1_200 { fixture.trade(.one, at: .whole(65_000), taker: .sell) }
        let market = fixture.floor.markets[0]
        let all = market.recentTrades(limit: 5_000)
        #expect(all.count == 1_000)
        #expect(all == Array(fixture.prints.suffix(1_000)))
        #expect(market.recentTrades(limit: 3) == Array(fixture.prints.suffix(3)))
        #expect(market.trades(fromID: all[10].id, limit: 2) == Array(all[10...11]))
        #expect(market.trades(fromID: 0, limit: 1) == [all[0]])
        #expect(market.trades(fromID: all[999].id + 1, limit: 5).isEmpty)
    }

    @Test("Aggregates join prints of one price and side, and are found by id and time")
    func aggregates() {
        var fixture = quiet()
        fixture.run(.milliseconds(1))
        for price in [65_000, 65_000, 65_001, 65_001] as [Int64] {
            fixture.trade(.one, at: .whole(price), taker: .buy)
        }
        fixture.run(.milliseconds(200))
        let market = fixture.floor.markets[0]
        let found = market.recentAggregates(limit: 10)
        #expect(found.map(\.quantity) == [.whole(2), .whole(2)])
        #expect(found.allSatisfy { $0.lastTradeID == $0.firstTradeID + 1 && !$0.isBuyerMaker })
        #expect(market.aggregates(fromID: found[1].id, limit: 10) == [found[1]])
        #expect(market.aggregates(from: fixture.wall, to: fixture.wall + 1, limit: 10).isEmpty)
        #expect(market.aggregates(from: 0, to: fixture.wall, limit: 1) == [found[0]])
    }

    @Test("A long silence is filled with flat candles, and the ring does not grow beyond its limit")
    func silence() {
        var fixture = quiet()
        fixture.trade(.one, at: .whole(65_000), taker: .buy)
        fixture.now = fixture.now + .seconds(40 * 86_400)
        fixture.trade(.one, at: .whole(65_100), taker: .buy)
        let candles = fixture.floor.markets[0].candles(.oneMinute, limit: 5_000, at: fixture.wall)
        #expect(candles.count == 1_500)
        #expect(candles.dropLast().allSatisfy { $0.volume.isZero && $0.close == .whole(65_000) })
        let days = fixture.floor.markets[0].candles(.oneDay, limit: 100, at: fixture.wall)
        #expect(days.count == 41)
        #expect(days.first?.tradeCount == 1 && days.last?.tradeCount == 1)
    }
}

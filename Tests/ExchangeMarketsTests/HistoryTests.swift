import Chronology
import ExchangeMarkets
import Matching
import Testing
import Trading

@Suite("The past of a market that opens") struct HistoryTests {
    private static let listings = Array(Listing.standard.prefix(4))

    private func opened(seed: UInt64 = 7) -> FloorFixture {
        var fixture = FloorFixture(Self.listings) { $0.seed = seed }
        fixture.run(.milliseconds(10))
        return fixture
    }

    @Test("There are as many candles of every interval as a venue lists, on the grid, ending now")
    func everyInterval() {
        let fixture = opened()
        for market in fixture.floor.markets {
            // In a debug build the long ones take a while: one market shows them.
            let isFirst = market.number == 0
            for interval in CandleInterval.futures where interval != .oneMonth {
                if !isFirst, interval.length > 3_600_000 { continue }
                let wanted = interval == .oneWeek ? 100 : interval == .threeDays ? 200 : 500
                let candles = market.candles(interval, limit: wanted, at: fixture.wall)
                #expect(candles.count == wanted, "\(market.symbol) \(interval.rawValue)")
                #expect(candles.last?.openTime == interval.opening(at: fixture.wall))
                for (one, next) in zip(candles, candles.dropFirst()) {
                    #expect(next.openTime == one.closeTime + 1)
                    #expect(one.low <= min(one.open, one.close))
                    #expect(one.high >= max(one.open, one.close))
                    #expect(one.low.isPositive && one.volume.isPositive)
                    #expect(one.close.isMultiple(of: market.listing.instrument.tick))
                    #expect(one.takerVolume <= one.volume)
                }
            }
            if isFirst {
                #expect(market.candles(.oneMonth, limit: 500, at: fixture.wall).count >= 23)
            }
        }
    }

    @Test("Longer candles are made of the shorter ones, also across the opening")
    func consistent() {
        var fixture = opened()
        fixture.run(.seconds(400))
        for market in fixture.floor.markets {
            let minutes = market.candles(.oneMinute, limit: 1_500, at: fixture.wall)
            for interval in [CandleInterval.fiveMinutes, .fifteenMinutes, .oneHour, .fourHours] {
                for candle in market.candles(interval, limit: 5, at: fixture.wall) {
                    let parts = minutes.filter {
                        $0.openTime >= candle.openTime && $0.openTime <= candle.closeTime
                    }
                    #expect(candle.open == parts.first?.open, "\(interval.rawValue)")
                    #expect(candle.close == parts.last?.close, "\(interval.rawValue)")
                    #expect(candle.high == parts.map(\.high).max())
                    #expect(candle.low == parts.map(\.low).min())
                    #expect(candle.volume == parts.reduce(.zero) { $0 + $1.volume })
                    #expect(candle.tradeCount == parts.reduce(0) { $0 + $1.tradeCount })
                }
            }
        }
    }

    @Test("It ends at the opening price, and has a day's statistics and prints")
    func ends() {
        let fixture = opened()
        for market in fixture.floor.markets {
            let minutes = market.candles(.oneMinute, limit: 2, at: fixture.wall)
            #expect(minutes.first?.close == market.listing.anchor)
            let day = market.statistics(at: fixture.wall)
            #expect(day.count > 20_000 && day.volume.isPositive && day.high > day.low)
            #expect(day.lastTradeID - day.firstTradeID == day.count - 1)
            let trades = market.recentTrades(limit: 1_000)
            #expect(trades.count >= 120)
            #expect(trades.last?.id == market.book.nextTradeID - 1)
            for (one, next) in zip(trades, trades.dropFirst()) {
                #expect(next.id == one.id + 1 && next.timeMilliseconds >= one.timeMilliseconds)
                #expect(one.quantity.isPositive)
            }
        }
    }

    @Test("The same seed makes the same past, another seed another one")
    func seeds() {
        func closes(_ seed: UInt64) -> [Price] {
            let fixture = opened(seed: seed)
            return fixture.floor.markets[0].candles(.oneHour, limit: 300, at: fixture.wall)
                .map(\.close)
        }
        #expect(closes(7) == closes(7))
        #expect(closes(7) != closes(8))
    }

    @Test("Candles are found from a time on, and up to a time")
    func ranges() {
        let fixture = opened()
        let market = fixture.floor.markets[0]
        let all = market.candles(.oneHour, limit: 100, at: fixture.wall)
        let some = market.candles(
            .oneHour, from: all[10].openTime - 1, to: all[14].closeTime, limit: 50, at: fixture.wall)
        #expect(some == Array(all[10...14]))
        #expect(
            market.candles(.oneHour, from: all[10].openTime, limit: 3, at: fixture.wall)
                == Array(all[10...12]))
        #expect(
            market.candles(.oneHour, to: all[14].openTime, limit: 2, at: fixture.wall)
                == Array(all[13...14]))
        #expect(market.candles(.oneHour, from: fixture.wall + 1, limit: 3, at: fixture.wall).isEmpty)
        for edge in [Int64.max, .max - 1, .min, -1] {
            #expect(market.candles(.oneHour, from: edge, limit: 3, at: fixture.wall).count < 4)
            #expect(market.candles(.oneMonth, to: edge, limit: 3, at: fixture.wall).count < 4)
        }
        #expect(market.candles(.oneDay, from: 0, to: 1_000_000, limit: 3, at: fixture.wall).isEmpty)
    }
}

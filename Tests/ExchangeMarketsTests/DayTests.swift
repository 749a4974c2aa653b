import Bounded
import Chronology
import ExchangeMarkets
import Matching
import Testing
import Trading

@Suite("The rolling day and the computed prices") struct DayTests {
    /// The day added up from the candles of its minutes, one by one.
    private func slow(_ market: Market, at wall: Int64) -> DayStatistics {
        let from = (wall - 86_400_000) / 60_000 * 60_000 + 60_000
        let minutes = market.candles(.oneMinute, from: from, limit: 1_500, at: wall)
        let traded = minutes.filter { $0.tradeCount > 0 }
        var day = DayStatistics(
            price: traded.first?.open ?? minutes.last?.close ?? market.last,
            openTime: wall - 86_400_000, closeTime: wall)
        day.high = traded.map(\.high).max() ?? day.open
        day.low = traded.map(\.low).min() ?? day.open
        day.last = traded.last?.close ?? day.open
        day.volume = traded.reduce(.zero) { $0 + $1.volume }
        day.quoteVolume = traded.reduce(.zero) { $0 + $1.quoteVolume }
        day.count = traded.reduce(0) { $0 + $1.tradeCount }
        return day
    }

    private func expectSame(_ fixture: FloorFixture, at wall: Int64, _ name: String) {
        let market = fixture.floor.markets[0]
        var fast = market.statistics(at: wall)
        let wanted = slow(market, at: wall)
        #expect(
            fast.count == 0 || fast.lastTradeID - fast.firstTradeID == fast.count - 1, "\(name)")
        fast.firstTradeID = -1
        fast.lastTradeID = -1
        fast.lastQuantity = .zero
        #expect(fast == wanted, "\(name)")
    }

    @Test(
        "The sums of the day are what its minutes add up to, with a past and without one, seed by seed"
    )
    func twin() {
        for seed in UInt64(1)...4 {
            var random = SplitMix64(seed: seed)
            var fixture = FloorFixture {
                $0.seed = seed
                $0.hasBackground = false
                $0.hasHistory = seed % 2 == 1
            }
            fixture.run(.milliseconds(100))
            // Silences from a second to more than a day, each followed by trades and a beat that counts in.
            for step in 0..<60 {
                let waits: [Int64] = [1, 50, 900, 30_000, 100_000]
                let wait = Int64.random(
                    in: 0...waits.randomElement(using: &random)!, using: &random)
                fixture.now = fixture.now + .seconds(wait)
                expectSame(fixture, at: fixture.wall, "seed \(seed), step \(step), silent")
                let ticks = Int64.random(in: 649_000...651_000, using: &random)
                fixture.trade(
                    Quantity(units: Int128.random(in: 1...9_999, using: &random) * 1_000_000_000),
                    at: Price(units: Int128(ticks) * 100_000_000_000), taker: .buy)
                expectSame(fixture, at: fixture.wall, "seed \(seed), step \(step), traded")
                fixture.run(.milliseconds(60))
                expectSame(fixture, at: fixture.wall, "seed \(seed), step \(step), counted in")
                let ago = fixture.wall - Int64.random(in: 0...600_000, using: &random)
                if fixture.floor.markets[0].lastTradeAt < ago {
                    expectSame(fixture, at: ago, "ago")
                }
            }
        }
    }

    @Test("Every market's day is added up within some seconds of its opening")
    func prepared() {
        var fixture = FloorFixture(Array(Listing.standard.prefix(4)))
        fixture.run(.seconds(2))
        for number in fixture.floor.markets.indices {
            let day = fixture.floor.statistics(number, at: fixture.wall)
            let wanted = slow(fixture.floor.markets[number], at: fixture.wall)
            #expect(day.volume == wanted.volume && day.high == wanted.high && day.low == wanted.low)
        }
    }

    // MARK: computed prices

    private func marked(background: Bool = true) -> FloorFixture {
        FloorFixture {
            $0.keepsMarks = true
            $0.hasBackground = background
        }
    }

    @Test("Candles of mark and index are of what the mark stream told, second by second")
    func marks() {
        var fixture = marked()
        fixture.run(.seconds(190))
        let updates = fixture.told.compactMap { event in
            if case .mark(let update) = event { update } else { nil }
        }
        let market = fixture.floor.markets[0]
        let cut = Price(units: 10_000)
        for candle in market.markCandles(.oneMinute, limit: 2, at: fixture.wall) {
            let inside = updates.filter {
                $0.timeMilliseconds >= candle.openTime && $0.timeMilliseconds <= candle.closeTime
            }
            #expect(!inside.isEmpty)
            #expect(candle.high >= inside.map { $0.mark.down(to: cut) }.max() ?? .zero)
            #expect(candle.low <= inside.map { $0.mark.down(to: cut) }.min() ?? .zero)
            #expect(candle.close == inside.last?.mark.down(to: cut))
        }
        let index = market.indexCandles(.oneMinute, limit: 1, at: fixture.wall)
        #expect(index.first?.close == updates.last?.index.down(to: cut))
        #expect(
            market.markCandles(.oneMinute, limit: 5, at: fixture.wall).map(\.close)
                != market.candles(.oneMinute, limit: 5, at: fixture.wall).map(\.close))
    }

    @Test("Computed prices have a past as long as trades', longer candles made of the shorter ones")
    func past() {
        var fixture = marked()
        fixture.run(.milliseconds(10))
        let market = fixture.floor.markets[0]
        for interval in [CandleInterval.oneMinute, .fifteenMinutes, .oneHour, .oneDay] {
            let candles = market.markCandles(interval, limit: 100, at: fixture.wall)
            #expect(candles.count == 100, "\(interval.rawValue)")
            #expect(candles.last?.openTime == interval.opening(at: fixture.wall))
            for (one, next) in zip(candles, candles.dropFirst()) {
                #expect(next.openTime == one.closeTime + 1)
                #expect(one.low <= min(one.open, one.close) && one.high >= max(one.open, one.close))
            }
        }
        let minutes = market.premiumCandles(.oneMinute, limit: 1_440, at: fixture.wall)
        let hour = market.premiumCandles(.oneHour, limit: 2, at: fixture.wall)[0]
        let parts = minutes.filter { $0.openTime >= hour.openTime && $0.openTime <= hour.closeTime }
        #expect(parts.count == 60)
        #expect(hour.high == parts.map(\.high).max() && hour.low == parts.map(\.low).min())
        #expect(hour.high > hour.low)
        let most = Ratio(units: 300_000_000)
        #expect(minutes.allSatisfy { $0.high <= most && $0.low >= -most })
        let unmarked = FloorFixture()
        #expect(unmarked.floor.markets[0].markCandles(.oneHour, limit: 5, at: 0).isEmpty)
    }

    @Test("A book above the index makes a premium, whose mean survives and ends with a funding")
    func premium() throws {
        var fixture = marked(background: false)
        fixture.run(.milliseconds(1))
        var events: [MatchEvent] = []
        for (side, price) in [(Side.buy, "66000"), (.sell, "66010")] {
            _ = fixture.floor.place(
                OrderTicket(
                    owner: .market, side: side, type: .limit, quantity: .whole(10),
                    limit: decimal(price)), 0, wall: fixture.wall, &events)
        }
        fixture.run(.seconds(1))
        let market = fixture.floor.markets[0]
        // Mark follows the book little by little, and without a background the index is mark.
        let gap = Price.whole(66_000) - market.index
        #expect(gap.isPositive)
        #expect(market.premium.units == gap.units * Ratio.one.units / market.index.units)
        #expect(market.averagePremium == market.premium)
        let memory = market.memory
        fixture.floor.restartPremium(0)
        #expect(fixture.floor.markets[0].averagePremium.isZero)
        fixture.floor.restore(0) { $0.restore(memory) }
        #expect(fixture.floor.markets[0].averagePremium == market.premium)
    }
}

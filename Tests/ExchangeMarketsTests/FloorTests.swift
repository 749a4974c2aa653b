import Bytes
import Chronology
import ExchangeMarkets
import Matching
import Testing
import Trading

@Suite("The floor") struct FloorTests {
    @Test("The same seed gives the same events, another seed others (invariant 1)")
    func determinism() {
        func told(_ seed: UInt64) -> [MarketEvent] {
            var fixture = FloorFixture(Array(Listing.standard.prefix(3))) { $0.seed = seed }
            fixture.run(.seconds(20))
            return fixture.told
        }
        let one = told(3)
        #expect(one.count > 500)
        #expect(one == told(3))
        #expect(one != told(4))
    }

    @Test("Depth updates of every cadence rebuild the book, and their ids follow one another")
    func depth() {
        var fixture = FloorFixture {
            $0.cadences = DepthCadence.allCases
        }
        fixture.run(.seconds(30))
        fixture.run(.milliseconds(1_000))
        let market = fixture.floor.markets[0]
        for cadence in DepthCadence.allCases {
            var sides: [Side: [Price: Quantity]] = [.buy: [:], .sell: [:]]
            var last: Int64 = 1
            for event in fixture.told {
                guard case .depth(let update) = event, update.cadence == cadence else { continue }
                #expect(update.previousLastID == last && update.firstID <= update.lastID)
                #expect(update.firstID > last)
                last = update.lastID
                for (price, quantity) in update.bids { sides[.buy]![price] = quantity }
                for (price, quantity) in update.asks { sides[.sell]![price] = quantity }
                #expect(zip(update.asks, update.asks.dropFirst()).allSatisfy { $0.price < $1.price })
                #expect(zip(update.bids, update.bids.dropFirst()).allSatisfy { $0.price > $1.price })
            }
            // What changed since the cadence spoke last is not told yet.
            let open = fixture.told.reversed().prefix { event in
                if case .depth(let update) = event { return update.cadence != cadence }
                return true
            }
            guard open.isEmpty || last == market.lastUpdateID else { continue }
            for side in Side.allCases {
                let rest = sides[side]!.filter { $0.value.isPositive }
                #expect(rest.count == market.book.levelCount(side), "\(cadence)")
                for level in market.book.depth(side) {
                    #expect(rest[level.price] == level.quantity, "\(cadence)")
                }
            }
        }
    }

    @Test("Symbols of every pace print at least each two seconds or so, and the book is never crossed")
    func pace() {
        var fixture = FloorFixture(Listing.standard)
        fixture.run(.seconds(60))
        for (number, market) in fixture.floor.markets.enumerated() {
            let count = fixture.prints.filter { $0.market == number }.count
            #expect(count >= 25, "\(market.symbol): \(count)")
            #expect(market.book.best(.buy)!.price < market.book.best(.sell)!.price)
        }
    }

    @Test("A crash of 30 % in a minute is followed by quotes, prints, mark and candles, and stays")
    func crash() {
        var fixture = FloorFixture()
        fixture.run(.seconds(5))
        let before = fixture.floor.markets[0].last
        fixture.floor.move(0, by: decimal("-0.3"), over: .seconds(60))
        fixture.run(.seconds(30))
        let half = fixture.floor.markets[0].last.ratio(to: before, .down)
        #expect(half > decimal("0.83") && half < decimal("0.87"))
        fixture.run(.seconds(60))
        let market = fixture.floor.markets[0]
        for price in [market.last, market.mark, market.fair] {
            let share = price.ratio(to: before, .down)
            #expect(share > decimal("0.69") && share < decimal("0.71"))
        }
        fixture.run(.seconds(60))
        #expect(fixture.floor.markets[0].last < before.scaled(by: decimal("0.72"), .down))
        #expect(fixture.floor.statistics(0, at: fixture.wall).low < market.last + .whole(500))
    }

    @Test("A halted market stands still, and goes on afterwards")
    func halt() {
        var fixture = FloorFixture()
        fixture.run(.seconds(5))
        fixture.floor.setStatus(0, .halted)
        fixture.told = []
        fixture.run(.seconds(10))
        #expect(fixture.prints.isEmpty)
        #expect(
            !fixture.told.contains { if case .bookTicker = $0 { true } else { false } })
        fixture.floor.setStatus(0, .trading)
        fixture.run(.seconds(10))
        #expect(!fixture.prints.isEmpty)
    }

    @Test("A jump moves price and mark at once, and quotes follow")
    func jump() {
        var fixture = FloorFixture()
        fixture.run(.seconds(5))
        fixture.floor.jump(0, to: .whole(50_000))
        #expect(fixture.floor.markets[0].mark == .whole(50_000))
        fixture.run(.seconds(3))
        let middle = fixture.floor.markets[0].middle!
        #expect(middle > .whole(49_000) && middle < .whole(51_000))
    }

    @Test("Thin, normal and deep books differ in levels and size; a calm market does not move")
    func conditions() {
        func resting(_ depth: MarketConditions.Depth) -> (levels: Int, size: Quantity) {
            var fixture = FloorFixture { $0.conditions.depth = depth }
            fixture.run(.seconds(10))
            let book = fixture.floor.markets[0].book
            return (book.levelCount(.buy), book.depth(.buy).reduce(.zero) { $0 + $1.quantity })
        }
        let (thin, normal, deep) = (resting(.thin), resting(.normal), resting(.deep))
        #expect(thin.levels < normal.levels && normal.levels < deep.levels)
        #expect(thin.size < normal.size && normal.size < deep.size)
        var calm = FloorFixture { $0.conditions.volatilityPercent = 0 }
        calm.run(.seconds(30))
        #expect(calm.floor.markets[0].fair == .whole(65_000))
    }

    @Test("An amended order is told: the level it left, the level it rests at, the best prices")
    func amend() {
        var fixture = FloorFixture { $0.hasBackground = false }
        var events: [MatchEvent] = []
        let ticket = OrderTicket(
            owner: OwnerID(1), side: .buy, type: .limit, quantity: .one, limit: .whole(60_000))
        guard case .accepted(let id) = fixture.floor.place(ticket, 0, wall: 1, &events) else { return }
        fixture.run(.milliseconds(600))
        fixture.told = []
        let result = fixture.floor.amend(
            id, price: .whole(61_000), quantity: .whole(2), 0, wall: 2, &events)
        #expect(result == .amended(from: .whole(60_000), remaining: .one))
        fixture.run(.milliseconds(600))
        let updates = fixture.told.compactMap {
            if case .depth(let update) = $0, update.cadence == .fast { update } else { nil }
        }
        #expect(updates.count == 1)
        #expect(updates[0].bids.map(\.price) == [.whole(61_000), .whole(60_000)])
        #expect(updates[0].bids.map(\.quantity) == [.whole(2), .zero])
        #expect(fixture.floor.markets[0].ticker.bid == .whole(61_000))
    }

    @Test("What survives a restart is written and read back; counters do not fall")
    func memory() throws {
        var fixture = FloorFixture()
        fixture.run(.seconds(5))
        let memory = fixture.floor.markets[0].memory
        var out = JSONWriter()
        out.beginObject()
        memory.writeFields(&out)
        out.endObject()
        let read = try MarketMemory(JSONValue.parse(Array(out.text.utf8)))
        #expect(read == memory)
        var other = FloorFixture()
        other.floor.restore(0) { $0.restore(read) }
        #expect(other.floor.markets[0].memory == memory)
        other.run(.seconds(5))
        #expect(other.floor.markets[0].recentTrades(limit: 1_000).first!.id < memory.nextTradeID)
        #expect(other.floor.markets[0].memory.nextTradeID > memory.nextTradeID)
        #expect(other.floor.markets[0].memory.nextAggregateID >= memory.nextAggregateID)
    }
}

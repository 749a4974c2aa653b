import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("The background market") struct MarketTests {
    @Test("The same seed gives the same market, another seed another one (invariant 1)")
    func determinism() {
        func story(_ seed: UInt64) -> [FuturesEvent] {
            DeskFixture(background: true, seed: seed).run(milliseconds: 3_000)
        }
        let first = story(7)
        #expect(first == story(7))
        #expect(first != story(8))
    }

    @Test("Every symbol's best prices change several times a second and never cross")
    func liveliness() {
        let fixture = DeskFixture(background: true)
        var changes = [Int](repeating: 0, count: 4)
        var marks = [Int](repeating: 0, count: 4)
        for event in fixture.run(milliseconds: 10_000) {
            if case .market(.bookTicker(let ticker)) = event {
                changes[ticker.market] += 1
                #expect(ticker.bid.isZero || ticker.ask.isZero || ticker.bid < ticker.ask)
            }
            if case .market(.mark(let update)) = event { marks[update.market] += 1 }
        }
        for number in 0..<4 {
            #expect(changes[number] > 30, "symbol \(number): \(changes[number])")
            #expect(marks[number] == 9 || marks[number] == 10)
        }
    }

    @Test("A market order worth 50,000 USDT fills within half a percent", arguments: 1...3)
    func depth(seed: Int) throws {
        let fixture = DeskFixture(background: true, seed: UInt64(seed))
        fixture.run(milliseconds: 2_000)
        for market in fixture.desk.markets {
            for side in Side.allCases {
                let amount = money("50000").divided(by: market.mark, .down)
                    .down(to: market.listing.instrument.step)
                let order = try fixture.desk.place(
                    OrderParameters(
                        symbol: market.symbol, side: side, type: .market, quantity: amount),
                    wall: fixture.wall)
                #expect(order.status == .filled)
                let distance = (order.averagePrice - market.mark).magnitude
                #expect(distance.multiplied(byWhole: 200) < market.mark, "\(market.symbol)")
            }
            fixture.run(milliseconds: 1_000)
        }
    }

    @Test("An order at the touch is filled by takers within seconds", arguments: 1...3)
    func touch(seed: Int) throws {
        let fixture = DeskFixture(background: true, seed: UInt64(seed))
        fixture.run(milliseconds: 1_000)
        var filled = 0
        for round in 0..<8 {
            let side: Side = round % 2 == 0 ? .buy : .sell
            let best = fixture.desk.markets[0].book.best(side)!.price
            let order = try fixture.limit(side, "0.01", at: best.text)
            fixture.run(milliseconds: 8_000)
            let after = try fixture.desk.query(btc, orderID: order.orderID)
            if after.status == .filled {
                filled += 1
            } else {
                _ = try fixture.desk.cancel(btc, orderID: order.orderID, wall: fixture.wall)
            }
        }
        #expect(filled >= 4, "seed \(seed): \(filled)")
    }

    @Test("Prices stay near their anchor over a long time and marks follow the book")
    func stability() {
        let fixture = DeskFixture(background: true, seed: 3)
        for _ in 0..<10 {
            fixture.run(milliseconds: 12_000)
            for market in fixture.desk.markets {
                let anchor = market.listing.anchor
                #expect((market.mark - anchor).magnitude.multiplied(byWhole: 4) < anchor)
                let bid = market.book.best(.buy)!.price
                #expect((market.mark - bid).magnitude.multiplied(byWhole: 100) < bid)
            }
        }
    }

    @Test("The market does not live through the time in which the process stood still")
    func gap() {
        let fixture = DeskFixture(background: true)
        fixture.run(milliseconds: 500)
        fixture.now = fixture.now + .seconds(3_600)
        #expect(fixture.run(milliseconds: 50).count < 60)
    }
}

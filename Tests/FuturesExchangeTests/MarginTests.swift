import Bounded
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Margin of the paper account") struct MarginTests {
    @Test("Amounts are truncated to 8 decimals, and initial margin is notional over leverage")
    func truncation() throws {
        let fixture = DeskFixture { $0.leverage = 7 }
        try fixture.rest(.sell, "1", at: "65000.1")
        try fixture.market(.buy, "0.123")
        let margin = fixture.desk.positionRisk(btc)[0].margin
        #expect(margin.notional == money("7995"))
        #expect(margin.positionInitial == money("1142.14285714"))
        #expect(margin.maintenance == money("31.98"))
        #expect(margin.unrealised == money("-0.0123"))
    }

    @Test("At the liquidation price margin balance and maintenance meet", arguments: 1...30)
    func liquidation(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let fixture = DeskFixture {
            $0.balance = .whole(Int64.random(in: 20_000...200_000, using: &random))
        }
        let isLong = Bool.random(using: &random)
        try fixture.rest(isLong ? .sell : .buy, "60", at: "65000")
        let amount = Int64.random(in: 2_000...5_900, using: &random)
        _ = try fixture.desk.setLeverage(btc, 50, wall: fixture.wall)
        let size = Quantity.whole(amount).scaled(by: Ratio(text: "0.001")!, .down)
        _ = try fixture.desk.place(
            OrderParameters(
                symbol: btc, side: isLong ? .buy : .sell, type: .market, quantity: size),
            wall: fixture.wall)
        let position = fixture.desk.positionRisk(btc)[0]
        let wallet = fixture.desk.balance().wallet
        guard let level = position.liquidation else {
            // Only a long whose wallet covers all of its cost cannot be liquidated.
            #expect(isLong && wallet > position.holding.cost)
            return
        }
        let notional = level.times(size, .down)
        let row = fixture.desk.markets[0].listing.brackets.first { notional <= $0.cap }!
        let maintenance = notional.scaled(by: row.rate, .down) - row.deduction
        let balance = wallet + position.holding.unrealised(at: level)
        #expect((balance - maintenance).magnitude < money("0.01"), "seed \(seed)")
        #expect(isLong ? level < position.mark : level > position.mark)
    }
}

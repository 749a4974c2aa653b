import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("What the exchange does by itself") struct LiquidationTests {
    /// 10 BTC long at 65,000 with 100,000 in the wallet.
    private func exposed(isolated: Bool = false) throws -> DeskFixture {
        let fixture = DeskFixture()
        if isolated { try fixture.desk.setIsolated(btc, true, wall: fixture.wall) }
        try fixture.rest(.sell, "20", at: "65000")
        try fixture.market(.buy, "10")
        try fixture.limit(.buy, "0.1", at: "64000", id: "rests")
        _ = fixture.desk.takeEvents()
        return fixture
    }

    @Test(
        "Before the margin runs out there is a MARGIN_CALL; when it does, orders go, then positions"
    )
    func cross() throws {
        let fixture = try exposed()
        try fixture.desk.movePrice(btc, to: price("57000"), wall: fixture.wall)
        #expect(words(fixture.desk.takeEvents()).isEmpty)
        try fixture.desk.movePrice(btc, to: price("55350"), wall: fixture.wall)
        #expect(words(fixture.desk.takeEvents()) == ["MARGIN CALL"])
        try fixture.rest(.buy, "4", at: "54900")
        try fixture.desk.movePrice(btc, to: price("55000"), wall: fixture.wall)
        let told = words(fixture.desk.takeEvents())
        #expect(told.first == "ORDER CANCELED CANCELED")
        #expect(told.contains("ORDER CALCULATED PARTIALLY_FILLED"))
        #expect(told.contains("ORDER CALCULATED FILLED"))
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
        let trades = fixture.desk.userTrades(btc)
        #expect(trades.suffix(2).allSatisfy { $0.clientOrderID.hasPrefix("autoclose-") })
        let forced = try fixture.signed("GET", "/fapi/v1/forceOrders").json
        #expect(forced.elements?.count == 2)
    }

    @Test("What a bankrupt account cannot pay comes out of the insurance fund")
    func bankrupt() throws {
        let fixture = try exposed()
        try fixture.desk.movePrice(btc, to: price("50000"), wall: fixture.wall)
        #expect(fixture.desk.wallet.isZero)
        #expect(words(fixture.desk.takeEvents()).last == "ACCOUNT INSURANCE_CLEAR")
        let income = try fixture.signed("GET", "/fapi/v1/income", "incomeType=INSURANCE_CLEAR").json
        #expect(income.elements?.count == 1)
    }

    @Test("An isolated position loses its own wallet and no more")
    func isolated() throws {
        let fixture = try exposed(isolated: true)
        let cross = fixture.desk.balance().crossWallet
        try fixture.desk.movePrice(btc, to: price("50000"), wall: fixture.wall)
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
        #expect(fixture.desk.wallet == cross)
    }

    @Test("Funding takes position × mark × rate from longs and gives it to shorts")
    func funding() throws {
        let fixture = try exposed()
        let before = fixture.desk.wallet
        let mark = fixture.desk.markets[0].mark
        try fixture.desk.fundNow(wall: fixture.wall)
        let fee = mark.times(quantity("10"), .down).scaled(by: Ratio(text: "0.0001")!, .down)
        #expect(fixture.desk.wallet == before - fee.down(to: money("0.00000001")))
        #expect(words(fixture.desk.takeEvents()) == ["ACCOUNT FUNDING_FEE"])
        let rates = try fixture.call("GET", "/fapi/v1/fundingRate", query: "symbol=BTCUSDT").json
        #expect(rates[0]?["fundingRate"]?.text == "0.00010000")
        let income = try fixture.signed("GET", "/fapi/v1/income", "incomeType=FUNDING_FEE").json
        #expect(income[0]?["symbol"]?.text == "BTCUSDT")
    }

    @Test("Funding comes by itself at the hours of the interval")
    func schedule() throws {
        let fixture = DeskFixture { $0.fundingInterval = 3_600_000 }
        fixture.wall = .init(milliseconds: 1_760_000_400_000 - 3_000)
        let hour = fixture.desk.fundingTime(after: fixture.wall.milliseconds)
        fixture.wall = .init(milliseconds: hour - 3_000)
        fixture.run(milliseconds: 6_000)
        let rates = try fixture.call("GET", "/fapi/v1/fundingRate", query: "symbol=BTCUSDT").json
        #expect(rates.elements?.count == 1)
        #expect(rates[0]?["fundingTime"]?.integer == hour)
    }

    @Test("B4f deleveraging and delisting close in the exchange's name, at mark and without a fee")
    func takenAway() throws {
        let fixture = try exposed()
        try fixture.desk.deleverage(btc, quantity: quantity("4"), wall: fixture.wall)
        let first = try #require(fixture.desk.userTrades(btc).last)
        #expect(first.clientOrderID == "adl_autoclose")
        #expect(first.quantity == quantity("4") && first.fee.isZero)
        #expect(first.price == fixture.desk.markets[0].mark)
        try fixture.desk.delist(btc, wall: fixture.wall)
        let last = try #require(fixture.desk.userTrades(btc).last)
        #expect(last.clientOrderID.hasPrefix("settlement_autoclose-"))
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
        #expect(fixture.desk.openOrders().isEmpty)
        #expect(throws: ExchangeError.self) { try fixture.limit(.buy, "0.1", at: "64000") }
    }

    @Test("I4 R9 a halted symbol takes nothing, a new step binds the next order")
    func rules() throws {
        let fixture = DeskFixture()
        let order = try fixture.limit(.buy, "0.1", at: "64000")
        try fixture.desk.setStatus(btc, .cancelOnly, wall: fixture.wall)
        #expect(throws: ExchangeError.self) { try fixture.limit(.buy, "0.1", at: "64000") }
        let canceled = try fixture.desk.cancel(btc, orderID: order.orderID, wall: fixture.wall)
        #expect(canceled.status == .canceled)
        try fixture.desk.setStatus(btc, .trading, wall: fixture.wall)
        let change = FilterChange(step: quantity("0.01"))
        try fixture.desk.changeFilters(btc, change, wall: fixture.wall)
        #expect(throws: ExchangeError(-4023, "Quantity not increased by step size.")) {
            try fixture.limit(.buy, "0.115", at: "64000")
        }
        let info = try fixture.call("GET", "/fapi/v1/exchangeInfo").json
        let filters = info["symbols"]?[0]?["filters"]?.elements
        let lot = filters?.first { $0["filterType"]?.text == "LOT_SIZE" }
        #expect(lot?["stepSize"]?.text == "0.01")
    }

    @Test(
        "R6 a position can move with no order and no event; an order can be filled in parts by hand"
    )
    func byHand() throws {
        let fixture = DeskFixture()
        try fixture.desk.movePosition(btc, by: quantity("0.5"), wall: fixture.wall)
        #expect(fixture.desk.positionRisk(btc)[0].quantity == quantity("0.5"))
        #expect(words(fixture.desk.takeEvents()).isEmpty)
        #expect(fixture.desk.userTrades(btc).isEmpty)
        try fixture.limit(.buy, "1", at: "64000", id: "parts")
        _ = fixture.desk.takeEvents()
        let venue = FuturesVenue(fixture.desk)
        try venue.operate(
            .fillThenCancel(btc, clientOrderID: "parts", parts: 2, share: Ratio(text: "0.5")!),
            wall: fixture.wall)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "LITE 0.25", "ACCOUNT 0.75", "ORDER TRADE PARTIALLY_FILLED",
                "LITE 0.25", "ACCOUNT 1", "ORDER TRADE PARTIALLY_FILLED",
                "ORDER CANCELED CANCELED",
            ])
        #expect(fixture.desk.markets[0].book.position(of: fixture.desk.owner) == quantity("1"))
    }
}

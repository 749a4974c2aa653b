import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Changing open orders") struct AmendTests {
    private func amend(
        _ fixture: DeskFixture, _ order: FuturesOrder, _ amount: String, at level: String
    ) throws -> FuturesOrder {
        try fixture.desk.amend(
            AmendParameters(
                symbol: btc, side: order.side, orderID: order.orderID, quantity: quantity(amount),
                price: price(level)), wall: fixture.wall)
    }

    private func code(_ body: () throws -> FuturesOrder) -> Int64? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? ExchangeError)?.code
        }
    }

    @Test("A changed order keeps its ids, moves in the book, and is told as AMENDMENT")
    func change() throws {
        let fixture = DeskFixture()
        let order = try fixture.limit(.buy, "0.1", at: "64000", id: "mine")
        _ = fixture.desk.takeEvents()
        let changed = try amend(fixture, order, "0.2", at: "64100")
        #expect(changed.orderID == order.orderID)
        #expect(changed.clientOrderID == "mine")
        #expect(changed.selfTrade == .none)
        #expect(words(fixture.desk.takeEvents()) == ["ORDER AMENDMENT NEW"])
        let book = fixture.desk.markets[0].book
        #expect(book.quantity(.buy, at: price("64100")) == quantity("0.2"))
        #expect(book.quantity(.buy, at: price("64000")).isZero)
        #expect(fixture.desk.balance().openOrderInitial == money("641"))
    }

    @Test("A change that meets the other side trades, behind its AMENDMENT")
    func crossing() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "0.05", at: "65000")
        let order = try fixture.limit(.buy, "0.1", at: "64000")
        _ = fixture.desk.takeEvents()
        let changed = try amend(fixture, order, "0.1", at: "65000")
        #expect(changed.status == .partiallyFilled)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "ORDER AMENDMENT NEW", "LITE 0.05", "ACCOUNT 0.05",
                "ORDER TRADE PARTIALLY_FILLED",
            ])
    }

    @Test("C7 a change to not more than what is filled cancels; so does a GTX that would take")
    func cancelling() throws {
        let fixture = DeskFixture()
        let order = try fixture.limit(.buy, "0.2", at: "64000")
        try fixture.rest(.sell, "0.1", at: "64000")
        #expect(try amend(fixture, order, "0.1", at: "64000").status == .canceled)
        try fixture.rest(.sell, "1", at: "65000")
        let maker = try fixture.limit(.buy, "0.1", at: "64000", .postOnly)
        #expect(try amend(fixture, maker, "0.1", at: "65000").status == .canceled)
        #expect(fixture.desk.userTrades(btc).count == 1)
    }

    @Test("Each change that cannot be has its code and leaves the order as it was")
    func refusals() throws {
        let fixture = DeskFixture()
        let order = try fixture.limit(.buy, "1", at: "64000")
        _ = fixture.desk.takeEvents()
        #expect(code { try amend(fixture, order, "1", at: "64000") } == -5027)
        #expect(code { try amend(fixture, order, "0.001", at: "64000") } == -5029)
        #expect(code { try amend(fixture, order, "1", at: "64000.05") } == -4014)
        #expect(code { try amend(fixture, order, "40", at: "64000") } == -2019)
        #expect(code { try amend(fixture, order, "0", at: "64000") } == -4003)
        var other = order
        other.orderID = 7
        #expect(code { try amend(fixture, other, "2", at: "64000") } == -2013)
        try fixture.desk.setStatus(btc, .halted, wall: fixture.wall)
        #expect(code { try amend(fixture, order, "2", at: "64000") } == -5024)
        #expect(try fixture.desk.query(btc, orderID: order.orderID) == order)
        #expect(words(fixture.desk.takeEvents()).isEmpty)
    }

    @Test("The dead man's switch cancels a symbol's orders unless it is held")
    func countdown() throws {
        let fixture = DeskFixture()
        try fixture.limit(.buy, "0.1", at: "64000")
        let path = "/fapi/v1/countdownCancelAll"
        let reply = fixture.signed("POST", path, "symbol=BTCUSDT&countdownTime=500")
        #expect(reply.text == #"{"symbol":"BTCUSDT","countdownTime":"500"}"#)
        fixture.run(milliseconds: 300)
        _ = fixture.signed("POST", path, "symbol=BTCUSDT&countdownTime=500")
        fixture.run(milliseconds: 400)
        #expect(fixture.desk.openOrders().count == 1)
        #expect(words(fixture.run(milliseconds: 200)) == ["ORDER CANCELED CANCELED"])
        try fixture.limit(.buy, "0.1", at: "64000")
        fixture.run(milliseconds: 1_000)
        #expect(fixture.desk.openOrders().count == 1)
    }
}

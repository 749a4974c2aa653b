import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Orders and fills on the paper desk") struct TradingTests {
    @Test("A market order's fill is told as TRADE_LITE, NEW, ACCOUNT_UPDATE, TRADE")
    func takerOrder() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        _ = fixture.desk.takeEvents()
        let order = try fixture.market(.buy, "0.1", id: "first")
        #expect(order.status == .filled)
        #expect(order.averagePrice == price("65000"))
        #expect(
            words(fixture.desk.takeEvents()) == [
                "LITE 0.1", "ORDER NEW NEW", "ACCOUNT 0.1", "ORDER TRADE FILLED",
            ])
    }

    @Test("A resting order's fill is told as TRADE_LITE, ACCOUNT_UPDATE, TRADE")
    func makerOrder() throws {
        let fixture = DeskFixture()
        try fixture.limit(.buy, "0.2", at: "64000")
        #expect(words(fixture.desk.takeEvents()) == ["ORDER NEW NEW"])
        try fixture.rest(.sell, "0.05", at: "64000")
        #expect(
            words(fixture.desk.takeEvents()) == [
                "LITE 0.05", "ACCOUNT 0.05", "ORDER TRADE PARTIALLY_FILLED",
            ])
        #expect(fixture.desk.userTrades(btc).first?.isMaker == true)
    }

    @Test("An order through several levels announces itself once, and each trade in turn")
    func severalLevels() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "0.1", at: "65000")
        try fixture.rest(.sell, "0.1", at: "65001")
        _ = fixture.desk.takeEvents()
        let order = try fixture.limit(.buy, "0.3", at: "65001", .immediateOrCancel)
        #expect(order.status == .expired)
        #expect(order.expiryReason == "2")
        #expect(order.averagePrice == price("65000.5"))
        #expect(
            words(fixture.desk.takeEvents()) == [
                "LITE 0.1", "ORDER NEW NEW", "ACCOUNT 0.1", "ORDER TRADE PARTIALLY_FILLED",
                "LITE 0.1", "ACCOUNT 0.2", "ORDER TRADE PARTIALLY_FILLED",
                "ORDER EXPIRED EXPIRED",
            ])
    }

    @Test("Wallet = start + realised − fees to the last digit, also across a flip (invariant 2)")
    func books() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "5", at: "65000.1")
        try fixture.market(.buy, "0.3")
        try fixture.rest(.sell, "5", at: "65003.7")
        try fixture.limit(.buy, "5.4", at: "65003.7")
        try fixture.rest(.buy, "9", at: "64990.3")
        try fixture.market(.sell, "1.234")
        try fixture.market(.sell, "6")
        let position = fixture.desk.positionRisk(btc)[0]
        #expect(position.quantity == quantity("-1.534"))
        #expect(position.entryPrice == price("64990.3"))
        let trades = fixture.desk.userTrades(btc)
        let realised = trades.reduce(Money.zero) { $0 + $1.realised }
        let fees = trades.reduce(Money.zero) { $0 + $1.fee }
        #expect(fixture.desk.balance().wallet == money("100000") + realised - fees)
        let flow = trades.reduce(Money.zero) {
            $1.side == .buy ? $0 - $1.quote : $0 + $1.quote
        }
        #expect(realised == flow - position.entryPrice.times(quantity("1.534"), .down))
        #expect(
            fees
                == trades.reduce(Money.zero) { sum, trade in
                    sum
                        + trade.quote.scaled(by: Ratio(text: "0.0005")!, .down).down(
                            to: money("0.00000001"))
                })
    }

    @Test("S3 a filled order's client id may be used again; an open one's may not (-4116)")
    func clientOrderIDs() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        let first = try fixture.market(.buy, "0.1", id: "again")
        let second = try fixture.market(.buy, "0.1", id: "again")
        #expect(first.orderID < second.orderID)
        #expect(try fixture.desk.query(btc, clientOrderID: "again").orderID == second.orderID)
        #expect(try fixture.desk.query(btc, orderID: first.orderID).status == .filled)
        try fixture.limit(.buy, "0.1", at: "64000", id: "open")
        #expect(throws: ExchangeError(-4116, "ClientOrderId is duplicated.")) {
            try fixture.limit(.buy, "0.1", at: "64000", id: "open")
        }
    }

    @Test("C1 cancelling what is filled or unknown is -2011; querying the unknown is -2013")
    func cancel() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        let filled = try fixture.market(.buy, "0.1")
        let open = try fixture.limit(.buy, "0.1", at: "64000", id: "mine")
        let canceled = try fixture.desk.cancel(btc, clientOrderID: "mine", wall: fixture.wall)
        #expect(canceled.status == .canceled)
        #expect(words(fixture.desk.takeEvents()).last == "ORDER CANCELED CANCELED")
        for id in [filled.orderID, open.orderID, 77] {
            #expect(throws: ExchangeError(-2011, "Unknown order sent.")) {
                try fixture.desk.cancel(btc, orderID: id, wall: fixture.wall)
            }
        }
        #expect(throws: ExchangeError(-2013, "Order does not exist.")) {
            try fixture.desk.query(btc, orderID: 77)
        }
    }

    @Test("A refused order leaves no record, no event and no id behind (invariant 3)")
    func refusals() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        _ = fixture.desk.takeEvents()
        let before = fixture.desk.markets[0].book.nextOrderID
        func code(_ body: () throws -> FuturesOrder) -> Int64? {
            do {
                _ = try body()
                return nil
            } catch {
                return (error as? ExchangeError)?.code
            }
        }
        #expect(code { try fixture.limit(.buy, "2", at: "65000", .fillOrKill) } == -5021)
        #expect(code { try fixture.limit(.buy, "1", at: "65000", .postOnly) } == -5022)
        #expect(code { try fixture.market(.sell, "1", reduceOnly: true) } == -2022)
        #expect(code { try fixture.market(.buy, "40") } == -2019)
        #expect(code { try fixture.market(.buy, "0.001") } == -4164)
        #expect(fixture.desk.takeEvents().isEmpty)
        #expect(fixture.desk.markets[0].book.nextOrderID == before)
        #expect(fixture.desk.openOrders().isEmpty)
    }

    @Test("A reduce-only order closes at most the position; the rest expires with reason 4")
    func reduceOnly() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        try fixture.rest(.buy, "1", at: "64999")
        try fixture.market(.buy, "0.1")
        let close = try fixture.market(.sell, "0.5", reduceOnly: true)
        #expect(close.executed == quantity("0.1"))
        #expect(close.status == .expired)
        #expect(close.expiryReason == "4")
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
    }

    @Test("An own order in the way expires (EXPIRE_MAKER by default) as EXPIRED_IN_MATCH")
    func selfTrade() throws {
        let fixture = DeskFixture()
        let resting = try fixture.limit(.sell, "0.1", at: "65000")
        try fixture.limit(.buy, "0.1", at: "65000")
        let order = try fixture.desk.query(btc, orderID: resting.orderID)
        #expect(order.status == .expiredInMatch)
        #expect(order.expiryReason == "1")
        #expect(fixture.desk.userTrades(btc).isEmpty)
    }

    @Test("Open orders hold margin, and give it back; closing needs none")
    func margin() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "40", at: "65000")
        try fixture.rest(.buy, "40", at: "64999")
        let open = try fixture.limit(.buy, "10", at: "64000")
        #expect(fixture.desk.balance().openOrderInitial == money("32000"))
        #expect(fixture.desk.balance().available == money("68000"))
        _ = try fixture.desk.cancel(btc, orderID: open.orderID, wall: fixture.wall)
        #expect(fixture.desk.balance().available == money("100000"))
        try fixture.market(.buy, "30")
        #expect(throws: ExchangeError(-2019, "Margin is insufficient.")) {
            try fixture.market(.buy, "2")
        }
        try fixture.market(.sell, "30")
        #expect(fixture.desk.balance().initial.isZero)
    }

    @Test("A leverage is bound by the brackets, and changes the margin held")
    func leverage() throws {
        let fixture = DeskFixture()
        try fixture.limit(.buy, "1", at: "64000")
        let cap = try fixture.desk.setLeverage(btc, 64, wall: fixture.wall)
        #expect(cap == money("3000000"))
        #expect(fixture.desk.balance().openOrderInitial == money("1000"))
        #expect(throws: ExchangeError(-4028, "Leverage 126 is not valid")) {
            try fixture.desk.setLeverage(btc, 126, wall: fixture.wall)
        }
        _ = try fixture.desk.setLeverage(btc, 125, wall: fixture.wall)
        #expect(
            throws: ExchangeError(
                -2027, "Exceeded the maximum allowable position at current leverage.")
        ) { try fixture.limit(.buy, "1", at: "64000") }
    }
}

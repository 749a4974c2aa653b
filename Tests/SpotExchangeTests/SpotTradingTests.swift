import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Trading on the spot desk") struct SpotTradingTests {
    @Test("A resting buy locks its worth, a fill takes it and brings the asset less its fee")
    func maker() throws {
        let fixture = SpotFixture()
        _ = fixture.desk.takeEvents()
        let order = try fixture.limit(.buy, "0.1", at: "60000")
        #expect(fixture.locked("USDT") == amount("6000"))
        #expect(fixture.free("USDT") == amount("94000"))
        try fixture.rest(.sell, "0.04", at: "59000")
        #expect(fixture.locked("USDT") == amount("3600"))
        #expect(fixture.free("USDT") == amount("94000"))
        #expect(fixture.free("BTC") == amount("2.03996"))
        _ = try fixture.desk.cancel(btc, orderID: order.orderID, wall: fixture.wall)
        #expect(fixture.locked("USDT") == .zero)
        #expect(fixture.free("USDT") == amount("97600"))
        #expect(
            words(fixture.desk.takeEvents()) == [
                "NEW NEW", "ENTRUST_PLACE USDT 94000/6000", "TRADE PARTIALLY_FILLED",
                "ENTRUST USDT 94000/3600, BTC 2.03996/0", "CANCELED CANCELED",
                "ENTRUST_CANCEL USDT 97600/0",
            ])
    }

    @Test("A taker pays the maker's price, and what its limit held beyond it is free again")
    func taker() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "0.05", at: "64000")
        try fixture.rest(.sell, "0.05", at: "64500")
        let order = try fixture.limit(.buy, "0.2", at: "65000")
        #expect(order.status == .partiallyFilled)
        #expect(order.cumulativeQuote == money("6425"))
        #expect(fixture.locked("USDT") == amount("6500"))
        #expect(fixture.free("USDT") == amount("87075"))
        #expect(fixture.free("BTC") == amount("2.0999"))
    }

    @Test("A market order trades a quantity, or what an amount pays for in whole steps")
    func market() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "1", at: "64000")
        let byAmount = try fixture.market(.buy, worth: "1000")
        #expect(byAmount.order.executed == quantity("0.01562"))
        #expect(byAmount.order.cumulativeQuote == money("999.68"))
        #expect(byAmount.fills.count == 1)
        #expect(byAmount.order.status == .filled)
        let byQuantity = try fixture.market(.buy, "0.1")
        #expect(byQuantity.order.status == .filled)
        let rest = try fixture.market(.buy, "1")
        #expect(rest.order.status == .expired)
        #expect(rest.order.executed == quantity("0.88438"))
        #expect(fixture.locked("USDT") == .zero)
        let none = try fixture.market(.buy, worth: "1000")
        #expect(none.order.status == .expired)
        #expect(none.order.executed.isZero)
    }

    @Test("IOC ends with what trades at once, FOK is all or nothing, a maker order never takes")
    func forces() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "0.1", at: "64000")
        let whole = try fixture.limit(.buy, "0.2", at: "64000", .fillOrKill)
        #expect(whole.status == .expired && whole.executed.isZero)
        let maker = SpotOrderRequest(
            symbol: btc, side: .buy, kind: .limitMaker, quantity: quantity("0.1"),
            price: price("64000"))
        #expect(throws: SpotRefusal.wouldTake) {
            try fixture.desk.place(maker, wall: fixture.wall)
        }
        let part = try fixture.limit(.buy, "0.2", at: "64000", .immediateOrCancel)
        #expect(part.status == .expired && part.executed == quantity("0.1"))
        #expect(fixture.locked("USDT") == .zero)
        #expect(fixture.desk.stakes[0].orders.openCount == 0)
    }

    @Test("Orders of the account that would meet end as the taker's mode says")
    func selfTrade() throws {
        let fixture = SpotFixture()
        let resting = try fixture.limit(.sell, "0.1", at: "64000")
        let taker = try fixture.limit(.buy, "0.1", at: "64000", selfTrade: .expireTaker)
        #expect(taker.status == .expiredInMatch)
        #expect(try fixture.desk.query(btc, orderID: resting.orderID).isOpen)
        let other = try fixture.limit(.buy, "0.1", at: "64000")
        #expect(other.status == .new)
        #expect(
            try fixture.desk.query(btc, orderID: resting.orderID).status == .expiredInMatch)
        #expect(fixture.locked("BTC") == .zero)
        let willing = try fixture.limit(
            .sell, "0.1", at: "64000", selfTrade: SelfTradePrevention.none)
        #expect(willing.status == .filled)
        #expect(fixture.desk.stakes[0].trades.count == 2)
        #expect(fixture.locked("USDT") == .zero && fixture.locked("BTC") == .zero)
    }

    @Test("What is not there cannot be spent, locked money included")
    func insufficient() throws {
        let fixture = SpotFixture()
        #expect(throws: SpotRefusal.insufficientBalance(.buy)) {
            try fixture.limit(.buy, "2", at: "64000")
        }
        try fixture.limit(.sell, "1.5", at: "70000")
        #expect(throws: SpotRefusal.insufficientBalance(.sell)) {
            try fixture.limit(.sell, "0.6", at: "70000")
        }
        try fixture.rest(.sell, "10", at: "64000")
        #expect(throws: SpotRefusal.insufficientBalance(.buy)) { try fixture.market(.buy, "3") }
    }

    @Test("S3: a client id is refused while its order is open, and free again after that")
    func clientIDs() throws {
        let fixture = SpotFixture()
        try fixture.limit(.buy, "0.1", at: "60000", id: "one")
        #expect(throws: SpotRefusal.duplicateClientOrderID) {
            try fixture.limit(.buy, "0.1", at: "60000", id: "one")
        }
        _ = try fixture.desk.cancel(btc, clientOrderID: "one", wall: fixture.wall)
        let again = try fixture.limit(.buy, "0.1", at: "60000", id: "one")
        #expect(try fixture.desk.query(btc, clientOrderID: "one").orderID == again.orderID)
    }

    @Test("A conditional order waits for its price, holding what it needs")
    func conditions() throws {
        let fixture = SpotFixture()
        try fixture.rest(.buy, "1", at: "63000")
        let stop = try fixture.desk.place(
            SpotOrderRequest(
                symbol: btc, side: .sell, kind: .stopLoss, quantity: quantity("0.5"),
                stopPrice: price("62500"), clientOrderID: "stop"), wall: fixture.wall
        ).order
        #expect(!stop.isWorking && stop.isOpen)
        #expect(fixture.locked("BTC") == amount("0.5"))
        #expect(throws: SpotRefusal.wouldTrigger) {
            try fixture.desk.place(
                SpotOrderRequest(
                    symbol: btc, side: .sell, kind: .takeProfit, quantity: quantity("0.5"),
                    stopPrice: price("62500")), wall: fixture.wall)
        }
        try fixture.rest(.sell, "1", at: "63000")
        #expect(try fixture.desk.query(btc, clientOrderID: "stop").status == .new)
        try fixture.rest(.buy, "2", at: "62000")
        try fixture.rest(.sell, "0.1", at: "62000")
        let done = try fixture.desk.query(btc, clientOrderID: "stop")
        #expect(done.status == .filled)
        #expect(done.orderID == stop.orderID)
        #expect(done.averagePrice == price("62000"))
        #expect(fixture.locked("BTC") == .zero)
    }

    @Test("R9, I4: a changed step counts at once; a delisted symbol ends its orders")
    func operations() throws {
        let fixture = SpotFixture()
        try fixture.limit(.buy, "0.1", at: "60000", id: "rests")
        _ = try fixture.desk.operate(.setStep(btc, quantity("0.01")), wall: fixture.wall)
        #expect(throws: SpotRefusal.filter(.lotSize)) {
            try fixture.limit(.buy, "0.105", at: "60000")
        }
        _ = try fixture.desk.operate(.setState(btc, .halted), wall: fixture.wall)
        #expect(throws: SpotRefusal.closed) { try fixture.limit(.buy, "0.1", at: "60000") }
        _ = try fixture.desk.operate(.setState(btc, .delisted), wall: fixture.wall)
        #expect(try fixture.desk.query(btc, clientOrderID: "rests").status == .canceled)
        #expect(fixture.locked("USDT") == .zero)
    }

    @Test("An order can be filled in parts and cancelled by the operator")
    func fillThenCancel() throws {
        let fixture = SpotFixture()
        try fixture.rest(.buy, "0.3", at: "61000")
        try fixture.rest(.buy, "0.2", at: "60000")
        try fixture.limit(.buy, "0.1", at: "60000", id: "mine")
        _ = fixture.desk.takeEvents()
        _ = try fixture.desk.operate(
            .fillThenCancel(btc, clientOrderID: "mine", parts: 2, share: Ratio(text: "0.4")!),
            wall: fixture.wall)
        let order = try fixture.desk.query(btc, clientOrderID: "mine")
        #expect(order.status == .canceled)
        #expect(order.executed == quantity("0.04"))
        #expect(
            words(fixture.desk.takeEvents()).filter { $0.hasPrefix("TRADE") }.count == 2)
    }

    @Test("A deposit is told of, a silent change is not")
    func deposits() throws {
        let fixture = SpotFixture()
        _ = fixture.desk.takeEvents()
        try fixture.desk.deposit("USDT", amount("500"), wall: fixture.wall)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "CHANGE USDT 500", "DEPOSIT USDT 100500/0",
            ])
        _ = try fixture.desk.operate(.shift(btc, by: quantity("-1")), wall: fixture.wall)
        #expect(words(fixture.desk.takeEvents()).isEmpty)
        #expect(fixture.free("BTC") == amount("1"))
    }
}

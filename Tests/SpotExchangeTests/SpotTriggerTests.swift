import Bytes
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Order lists: one triggers the others") struct SpotTriggerTests {
    private func fixture() throws -> SpotFixture {
        let fixture = SpotFixture()
        try fixture.rest(.buy, "1", at: "60000")
        try fixture.rest(.sell, "0.1", at: "60000")
        try fixture.rest(.sell, "5", at: "60100")
        return fixture
    }

    private let one =
        "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59000&workingQuantity=0.5"
        + "&workingTimeInForce=GTC&workingClientOrderId=first&pendingType=LIMIT&pendingSide=SELL"
        + "&pendingPrice=62000&pendingQuantity=0.4&pendingTimeInForce=GTC"
        + "&pendingClientOrderId=then&listClientOrderId=chain"

    private let pair =
        "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59000&workingQuantity=0.5"
        + "&workingTimeInForce=GTC&workingClientOrderId=first&pendingSide=SELL&pendingQuantity=0.4"
        + "&pendingAboveType=LIMIT_MAKER&pendingAbovePrice=62000&pendingAboveClientOrderId=up"
        + "&pendingBelowType=STOP_LOSS&pendingBelowStopPrice=58000"
        + "&pendingBelowClientOrderId=down&listClientOrderId=chain"

    private func status(_ fixture: SpotFixture, _ id: String) throws -> String {
        try fixture.desk.query(btc, clientOrderID: id).status.text
    }

    private func sell(_ fixture: SpotFixture, _ amount: String) throws {
        // What stands above the working order goes first.
        try fixture.rest(.sell, "0.9", at: "60000")
        try fixture.rest(.sell, amount, at: "59000")
    }

    @Test("The second waits, holds nothing, and goes to its book when the first is filled")
    func oneTriggers() throws {
        let fixture = try fixture()
        _ = fixture.desk.takeEvents()
        let reply = fixture.signed("POST", "/api/v3/orderList/oto", one)
        #expect(reply.status == 200, "\(reply.text)")
        let json = try reply.json
        #expect(json["contingencyType"]?.text == "OTO")
        #expect(json["listOrderStatus"]?.text == "EXECUTING")
        let statuses = json["orderReports"]?.elements?.map { $0["status"]?.text }
        #expect(statuses == ["NEW", "PENDING_NEW"])
        #expect(
            words(fixture.desk.takeEvents()) == [
                "NEW NEW", "NEW PENDING_NEW", "LIST EXECUTING",
                "ENTRUST_PLACE USDT 70500/29500",
            ])
        try sell(fixture, "0.3")
        #expect(try status(fixture, "then") == "PENDING_NEW")
        #expect(fixture.locked("BTC").isZero)
        _ = fixture.desk.takeEvents()
        try fixture.rest(.sell, "0.2", at: "59000")
        let told = words(fixture.desk.takeEvents())
        #expect(told.prefix(2) == ["TRADE FILLED", "NEW NEW"], "\(told)")
        #expect(try status(fixture, "then") == "NEW")
        #expect(fixture.locked("BTC") == amount("0.4"))
        #expect(fixture.desk.markets[0].book.quantity(.sell, at: price("62000")) == quantity("0.4"))
        let open = try fixture.signed("GET", "/api/v3/openOrderList").json
        #expect(open[0]?["listOrderStatus"]?.text == "EXECUTING")
        try fixture.rest(.buy, "5.5", at: "62000")
        #expect(words(fixture.desk.takeEvents()).contains("LIST ALL_DONE"))
        #expect(try fixture.signed("GET", "/api/v3/openOrderList").json.elements?.isEmpty == true)
    }

    @Test("The first is filled at once: the reply shows the second as it waits, then it is placed")
    func atOnce() throws {
        let fixture = try fixture()
        let parameters = one.replacing("workingPrice=59000", with: "workingPrice=60100")
        let reply = try fixture.signed("POST", "/api/v3/orderList/oto", parameters).json
        let statuses = reply["orderReports"]?.elements?.map { $0["status"]?.text }
        #expect(statuses == ["FILLED", "PENDING_NEW"])
        #expect(try status(fixture, "then") == "NEW")
    }

    @Test("Of a pair that was triggered one cancels the other")
    func pairTriggers() throws {
        let fixture = try fixture()
        let reply = fixture.signed("POST", "/api/v3/orderList/otoco", pair)
        #expect(reply.status == 200, "\(reply.text)")
        let json = try reply.json
        #expect(json["orders"]?.elements?.map { $0["clientOrderId"]?.text } == ["first", "down", "up"])
        try sell(fixture, "0.5")
        #expect(try status(fixture, "up") == "NEW" && status(fixture, "down") == "NEW")
        #expect(fixture.locked("BTC") == amount("0.4"))
        _ = fixture.desk.takeEvents()
        try fixture.rest(.buy, "5.2", at: "62000")
        let told = words(fixture.desk.takeEvents())
        #expect(told.prefix(3) == ["EXPIRED EXPIRED", "LIST ALL_DONE", "TRADE PARTIALLY_FILLED"])
        #expect(try status(fixture, "down") == "EXPIRED")
    }

    @Test("Cancelling any order of the list, or the first ending unfilled, ends all", arguments: 0..<4)
    func ending(way: Int) throws {
        let fixture = try fixture()
        let parameters =
            way == 3
            ? pair.replacing("workingTimeInForce=GTC", with: "workingTimeInForce=IOC") : pair
        let reply = fixture.signed("POST", "/api/v3/orderList/otoco", parameters)
        #expect(reply.status == 200, "\(reply.text)")
        let calls = [
            ("/api/v3/orderList", "symbol=BTCUSDT&listClientOrderId=chain"),
            ("/api/v3/order", "symbol=BTCUSDT&origClientOrderId=down"),
            ("/api/v3/openOrders", "symbol=BTCUSDT"),
        ]
        if way < 3 {
            #expect(fixture.signed("DELETE", calls[way].0, calls[way].1).status == 200)
        }
        let end = way == 3 ? "EXPIRED" : "CANCELED"
        for id in ["first", "up", "down"] { #expect(try status(fixture, id) == end, "\(id)") }
        #expect(fixture.locked("USDT").isZero && fixture.locked("BTC").isZero)
        #expect(try fixture.signed("GET", "/api/v3/openOrderList").json.elements?.isEmpty == true)
    }

    @Test("A list survives a restart before and after its first order is filled")
    func restart() throws {
        let fixture = try fixture()
        var journal = fixture.desk.startJournal()
        #expect(fixture.signed("POST", "/api/v3/orderList/otoco", pair).status == 200)
        journal += fixture.desk.takeJournal()
        let waiting = SpotFixture()
        _ = try waiting.venue.restore(journal)
        #expect(waiting.desk.lists == fixture.desk.lists)
        #expect(try status(waiting, "up") == "PENDING_NEW")
        try waiting.rest(.sell, "0.5", at: "59000")
        #expect(try status(waiting, "up") == "NEW")
        let again = SpotFixture()
        _ = try again.venue.restore(waiting.desk.startJournal())
        #expect(again.desk.lists == waiting.desk.lists)
        #expect(again.locked("BTC") == amount("0.4"))
        #expect(
            again.signed("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&listClientOrderId=chain")
                .status == 200)
        #expect(again.locked("BTC").isZero)
    }

    @Test(
        "A list that cannot be is refused with its code, and nothing is placed",
        arguments: [
            ("workingType=LIMIT", "workingType=MARKET", -1116),
            ("workingQuantity=0.5", "workingQuantity=50", -2010),
            ("pendingQuantity=0.4", "pendingQuantity=0.0000001", -1013),
            ("pendingType=LIMIT", "pendingType=STOP_LOSS_LIMIT", -1102),
            ("pendingClientOrderId=then", "pendingClientOrderId=first", -2010),
            ("workingSide=BUY", "workingSide=UP", -1117),
        ])
    func refusals(old: String, new: String, code: Int64) throws {
        let fixture = try fixture()
        let before = fixture.desk.balances.rows
        let reply = fixture.signed("POST", "/api/v3/orderList/oto", one.replacing(old, with: new))
        #expect(try reply.code == code, "\(reply.text)")
        #expect(try fixture.desk.openOrders().isEmpty && fixture.desk.lists.isEmpty)
        #expect(fixture.desk.balances.rows == before)
    }

    @Test("Replacing an order of a list shows the list that ended with it")
    func replacing() throws {
        let fixture = try fixture()
        #expect(fixture.signed("POST", "/api/v3/orderList/oto", one).status == 200)
        let reply = fixture.signed(
            "POST", "/api/v3/order/cancelReplace",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=58000"
                + "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrigClientOrderId=first")
        #expect(reply.status == 200, "\(reply.text)")
        let canceled = try reply.json["cancelResponse"]
        #expect(canceled?["listOrderStatus"]?.text == "ALL_DONE")
        #expect(canceled?["orderReports"]?.elements?.count == 2)
        #expect(try reply.json["newOrderResponse"]?["status"]?.text == "NEW")
    }
}

import Bytes
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Order lists: one cancels the other") struct SpotListTests {
    /// A book around 60,000, where the last trade was.
    private func fixture() throws -> SpotFixture {
        let fixture = SpotFixture()
        try fixture.rest(.buy, "1", at: "60000")
        try fixture.rest(.sell, "0.1", at: "60000")
        try fixture.rest(.sell, "5", at: "60100")
        return fixture
    }

    private let sale =
        "symbol=BTCUSDT&side=SELL&quantity=0.5&aboveType=LIMIT_MAKER&abovePrice=61000"
        + "&aboveClientOrderId=up&belowType=STOP_LOSS_LIMIT&belowPrice=58900&belowStopPrice=59000"
        + "&belowTimeInForce=GTC&belowClientOrderId=down&listClientOrderId=pair"

    private func status(_ fixture: SpotFixture, _ id: String) throws -> String {
        try fixture.desk.query(btc, clientOrderID: id).status.text
    }

    @Test("Both orders are placed, hold their quantity once, and are told of in the list's words")
    func placing() throws {
        let fixture = try fixture()
        _ = fixture.desk.takeEvents()
        let reply = fixture.signed("POST", "/api/v3/orderList/oco", sale, inBody: true)
        #expect(reply.status == 200, "\(reply.text)")
        let json = try reply.json
        #expect(json["contingencyType"]?.text == "OCO")
        #expect(json["listStatusType"]?.text == "EXEC_STARTED")
        #expect(json["listOrderStatus"]?.text == "EXECUTING")
        #expect(json["listClientOrderId"]?.text == "pair")
        #expect(json["orders"]?.elements?.map { $0["clientOrderId"]?.text } == ["down", "up"])
        let reports = try #require(json["orderReports"]?.elements)
        #expect(reports.map { $0["type"]?.text } == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"])
        #expect(reports.allSatisfy { $0["orderListId"] == json["orderListId"] })
        #expect(fixture.locked("BTC") == amount("0.5"))
        #expect(
            words(fixture.desk.takeEvents()) == [
                "NEW NEW", "NEW NEW", "LIST EXECUTING", "ENTRUST_PLACE BTC 1.5/0.5",
            ])
        let open = try fixture.signed("GET", "/api/v3/openOrderList").json
        #expect(open.elements?.count == 1 && open[0]?["orders"]?.elements?.count == 2)
        for name in ["orderListId=0", "origClientOrderId=pair"] {
            let found = fixture.signed("GET", "/api/v3/orderList", name)
            #expect(try found.json["listClientOrderId"]?.text == "pair", "\(found.text)")
        }
    }

    @Test("The order at its price trades, and the one that waits expires first")
    func limitGoesAhead() throws {
        let fixture = try fixture()
        #expect(fixture.signed("POST", "/api/v3/orderList/oco", sale).status == 200)
        _ = fixture.desk.takeEvents()
        try fixture.rest(.buy, "5.2", at: "61000")
        #expect(
            words(fixture.desk.takeEvents()).prefix(3) == [
                "EXPIRED EXPIRED", "LIST ALL_DONE", "TRADE PARTIALLY_FILLED",
            ])
        #expect(try status(fixture, "down") == "EXPIRED")
        #expect(try status(fixture, "up") == "PARTIALLY_FILLED")
        #expect(fixture.locked("BTC") == amount("0.3"))
        #expect(try fixture.signed("GET", "/api/v3/openOrderList").json.elements?.isEmpty == true)
        // What is left is an order like any other.
        let gone = fixture.signed("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=up")
        #expect(try gone.json["status"]?.text == "CANCELED")
        #expect(fixture.locked("BTC").isZero)
    }

    @Test("The stop is reached: the order in the book expires, and the stop trades")
    func stopGoesAhead() throws {
        let fixture = try fixture()
        #expect(fixture.signed("POST", "/api/v3/orderList/oco", sale).status == 200)
        _ = fixture.desk.takeEvents()
        try fixture.rest(.buy, "3", at: "58950")
        try fixture.rest(.sell, "1", at: "58950")
        #expect(
            words(fixture.desk.takeEvents()) == [
                "EXPIRED EXPIRED", "LIST ALL_DONE", "NEW NEW", "TRADE FILLED",
                "ENTRUST BTC 1.5/0, USDT 129445.525/0",
            ])
        #expect(try status(fixture, "up") == "EXPIRED")
        #expect(try status(fixture, "down") == "FILLED")
        #expect(fixture.desk.markets[0].book.depth(.sell).allSatisfy { $0.price != price("61000") })
    }

    @Test("Cancelling the list, or either of its orders, cancels both", arguments: 0..<4)
    func cancelling(way: Int) throws {
        let fixture = try fixture()
        #expect(fixture.signed("POST", "/api/v3/orderList/oco", sale).status == 200)
        let calls = [
            ("/api/v3/orderList", "symbol=BTCUSDT&orderListId=0"),
            ("/api/v3/orderList", "symbol=BTCUSDT&listClientOrderId=pair"),
            ("/api/v3/order", "symbol=BTCUSDT&origClientOrderId=up"),
            ("/api/v3/openOrders", "symbol=BTCUSDT"),
        ]
        let reply = fixture.signed("DELETE", calls[way].0, calls[way].1)
        #expect(reply.status == 200, "\(reply.text)")
        let list = try reply.json[0] ?? reply.json
        #expect(list["listOrderStatus"]?.text == "ALL_DONE")
        #expect(list["orderReports"]?.elements?.map { $0["status"]?.text } == ["CANCELED", "CANCELED"])
        #expect(fixture.locked("BTC").isZero)
        #expect(try fixture.desk.openOrders().isEmpty)
        let again = fixture.signed("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&orderListId=0")
        #expect(try again.code == -2011)
        #expect(try fixture.signed("GET", "/api/v3/allOrderList").json.elements?.count == 1)
    }

    @Test(
        "A list that cannot be is refused with its code, and nothing is placed",
        arguments: [
            ("abovePrice=61000", "abovePrice=59500", -2010),
            ("belowStopPrice=59000", "belowStopPrice=60500", -2010),
            ("aboveType=LIMIT_MAKER", "aboveType=STOP_LOSS", -1197),
            ("belowType=STOP_LOSS_LIMIT", "belowType=LIMIT_MAKER", -1168),
            ("belowType=STOP_LOSS_LIMIT", "belowType=TAKE_PROFIT_LIMIT", -1199),
            ("aboveType=LIMIT_MAKER", "aboveType=MARKET", -1116),
            ("quantity=0.5", "quantity=3", -2010),
            ("quantity=0.5", "quantity=0.0000001", -1013),
            ("belowClientOrderId=down", "belowClientOrderId=up", -2010),
            ("&belowTimeInForce=GTC", "", -1102),
            ("side=SELL", "side=BUY", -1165),
        ])
    func refusals(old: String, new: String, code: Int64) throws {
        let fixture = try fixture()
        let changed = sale.split(separator: "&").map { String($0) }
        let parameters = changed.map { $0 == old.drop { $0 == "&" } ? new : $0 }
            .filter { !$0.isEmpty }.joined(separator: "&")
        let before = fixture.desk.balances.rows
        let reply = fixture.signed("POST", "/api/v3/orderList/oco", parameters)
        #expect(try reply.code == code, "\(reply.text)")
        #expect(try fixture.desk.openOrders().isEmpty && fixture.desk.lists.isEmpty)
        #expect(fixture.desk.balances.rows == before)
    }

    @Test("The former endpoint takes a limit and a stop price; a purchase has its stop above")
    func formerEndpoint() throws {
        let fixture = try fixture()
        let reply = fixture.signed(
            "POST", "/api/v3/order/oco",
            "symbol=BTCUSDT&side=BUY&quantity=0.5&price=59000&stopPrice=61000&stopLimitPrice=61500"
                + "&stopLimitTimeInForce=GTC")
        #expect(reply.status == 200, "\(reply.text)")
        let types = try reply.json["orderReports"]?.elements?.map { $0["type"]?.text }
        #expect(types == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"])
        // The dearer one is what both hold.
        #expect(fixture.locked("USDT") == amount("30750"))
        try fixture.rest(.buy, "5", at: "61000")
        try fixture.rest(.buy, "1", at: "61000")
        try fixture.rest(.sell, "1", at: "61000")
        #expect(try fixture.desk.openOrders().map(\.kind) == [.stopLossLimit])
        #expect(fixture.locked("USDT") == amount("30750"))
    }

    @Test("After kill -9 a list is what it was: one of its orders still ends the other")
    func restart() throws {
        let first = try fixture()
        var journal = first.desk.startJournal()
        #expect(first.signed("POST", "/api/v3/orderList/oco", sale).status == 200)
        journal += first.desk.takeJournal()
        let second = SpotFixture()
        _ = try second.venue.restore(journal)
        #expect(second.desk.lists == first.desk.lists)
        #expect(second.locked("BTC") == amount("0.5"))
        try second.rest(.buy, "0.2", at: "61000")
        #expect(try status(second, "down") == "EXPIRED")
        #expect(try status(second, "up") == "PARTIALLY_FILLED")
        #expect(second.signed("POST", "/api/v3/orderList/oco", sale).status == 400)
        #expect(second.desk.lists.map(\.listID) == [0])
    }

    @Test("The account's stream tells of a list in the venue's words")
    func event() throws {
        let fixture = try fixture()
        #expect(fixture.open(1, "/ws-api/v3"))
        fixture.say(
            1,
            #"{"id":1,"method":"userDataStream.subscribe.signature","params":\#(fixture.signedParams([]))}"#
        )
        _ = try received(fixture.venue, 1)
        let pairs = sale.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=").map(String.init)
            return (halves[0], halves[1])
        }
        fixture.say(
            1,
            #"{"id":2,"method":"orderList.place.oco","params":\#(fixture.signedParams(pairs))}"#)
        let messages = try received(fixture.venue, 1)
        let events = messages.compactMap { $0["event"] }
        let kinds = events.map { $0["e"]?.text }
        #expect(
            kinds == [
                "executionReport", "executionReport", "listStatus", "outboundAccountPosition",
            ])
        #expect(
            keys(events[2]) == ["e", "E", "s", "g", "c", "l", "L", "r", "C", "T", "O"])
        #expect(events[0]["g"]?.integer == 0 && events[2]["C"]?.text == "pair")
        #expect(messages.last?["result"]?["orderListId"]?.integer == 0)
    }
}

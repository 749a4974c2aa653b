import Bytes
import ExchangeDoor
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Conditional orders") struct AlgoTests {
    private static let path = "/fapi/v1/algoOrder"

    private func place(_ fixture: DeskFixture, _ rest: String) throws -> JSONValue {
        let reply = fixture.signed(
            "POST", AlgoTests.path, "algoType=CONDITIONAL&symbol=BTCUSDT&" + rest)
        return try reply.json
    }

    /// A long position of 0.1 with a market around 65,000.
    private func long() throws -> DeskFixture {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "5", at: "65000")
        try fixture.rest(.buy, "5", at: "64990")
        try fixture.market(.buy, "0.1")
        return fixture
    }

    @Test("A stop closes the position when the last price reaches it, and tells each step")
    func stop() throws {
        let fixture = try long()
        let placed = try place(
            fixture,
            "side=SELL&type=STOP_MARKET&triggerPrice=64950&closePosition=true&clientAlgoId=stop")
        #expect(placed["algoStatus"]?.text == "NEW", "\(placed.json)")
        #expect(placed["algoId"]?.integer ?? 0 > 0)
        _ = fixture.desk.takeEvents()
        try fixture.rest(.buy, "5", at: "64940")
        try fixture.desk.movePrice(btc, to: price("64950"), wall: fixture.wall)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "ALGO TRIGGERING", "LITE 0.1", "ORDER NEW NEW", "ACCOUNT 0",
                "ORDER TRADE FILLED", "ALGO TRIGGERED", "ALGO FINISHED",
            ])
        let query = try fixture.signed("GET", AlgoTests.path, "clientalgoid=stop").json
        #expect(query["algoStatus"]?.text == "FINISHED")
        let orderID = try #require(query["actualOrderId"]?.integer)
        #expect(try fixture.desk.query(btc, orderID: orderID).status == .filled)
    }

    @Test("A take-profit on mark becomes a limit order that rests, and ends with it")
    func takeProfit() throws {
        let fixture = try long()
        _ = try place(
            fixture,
            "side=SELL&type=TAKE_PROFIT&triggerPrice=65100&price=65200&quantity=0.1"
                + "&workingType=MARK_PRICE&reduceOnly=true&clientAlgoId=tp")
        try fixture.desk.movePrice(btc, to: price("65100"), wall: fixture.wall)
        let algo = try fixture.desk.queryAlgo(algoID: nil, clientAlgoID: "tp")
        #expect(algo.status == .triggered)
        let order = try fixture.desk.query(btc, clientOrderID: "tp")
        #expect(order.isOpen && order.isReduceOnly && order.price == price("65200"))
        _ = try fixture.desk.cancel(btc, orderID: order.orderID, wall: fixture.wall)
        #expect(try fixture.desk.queryAlgo(algoID: nil, clientAlgoID: "tp").status == .finished)
    }

    @Test("A trailing stop follows the best price and triggers when it comes back by its rate")
    func trailing() throws {
        let fixture = try long()
        _ = try place(
            fixture,
            "side=SELL&type=TRAILING_STOP_MARKET&callbackRate=1&quantity=0.1&reduceOnly=true"
                + "&clientAlgoId=trail")
        for (level, isOpen) in [
            ("65000", true), ("66000", true), ("65400", true), ("65340", false),
        ] {
            try fixture.desk.movePrice(btc, to: price(level), wall: fixture.wall)
            let algo = try fixture.desk.queryAlgo(algoID: nil, clientAlgoID: "trail")
            #expect(algo.status.isOpen == isOpen, "\(level)")
        }
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
    }

    @Test("A refused order ends its conditional order, and says why")
    func rejected() throws {
        let fixture = try long()
        _ = try place(
            fixture,
            "side=BUY&type=STOP_MARKET&triggerPrice=65100&quantity=100&clientAlgoId=big")
        _ = fixture.desk.takeEvents()
        try fixture.desk.movePrice(btc, to: price("65100"), wall: fixture.wall)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "ALGO TRIGGERING", "ALGO REJECTED", "TRIGGER REJECT",
            ])
        let algo = try fixture.desk.queryAlgo(algoID: nil, clientAlgoID: "big")
        #expect(algo.reason == "Margin is insufficient.")
    }

    @Test(
        "Each conditional order that cannot be has its code",
        arguments: [
            ("side=SELL&type=STOP_MARKET&triggerPrice=65100&quantity=0.1", -2021),
            ("side=BUY&type=TAKE_PROFIT_MARKET&triggerPrice=65100&quantity=0.1", -2021),
            ("side=SELL&type=STOP_MARKET&quantity=0.1", -1102),
            ("side=SELL&type=STOP_MARKET&triggerPrice=60000.05&quantity=0.1", -4014),
            ("side=SELL&type=STOP_MARKET&triggerPrice=60000", -1102),
            ("side=SELL&type=STOP_MARKET&triggerPrice=60000&quantity=1&closePosition=true", -1106),
            ("side=SELL&type=STOP&triggerPrice=60000&quantity=0.1", -1102),
            ("side=SELL&type=LIMIT&triggerPrice=60000&quantity=0.1", -1116),
            ("side=SELL&type=TRAILING_STOP_MARKET&quantity=0.1&callbackRate=11", -2007),
            ("side=SELL&type=STOP_MARKET&triggerPrice=60000&quantity=0.1&positionSide=LONG", -4061),
        ])
    func refusals(text: String, code: Int) throws {
        #expect(try place(try long(), text)["code"]?.integer == Int64(code))
    }

    @Test("They are listed, cancelled one by one or all, and no more than 200 are open")
    func lists() throws {
        let fixture = DeskFixture()
        let text = "side=BUY&type=STOP_MARKET&triggerPrice=70000&quantity=0.1"
        for _ in 0..<200 { #expect(try place(fixture, text)["algoStatus"]?.text == "NEW") }
        #expect(try place(fixture, text)["code"]?.integer == -4045)
        let open = try fixture.signed("GET", "/fapi/v1/openAlgoOrders", "symbol=BTCUSDT").json
        #expect(open.elements?.count == 200)
        let algoID = try #require(open[0]?["algoId"]?.integer)
        let canceled = try fixture.signed("DELETE", AlgoTests.path, "algoid=\(algoID)").json
        #expect(canceled["code"]?.text == "200")
        #expect(try fixture.signed("DELETE", AlgoTests.path, "algoId=\(algoID)").code == -2011)
        let all = fixture.signed("DELETE", "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT")
        #expect(try all.json["code"]?.integer == 200)
        let past = try fixture.signed("GET", "/fapi/v1/allAlgoOrders", "symbol=BTCUSDT&limit=3")
            .json
        #expect(past.elements?.count == 3)
        #expect(past[0]?["algoStatus"]?.text == "CANCELED")
    }
}

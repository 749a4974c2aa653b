import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Requests to Binance spot") struct BinanceRequestTests {
    private let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC"

    @Test("A signed order is taken from the query and from a form body, in three forms of reply")
    func placing() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "0.1", at: "64000")
        let full = fixture.signed("POST", "/api/v3/order", limit + "&quantity=0.15&price=64000")
        #expect(full.status == 200, "\(full.text)")
        #expect(try full.json["status"]?.text == "PARTIALLY_FILLED")
        #expect(try full.json["fills"]?[0]?["commission"]?.text == "0.00010000")
        #expect(try full.json["fills"]?[0]?["commissionAsset"]?.text == "BTC")
        let short = fixture.signed(
            "POST", "/api/v3/order",
            limit + "&quantity=0.01&price=60000&newOrderRespType=ACK&newClientOrderId=x-TKT5PX2F1",
            inBody: true)
        #expect(try short.json["clientOrderId"]?.text == "x-TKT5PX2F1")
        #expect(try short.json["status"] == nil)
        let canceled = fixture.signed(
            "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=x-TKT5PX2F1", inBody: true)
        #expect(try canceled.json["status"]?.text == "CANCELED")
        #expect(try canceled.json["origClientOrderId"]?.text == "x-TKT5PX2F1")
        let again = fixture.signed(
            "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=x-TKT5PX2F1")
        #expect(try again.code == -2011)
    }

    @Test(
        "Refusals have the venue's codes and words",
        arguments: [
            ("quantity=0.1&price=64000.001", -1013, "Filter failure: PRICE_FILTER"),
            ("quantity=0.000001&price=64000", -1013, "Filter failure: LOT_SIZE"),
            ("quantity=0.00001&price=64000", -1013, "Filter failure: NOTIONAL"),
            ("quantity=0.1&price=1", -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
            ("quantity=0.1&price=900000", -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
            (
                "quantity=2&price=64000", -2010,
                "Account has insufficient balance for requested action."
            ),
            (
                "quantity=0.123456789&price=64000", -1111,
                "Parameter 'quantity' has too much precision."
            ),
            (
                "quantity=0.1", -1102,
                "Mandatory parameter 'price' was not sent, was empty/null, or malformed."
            ),
            (
                "price=64000", -1102,
                "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."
            ),
            (
                "quantity=1e3&price=64000", -1100,
                "Illegal characters found in parameter 'quantity'; legal range is "
                    + "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'."
            ),
            (
                "quantity=0.1&price=64000&newClientOrderId=a%20b", -1100,
                "Illegal characters found in parameter 'newClientOrderId'; legal range is "
                    + "'^[a-zA-Z0-9-_]{1,36}$'."
            ),
        ] as [(String, Int64, String)])
    func refusals(parameters: String, code: Int64, message: String) throws {
        let fixture = SpotFixture()
        let before = fixture.desk.balances.rows
        let reply = fixture.signed("POST", "/api/v3/order", limit + "&" + parameters)
        #expect(reply.status == 400)
        #expect(try reply.code == code)
        #expect(try reply.message == message)
        #expect(fixture.desk.balances.rows == before)
        let test = fixture.signed("POST", "/api/v3/order/test", limit + "&" + parameters)
        #expect(try test.code == code)
    }

    @Test("T8: the clock, the key and the signature are checked, in milliseconds and microseconds")
    func authentication() throws {
        let fixture = SpotFixture()
        let now = fixture.wall.milliseconds
        func account(
            _ timestamp: Int64, _ more: String = "", _ key: ExchangeKey = SpotFixture.readKey
        )
            throws -> Int64?
        {
            try fixture.signed("GET", "/api/v3/account", more, key: key, timestamp: timestamp).code
        }
        #expect(try account(now) == nil)
        #expect(try account(now * 1_000) == nil)
        #expect(try account(now - 5_001) == -1021)
        #expect(try account(now - 5_001, "recvWindow=5001.5") == nil)
        #expect(try account(now + 1_000) == -1021)
        #expect(try account(now, "recvWindow=60001") == -1131)
        let stranger = ExchangeKey(key: "nobody", secret: "x", role: .trade)
        #expect(try account(now, "", stranger) == -2015)
        let wrong = ExchangeKey(key: "read-key", secret: "x", role: .read)
        #expect(try account(now, "", wrong) == -1022)
        #expect(
            try fixture.signed(
                "POST", "/api/v3/order", limit + "&quantity=0.1&price=64000",
                key: SpotFixture.readKey
            ).code == -2015)
        #expect(try fixture.call("GET", "/api/v3/account").code == -2014)
    }

    @Test("cancelReplace says what became of each half")
    func cancelReplace() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "1", at: "64000")
        try fixture.limit(.buy, "0.1", at: "60000", id: "old")
        func replace(_ mode: String, _ id: String, _ order: String) -> ExchangeResponse {
            fixture.signed(
                "POST", "/api/v3/order/cancelReplace",
                "symbol=BTCUSDT&side=BUY&cancelReplaceMode=\(mode)&cancelOrigClientOrderId=\(id)&"
                    + order)
        }
        let limit = "type=LIMIT&timeInForce=GTC&quantity=0.1&price=61000&newClientOrderId=new"
        let stopped = replace("STOP_ON_FAILURE", "none", limit)
        #expect(stopped.status == 400)
        #expect(try stopped.code == -2022)
        #expect(try stopped.json["data"]?["newOrderResult"]?.text == "NOT_ATTEMPTED")
        let done = replace("STOP_ON_FAILURE", "old", limit)
        #expect(done.status == 200, "\(done.text)")
        #expect(try done.json["newOrderResponse"]?["clientOrderId"]?.text == "new")
        let partly = replace("ALLOW_FAILURE", "new", "type=LIMIT_MAKER&quantity=0.1&price=64000")
        #expect(partly.status == 409)
        #expect(try partly.code == -2021)
        #expect(try partly.json["data"]?["newOrderResponse"]?["code"]?.integer == -2010)
        let nothing = replace("ALLOW_FAILURE", "new", "type=LIMIT_MAKER&quantity=0.1&price=64000")
        #expect(try nothing.code == -2022)
    }

    @Test("Lists, balances and start-up questions are answered")
    func reading() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "0.1", at: "64000")
        try fixture.market(.buy, "0.1")
        try fixture.limit(.buy, "0.1", at: "60000")
        for path in [
            "/api/v3/openOrders", "/sapi/v1/capital/config/getall", "/sapi/v1/asset/tradeFee",
            "/sapi/v1/account/apiRestrictions", "/api/v3/rateLimit/order",
        ] {
            #expect(fixture.signed("GET", path).status == 200, "\(path)")
        }
        #expect(
            try fixture.signed("GET", "/api/v3/allOrders", "symbol=BTCUSDT").json.elements?.count
                == 2)
        let account = try fixture.signed(
            "GET", "/api/v3/account", "omitZeroBalances=true"
        ).json
        let usdt = account["balances"]?.elements?.first { $0["asset"]?.text == "USDT" }
        #expect(usdt?["locked"]?.text == "6000.00000000")
        #expect(account["balances"]?.elements?.count == 3)
        #expect(fixture.call("GET", "/sapi/v1/system/status").status == 200)
        #expect(fixture.call("GET", "/api/v3/nowhere").status == 404)
        let some = fixture.call(
            "GET", "/api/v3/ticker/price", query: "symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D")
        #expect(try some.json.elements?.count == 2)
    }

    @Test("Orders that trade do not count against the order limit; others do")
    func orderLimit() throws {
        let fixture = SpotFixture {
            $0.limits.rates.orders = [RateWindow(3, per: 10, .second), RateWindow(9, per: 1, .day)]
        }
        try fixture.rest(.sell, "1", at: "64000")
        let taking = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01"
        for _ in 0..<5 {
            #expect(fixture.signed("POST", "/api/v3/order", taking).status == 200)
        }
        let resting = limit + "&quantity=0.01&price=60000"
        for _ in 0..<3 {
            #expect(fixture.signed("POST", "/api/v3/order", resting).status == 200)
        }
        let refused = fixture.signed("POST", "/api/v3/order", resting)
        #expect(refused.status == 429)
        #expect(
            try refused.message
                == "Too many new orders; current limit is 3 orders per 10 SECOND.")
        #expect(refused.headers.contains { $0.0 == "Retry-After" })
    }
}

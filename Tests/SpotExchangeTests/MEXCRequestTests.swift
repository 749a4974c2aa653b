import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Requests to MEXC") struct MEXCRequestTests {
    private func venue() throws -> SpotFixture {
        let fixture = SpotFixture(.mexc)
        try fixture.rest(.sell, "1000", at: "0.75", in: qrl)
        try fixture.rest(.buy, "1000", at: "0.74", in: qrl)
        return fixture
    }

    private func order(_ fixture: SpotFixture, _ text: String) -> ExchangeResponse {
        fixture.signed("POST", "/api/v3/order", "symbol=QRLUSDT&" + text)
    }

    @Test("A new order is answered without its status; a query by its text id tells it")
    func placing() throws {
        let fixture = try venue()
        let placed = order(
            fixture, "side=BUY&type=IMMEDIATE_OR_CANCEL&quantity=1500&price=0.75")
        #expect(placed.status == 200, "\(placed.text)")
        #expect(try placed.json["status"] == nil)
        let id = try #require(try placed.json["orderId"]?.text)
        #expect(id.hasPrefix("C02__"))
        let found = fixture.signed("GET", "/api/v3/order", "symbol=QRLUSDT&orderId=\(id)")
        #expect(try found.json["status"]?.text == "PARTIALLY_CANCELED")
        #expect(try found.json["executedQty"]?.text == "1000")
        #expect(try found.json["type"]?.text == "IMMEDIATE_OR_CANCEL")
        #expect(try found.json["timeInForce"] == .null)
        let elsewhere = fixture.signed("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)")
        #expect(try elsewhere.code == -2013)
    }

    @Test("Types carry the time in force; a maker order that would take is cancelled")
    func types() throws {
        let fixture = try venue()
        func status(_ text: String) throws -> String? {
            let placed = order(fixture, text)
            guard let id = try placed.json["orderId"]?.text else { return placed.text }
            return try fixture.signed("GET", "/api/v3/order", "symbol=QRLUSDT&orderId=\(id)")
                .json["status"]?.text
        }
        #expect(try status("side=BUY&type=FILL_OR_KILL&quantity=1001&price=0.75") == "CANCELED")
        #expect(try status("side=BUY&type=LIMIT_MAKER&quantity=10&price=0.75") == "CANCELED")
        #expect(try status("side=BUY&type=LIMIT_MAKER&quantity=10&price=0.745") == "NEW")
        #expect(fixture.desk.balances["USDT"]?.locked == amount("7.45"))
        #expect(try status("side=BUY&type=MARKET&quoteOrderQty=75") == "FILLED")
        #expect(try status("side=SELL&type=MARKET&quantity=10") == "FILLED")
    }

    @Test(
        "Refusals have positive codes",
        arguments: [
            ("side=BUY&type=LIMIT&quantity=1&price=0.75", 30002),
            ("side=BUY&type=LIMIT&quantity=10.001&price=0.75", 400),
            ("side=BUY&type=LIMIT&quantity=10&price=0.7500001", 400),
            ("side=BUY&type=LIMIT&quantity=1000000&price=0.75", 30004),
            ("side=SELL&type=LIMIT&quantity=1000000&price=0.75", 30005),
            ("side=BUY&type=LIMIT&quantity=10000000&price=0.75", 30003),
            ("side=BUY&type=STOP_LIMIT&quantity=10&price=0.75", 33333),
            ("side=BUY&type=LIMIT&quantity=ten&price=0.75", 700008),
            ("side=BUY&type=LIMIT&price=0.75", 700004),
        ] as [(String, Int64)])
    func refusals(text: String, code: Int64) throws {
        let fixture = try venue()
        let before = fixture.desk.balances.rows
        let reply = order(fixture, text)
        #expect(try reply.code == code, "\(reply.text)")
        #expect(fixture.desk.balances.rows == before)
    }

    @Test("Everything private is signed, listen keys too")
    func authentication() throws {
        let fixture = try venue()
        #expect(
            try fixture.call("POST", "/api/v3/userDataStream", apiKey: "trade-key").code == 700004)
        let opened = fixture.signed("POST", "/api/v3/userDataStream")
        let key = try #require(try opened.json["listenKey"]?.text)
        #expect(
            fixture.signed("PUT", "/api/v3/userDataStream", "listenKey=\(key)").status == 200)
        #expect(
            try fixture.signed("GET", "/api/v3/userDataStream").json["listenKey"]?[0]?.text == key)
        #expect(
            fixture.signed("DELETE", "/api/v3/userDataStream", "listenKey=\(key)").status == 200)
        #expect(
            fixture.signed("PUT", "/api/v3/userDataStream", "listenKey=\(key)").status == 400)
        let late = fixture.signed(
            "GET", "/api/v3/account", timestamp: fixture.wall.milliseconds - 6_000)
        #expect(try late.code == 700003)
        let unknown = ExchangeKey(key: "nobody", secret: "x", role: .trade)
        #expect(try fixture.signed("GET", "/api/v3/account", key: unknown).code == 10072)
        let forged = ExchangeKey(key: "trade-key", secret: "x", role: .trade)
        #expect(try fixture.signed("GET", "/api/v3/account", key: forged).code == 700002)
    }

    @Test(
        "Batches answer for each order, cancels for each symbol, and start-up questions are answered"
    )
    func lists() throws {
        let fixture = try venue()
        let orders =
            #"[{"symbol":"QRLUSDT","side":"BUY","type":"LIMIT","quantity":"10","price":"0.7","newClientOrderId":"a"},{"symbol":"QRLUSDT","side":"BUY","type":"LIMIT","quantity":1,"price":0.7,"newClientOrderId":"b"}]"#
        let batch = fixture.signed("POST", "/api/v3/batchOrders", "batchOrders=" + orders.escaped)
        #expect(batch.status == 200, "\(batch.text)")
        #expect(try batch.json[0]?["orderId"]?.text != nil)
        #expect(try batch.json[1]?["code"]?.integer == 30002)
        #expect(
            try fixture.signed("GET", "/api/v3/openOrders", "symbol=QRLUSDT").json.elements?.count
                == 1)
        // One symbol a call, and two calls a second.
        let mixed = orders.replacing(#""symbol":"QRLUSDT","side":"BUY","type":"LIMIT","quantity":1,"#,
            with: #""symbol":"BTCUSDT","side":"BUY","type":"LIMIT","quantity":1,"#)
        let refused = fixture.signed("POST", "/api/v3/batchOrders", "batchOrders=" + mixed.escaped)
        #expect(refused.status == 400, "\(refused.text)")
        let third = fixture.signed("POST", "/api/v3/batchOrders", "batchOrders=" + orders.escaped)
        #expect(third.status == 429 && third.headers.contains { $0.0 == "Retry-After" }, "\(third.text)")
        let canceled = fixture.signed("DELETE", "/api/v3/openOrders", "symbol=QRLUSDT,BTCUSDT")
        #expect(try canceled.json.elements?.count == 1, "\(canceled.text)")
        #expect(
            try fixture.call("GET", "/api/v1/contract/detail").json["success"] == .boolean(true))
        #expect(fixture.signed("GET", "/api/v3/capital/config/getall").status == 200)
        let info = try fixture.call("GET", "/api/v3/exchangeInfo", query: "symbol=QRLUSDT").json
        let symbol = try #require(info["symbols"]?[0])
        #expect(symbol["status"]?.text == "1")
        #expect(symbol["baseAssetPrecision"]?.integer == 2)
        #expect(symbol["quoteAssetPrecision"]?.integer == 5)
        #expect(symbol["filters"] == .array([]))
        #expect(symbol["quoteAmountPrecision"]?.text == "1")
    }
}

extension String {
    /// Percent-encoded, but for letters and digits.
    var escaped: String {
        var text = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = Array("0123456789ABCDEF")
                text += "%" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return text
    }
}

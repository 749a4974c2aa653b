import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Testing
import Trading

@Suite("Requests to the paper desk") struct RequestTests {
    private let order =
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=64000"

    private func signature(_ payload: String, secret: String = "trade-secret") -> String {
        HMACSHA256(key: Array(secret.utf8)).hexSignature(query: payload)
    }

    @Test("A signature covers the raw query and body, wherever the pair stands, in either case")
    func signatures() throws {
        let fixture = DeskFixture()
        let full = order + "&timestamp=\(fixture.wall.milliseconds)"
        let path = "/fapi/v1/order"
        func post(query: String, body: String) -> Int {
            fixture.call("POST", path, query: query, body: body, apiKey: "trade-key").status
        }
        #expect(post(query: "\(full)&signature=\(signature(full))", body: "") == 200)
        #expect(post(query: "", body: "\(full)&signature=\(signature(full))") == 200)
        #expect(post(query: "signature=\(signature(full).uppercased())", body: full) == 200)
        let split = "timestamp=\(fixture.wall.milliseconds)"
        #expect(post(query: order, body: "\(split)&signature=\(signature(order + split))") == 200)
        let encoded = full + "&newClientOrderId=a%2Fb"
        #expect(post(query: "\(encoded)&signature=\(signature(encoded))", body: "") == 200)
        #expect(fixture.desk.openOrders().count == 5)
        #expect(fixture.desk.openOrders().last?.clientOrderID == "a/b")
    }

    @Test("A wrong, cut or missing signature is refused with -1022 or -1102")
    func badSignatures() throws {
        let fixture = DeskFixture()
        let full = order + "&timestamp=\(fixture.wall.milliseconds)"
        for text in [signature(full + " "), String(signature(full).dropLast()), "zz", "%00"] {
            let reply = fixture.call(
                "POST", "/fapi/v1/order", query: "\(full)&signature=\(text)", apiKey: "trade-key")
            #expect(try reply.code == -1022)
        }
        let unsigned = fixture.call("POST", "/fapi/v1/order", query: full, apiKey: "trade-key")
        #expect(try unsigned.code == -1102)
        #expect(fixture.desk.openOrders().isEmpty)
    }

    @Test("T8 a timestamp too old or over a second ahead is -1021")
    func timestamps() throws {
        let fixture = DeskFixture()
        func code(_ offset: Int64, window: String = "") throws -> Int64? {
            let query = "timestamp=\(fixture.wall.milliseconds + offset)" + window
            return try fixture.call(
                "GET", "/fapi/v3/balance", query: "\(query)&signature=\(signature(query))",
                apiKey: "trade-key"
            ).code
        }
        #expect(try code(999) == nil)
        #expect(try code(1_000) == -1021)
        #expect(try code(-5_000) == nil)
        #expect(try code(-5_001) == -1021)
        #expect(try code(-5_001, window: "&recvWindow=6000") == nil)
        #expect(try code(0, window: "&recvWindow=60001") == -1130)
    }

    @Test("A key that may only read cannot trade (-2015), an unknown key can do nothing")
    func roles() throws {
        let fixture = DeskFixture()
        let read = DeskFixture.readKey
        #expect(fixture.signed("GET", "/fapi/v2/account", key: read).status == 200)
        for (method, path) in [
            ("POST", "/fapi/v1/order"), ("DELETE", "/fapi/v1/order"), ("POST", "/fapi/v1/leverage"),
        ] {
            let reply = fixture.signed(method, path, order, key: read)
            #expect(reply.status == 401)
            #expect(try reply.code == -2015)
        }
        #expect(try fixture.call("POST", "/fapi/v1/listenKey").code == -2014)
        #expect(try fixture.call("POST", "/fapi/v1/listenKey", apiKey: "other").code == -2015)
    }

    @Test(
        "Each broken order has its code",
        arguments: [
            ("symbol=NOUSDT", -1121), ("side=UP", -1117), ("type=STOP_MARKET", -4120),
            ("type=WHAT", -1116), ("timeInForce=ABC", -1115), ("quantity=0.0001", -1111),
            ("quantity=0", -4003), ("quantity=-1", -4003), ("quantity=abc", -1100),
            ("quantity=1001", -4005), ("quantity=1e30", -4005), ("price=0", -4001),
            ("price=64000.05", -4014), ("price=64000.001", -1111), ("price=400", -4013),
            ("price=5000000", -4002), ("price=70000", -4016), ("quantity=0.001", -4164),
            ("positionSide=LONG", -4061), ("positionSide=UP", -1130), ("closePosition=true", -1106),
            ("newClientOrderId=a%20b", -4015),
            ("newClientOrderId=1234567890123456789012345678901234567", -4015),
            ("reduceOnly=true", -2022), ("selfTradePreventionMode=X", -5039),
            ("quantity=40", -2019), ("timeInForce=", -1102),
            ("timeInForce=GTD", -5040), ("newOrderRespType=FULL", -1130),
        ])
    func brokenOrders(change: String, code: Int) throws {
        let fixture = DeskFixture()
        // The first of two pairs with one name counts.
        let reply = fixture.signed("POST", "/fapi/v1/order", change + "&" + order)
        #expect(reply.status == 400)
        #expect(try reply.code == Int64(code), "\(reply.text)")
        #expect(fixture.desk.openOrders().isEmpty)
    }

    @Test("The sell side has its own price band")
    func sellBand() throws {
        let fixture = DeskFixture()
        let reply = fixture.signed("POST", "/fapi/v1/order", "side=SELL&price=61000&" + order)
        #expect(try reply.code == -4024)
    }

    @Test("Replies are ACK as if nothing had traded yet, or RESULT as it stands")
    func responseTypes() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        let market = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.010"
        let acknowledged = try fixture.signed("POST", "/fapi/v1/order", market).json
        #expect(acknowledged["status"]?.text == "NEW")
        #expect(acknowledged["executedQty"]?.text == "0.000")
        let result = try fixture.signed(
            "POST", "/fapi/v1/order", market + "&newOrderRespType=RESULT"
        ).json
        #expect(result["status"]?.text == "FILLED")
        #expect(result["executedQty"]?.text == "0.010")
        #expect(result["avgPrice"]?.text == "65000.00")
        #expect(result["cumQuote"]?.text == "650.00000")
    }

    @Test("Weights are counted and announced; over the limit is 429 with -1003 and Retry-After")
    func weights() throws {
        let fixture = DeskFixture { $0.limits.rates.weight[0].limit = 50 }
        let first = fixture.signed("GET", "/fapi/v1/openOrders")
        #expect(first.headers.contains { $0 == ("X-MBX-USED-WEIGHT-1M", "40") })
        #expect(fixture.call("GET", "/fapi/v1/ticker/bookTicker").status == 200)
        let over = fixture.call("GET", "/fapi/v1/premiumIndex")
        #expect(over.status == 429)
        #expect(try over.code == -1003)
        #expect(over.headers.contains { $0.0 == "Retry-After" })
        fixture.wall = fixture.wall + .seconds(60)
        #expect(fixture.call("GET", "/fapi/v1/ping").status == 200)
    }

    @Test("Order counts are announced and enforced; cancels do not count")
    func orderCounts() throws {
        let fixture = DeskFixture { $0.limits.rates.orders[0].limit = 2 }
        let first = fixture.signed("POST", "/fapi/v1/order", order + "&newClientOrderId=a")
        #expect(first.headers.contains { $0 == ("X-MBX-ORDER-COUNT-10S", "1") })
        #expect(first.headers.contains { $0 == ("X-MBX-ORDER-COUNT-1M", "1") })
        #expect(fixture.signed("POST", "/fapi/v1/order", order).status == 200)
        let over = fixture.signed("POST", "/fapi/v1/order", order)
        #expect(over.status == 429)
        #expect(try over.code == -1015)
        let name = "symbol=BTCUSDT&origClientOrderId=a"
        #expect(fixture.signed("DELETE", "/fapi/v1/order", name).status == 200)
        fixture.wall = fixture.wall + .seconds(10)
        #expect(fixture.signed("POST", "/fapi/v1/order", order).status == 200)
    }

    @Test("T1 a listen key is kept, renewed and lost; an unknown path is 404 JSON")
    func listenKeys() throws {
        let fixture = DeskFixture()
        func key(_ method: String) throws -> String? {
            try fixture.call(method, "/fapi/v1/listenKey", apiKey: "trade-key").json["listenKey"]?
                .text
        }
        let listenKey = try key("POST")
        #expect(listenKey?.utf8.count == 64)
        #expect(try key("POST") == listenKey)
        fixture.wall = fixture.wall + .seconds(3_599)
        #expect(try key("PUT") == listenKey)
        fixture.wall = fixture.wall + .seconds(3_601)
        #expect(words(fixture.run(milliseconds: 1_100)) == ["EXPIRED KEY"])
        let gone = fixture.call("PUT", "/fapi/v1/listenKey", apiKey: "trade-key")
        #expect(try gone.code == -1125)
        let lost = fixture.call("GET", "/fapi/v1/nothing")
        #expect(lost.status == 404)
        #expect(try lost.code == -5000)
    }

    @Test("I2 I3 mutated requests are refused with a code and change nothing", arguments: 1...10)
    func mutations(seed: Int) throws {
        let fixture = DeskFixture()
        var random = SplitMix64(seed: UInt64(seed))
        let full = order + "&timestamp=\(fixture.wall.milliseconds)"
        let good = Array("\(full)&signature=\(signature(full))".utf8)
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            let reply = fixture.desk.respond(
                ExchangeRequest(
                    method: "POST", path: "/fapi/v1/order", query: bytes, apiKey: "trade-key",
                    wall: fixture.wall))
            #expect(try reply.status == 200 || reply.json["code"]?.integer ?? 0 < 0)
            fixture.wall = fixture.wall + .milliseconds(1)
        }
        let isClean = fixture.desk.openOrders().allSatisfy { $0.price == price("64000") }
        #expect(isClean, "seed \(seed)")
    }
}

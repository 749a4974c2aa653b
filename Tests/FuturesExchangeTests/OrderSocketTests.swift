import Bytes
import Chronology
import ExchangeDoor
import FuturesExchange
import Testing
import Trading

/// A venue with one socket of the WebSocket order API.
private final class OrderSocketFixture {
    let fixture = DeskFixture()
    let venue: FuturesVenue

    init() {
        venue = FuturesVenue(fixture.desk)
        venue.step(now: fixture.now, wall: fixture.wall)
        #expect(venue.socketOpened(1, path: "/ws-fapi/v1", query: [], remote: "127.0.0.1"))
        _ = taken()
    }

    private func taken() -> [SocketAction] {
        _ = venue.takeJournal()
        var actions: [SocketAction] = []
        venue.takeSocketActions(&actions)
        return actions
    }

    /// The one text that answers a message.
    func tell(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        venue.socketReceived(1, bytes.rawSpan, now: fixture.now, wall: fixture.wall)
        let sends = taken().compactMap { action -> String? in
            guard case .send(1, let bytes) = action else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(sends.count == 1)
        return try #require(sends.first)
    }

    /// A request signed over its sorted parameters; values are JSON as they stand.
    func call(
        _ method: String, _ params: [String: String], id: String = "1",
        key: ExchangeKey = DeskFixture.tradeKey, signature: String? = nil
    ) throws -> JSONValue {
        var all = params
        all["apiKey"] = "\"\(key.key)\""
        all["timestamp"] = String(fixture.wall.milliseconds)
        let pairs = all.sorted { $0.key < $1.key }
        let payload = pairs.map { name, value in
            name + "=" + value.trimming("\"")
        }.joined(separator: "&")
        let code = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: payload)
        let members =
            pairs.map { "\"\($0.key)\":\($0.value)" } + ["\"signature\":\"\(signature ?? code)\""]
        let text =
            "{\"id\":\(id),\"method\":\"\(method)\",\"params\":{"
            + members.joined(separator: ",") + "}}"
        let reply = try JSONValue.parse(Array(try tell(text).utf8))
        #expect(reply["id"]?.json == id)
        return reply
    }
}

extension String {
    fileprivate func trimming(_ mark: Character) -> String { filter { $0 != mark } }
}

@Suite("The WebSocket order API") struct OrderSocketTests {
    private let limit = [
        "symbol": "\"BTCUSDT\"", "side": "\"BUY\"", "type": "\"LIMIT\"", "timeInForce": "\"GTC\"",
        "quantity": "\"0.010\"", "price": "64000.5",
    ]

    @Test("An order is placed, asked for and cancelled as over REST")
    func orders() throws {
        let socket = OrderSocketFixture()
        let placed = try socket.call("order.place", limit, id: "\"8-uuid\"")
        #expect(placed["status"]?.integer == 200, "\(placed.json)")
        #expect(placed["result"]?["status"]?.text == "NEW")
        #expect(placed["result"]?["origQty"]?.text == "0.010")
        let limits = try #require(placed["rateLimits"]?.elements)
        #expect(limits.map { $0["rateLimitType"]?.text } == ["REQUEST_WEIGHT", "ORDERS", "ORDERS"])
        #expect(limits.map { $0["count"]?.integer } == [5, 1, 1])
        let orderID = try #require(placed["result"]?["orderId"]?.integer)
        let name = ["symbol": "\"BTCUSDT\"", "orderId": String(orderID)]
        let found = try socket.call("order.status", name)
        #expect(found["result"]?["clientOrderId"] == placed["result"]?["clientOrderId"])
        let cancelled = try socket.call(
            "order.cancel", name.merging(["returnRateLimits": "false"]) { $1 })
        #expect(cancelled["result"]?["status"]?.text == "CANCELED")
        #expect(cancelled["rateLimits"] == nil)
        #expect(try socket.call("order.cancel", name)["error"]?["code"]?.integer == -2011)
        #expect(socket.fixture.desk.openOrders().isEmpty)
    }

    @Test("REST and the socket share one count of weight and orders")
    func sharedLimits() throws {
        let socket = OrderSocketFixture()
        _ = socket.fixture.signed("GET", "/fapi/v3/account")
        _ = socket.fixture.signed(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=64000")
        let placed = try socket.call("order.place", limit)
        #expect(placed["rateLimits"]?.elements?.map { $0["count"]?.integer } == [10, 2, 2])
    }

    @Test("Errors carry status, code and text, and change nothing")
    func errors() throws {
        let socket = OrderSocketFixture()
        let forged = String(repeating: "0", count: 64)
        let bad = try socket.call("order.place", limit, signature: forged)
        #expect(bad["status"]?.integer == 400)
        #expect(bad["error"]?["code"]?.integer == -1022)
        let stranger = ExchangeKey(key: "other", secret: "other", role: .trade)
        let unknown = try socket.call("order.place", limit, key: stranger)
        #expect(unknown["status"]?.integer == 401)
        #expect(unknown["error"]?["code"]?.integer == -2015)
        let reader = try socket.call("order.place", limit, key: DeskFixture.readKey)
        #expect(reader["error"]?["code"]?.integer == -2015)
        let missing = try socket.call("order.place", limit.filter { $0.key != "quantity" })
        #expect(missing["error"]?["code"]?.integer == -1102)
        #expect(socket.fixture.desk.openOrders().isEmpty)
        #expect(try socket.call("session.logon", [:])["error"]?["code"]?.integer == -4056)
        #expect(try socket.call("order.dance", [:])["status"]?.integer == 404)
    }

    @Test("Every method for reading answers with what REST answers")
    func reading() throws {
        let socket = OrderSocketFixture()
        try socket.fixture.rest(.sell, "1", at: "65000")
        for method in [
            "account.status", "v2/account.status", "account.balance", "v2/account.balance",
            "account.position", "v2/account.position", "ping", "time", "session.status",
        ] {
            let reply = try socket.call(method, [:])
            #expect(reply["status"]?.integer == 200, "\(method): \(reply.json)")
        }
        for method in ["depth", "ticker.price", "ticker.book"] {
            let reply = try socket.call(method, ["symbol": "\"BTCUSDT\""])
            #expect(reply["status"]?.integer == 200, "\(method): \(reply.json)")
        }
        let started = try socket.call("userDataStream.start", [:])
        let key = try #require(started["result"]?["listenKey"]?.text)
        #expect(try socket.call("userDataStream.ping", [:])["result"]?["listenKey"]?.text == key)
        #expect(try socket.call("userDataStream.stop", [:])["result"]?.members?.isEmpty == true)
        #expect(try socket.call("userDataStream.ping", [:])["error"]?["code"]?.integer == -1125)
    }

    @Test("I3 what is no request is refused under the id it has, or null")
    func malformed() throws {
        let socket = OrderSocketFixture()
        for (text, id) in [
            ("", "null"), ("{", "null"), ("[]", "null"), ("{}", "null"),
            (#"{"id":7,"method":"ping","params":[1]}"#, "7"),
            (#"{"id":{},"method":"ping"}"#, "null"),
            (#"{"id":"x"}"#, "\"x\""), (#"{"id":1,"method":2}"#, "null"),
        ] {
            let reply = try socket.tell(text)
            #expect(reply.hasPrefix(#"{"id":\#(id),"status":400,"error":{"code":-1"#), "\(reply)")
        }
        #expect(try socket.tell(#"{"id":1,"method":"ping"}"#).contains(#""result":{}"#))
        #expect(
            try socket.tell(#"{"id":1,"method":"ping","params":null}"#).contains(#""status":200"#))
    }
}

import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

/// What a socket got, as JSON; closes as the text `close`.
func received(_ venue: any Exchange, _ id: Int) throws -> [JSONValue] {
    var actions: [SocketAction] = []
    venue.takeSocketActions(&actions)
    return try actions.compactMap { action in
        switch action {
        case .send(let to, let bytes): return to == id ? try JSONValue.parse(bytes) : nil
        case .broadcast(let ids, let bytes, let isText):
            return ids.contains(id) && isText ? try JSONValue.parse(bytes) : nil
        case .close(let to, _, _): return to == id ? .string("close") : nil
        case .sendBinary: return nil
        }
    }
}

extension SpotFixture {
    func say(_ id: Int, _ text: String) {
        venue.socketReceived(id, Array(text.utf8).rawSpan, now: now, wall: wall)
    }

    /// Lets time pass through the venue, which tells its sockets.
    func live(milliseconds: Int64, _ id: Int) throws -> [JSONValue] {
        var messages: [JSONValue] = []
        for _ in 0..<(milliseconds / 50) {
            now = now + .milliseconds(50)
            wall = wall + .milliseconds(50)
            venue.step(now: now, wall: wall)
            messages += try received(venue, id)
        }
        return messages
    }

    func open(_ id: Int, _ path: String, _ query: String = "") -> Bool {
        venue.socketOpened(id, path: path, query: Array(query.utf8), remote: "127.0.0.1")
    }

    /// The parameters of a signed WebSocket API request.
    func signedParams(
        _ pairs: [(String, String)], key: ExchangeKey = SpotFixture.tradeKey
    ) -> String {
        var all = pairs + [("apiKey", key.key), ("timestamp", String(wall.milliseconds))]
        all.sort { $0.0 < $1.0 }
        let payload = all.map { $0.0 + "=" + $0.1 }.joined(separator: "&")
        let signature = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: payload)
        all.append(("signature", signature))
        return "{" + all.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"
    }
}

@Suite("Streams of Binance spot") struct BinanceStreamTests {
    @Test(
        "Streams have the documented fields", .enabled(if: hasFixtures, "the fixtures are not here")
    )
    func shapes() throws {
        let fixture = SpotFixture(background: true)
        #expect(
            fixture.open(
                1, "/stream",
                "streams=btcusdt@bookTicker/btcusdt@depth@100ms/btcusdt@depth5@100ms/btcusdt@trade"
                    + "/btcusdt@aggTrade/btcusdt@kline_1m/btcusdt@ticker/btcusdt@miniTicker"
                    + "/btcusdt@avgPrice/!ticker@arr/!miniTicker@arr"))
        let messages = try fixture.live(milliseconds: 20_000, 1)
        var seen: [String: JSONValue] = [:]
        for message in messages {
            guard let name = message["stream"]?.text else { continue }
            seen[name] = message["data"]
        }
        let samples = [
            "btcusdt@bookTicker": "Individual_Symbol_Book_Ticker_Streams__1",
            "btcusdt@depth@100ms": "Diff_Depth_Stream__1",
            "btcusdt@depth5@100ms": "Partial_Book_Depth_Streams__1",
            "btcusdt@trade": "Trade_Streams__1", "btcusdt@aggTrade": "Aggregate_Trade_Streams__1",
            "btcusdt@kline_1m": "Kline_Candlestick_Streams_for_UTC__1",
            "btcusdt@ticker": "Individual_Symbol_Ticker_Streams__1",
            "btcusdt@miniTicker": "Individual_Symbol_Mini_Ticker_Stream__1",
            "btcusdt@avgPrice": "Average_Price__1",
        ]
        for (stream, name) in samples.sorted(by: { $0.key < $1.key }) {
            let wanted = try sample("web-socket-streams__" + name)
            let given = try #require(seen[stream], "\(stream)")
            #expect(keys(given) == keys(wanted), "\(stream)")
            #expect(keys(given["k"]) == keys(wanted["k"]))
        }
        let mini = try sample("web-socket-streams__Individual_Symbol_Mini_Ticker_Stream__1")
        #expect(keys(seen["!miniTicker@arr"]?[1]) == keys(mini))
    }

    @Test(
        "Every depth update begins where the one before it ended, and a book kept by it is the book"
    )
    func depth() throws {
        for name in ["btcusdt@depth@100ms", "btcusdt@depth"] {
            let fixture = SpotFixture(background: true, seed: 3)
            _ = try fixture.live(milliseconds: 2_000, 1)
            #expect(fixture.open(1, "/ws/" + name))
            var updates = try fixture.live(milliseconds: 1_500, 1)
            let snapshot = try fixture.call(
                "GET", "/api/v3/depth", query: "symbol=BTCUSDT&limit=5000"
            ).json
            updates += try fixture.live(milliseconds: 5_000, 1)
            let start = try #require(snapshot["lastUpdateId"]?.integer)
            var book = LocalLevels(snapshot)
            var last: Int64?
            for update in updates {
                let (first, end) = (update["U"]!.integer!, update["u"]!.integer!)
                if end <= start { continue }
                if let last { #expect(first == last + 1) } else { #expect(first <= start + 1) }
                last = end
                book.apply(update)
            }
            #expect(last != nil)
            let late = try fixture.call(
                "GET", "/api/v3/depth", query: "symbol=BTCUSDT&limit=5000"
            ).json
            if late["lastUpdateId"]?.integer == last {
                #expect(book == LocalLevels(late))
            }
        }
    }

    @Test("A sixth message within a second ends the connection")
    func messageRate() throws {
        let fixture = SpotFixture()
        #expect(fixture.open(1, "/ws"))
        for number in 0..<6 {
            fixture.say(1, #"{"method":"LIST_SUBSCRIPTIONS","id":\#(number)}"#)
        }
        let messages = try received(fixture.venue, 1)
        #expect(messages.count == 6)
        #expect(messages.last == .string("close"))
    }
}

/// A book kept by a client of the depth stream.
struct LocalLevels: Equatable {
    var bids: [Int128: Int128] = [:]
    var asks: [Int128: Int128] = [:]

    init(_ snapshot: JSONValue) {
        for level in snapshot["bids"]?.elements ?? [] { LocalLevels.put(level, &bids) }
        for level in snapshot["asks"]?.elements ?? [] { LocalLevels.put(level, &asks) }
    }

    mutating func apply(_ update: JSONValue) {
        for level in update["b"]?.elements ?? [] { LocalLevels.put(level, &bids) }
        for level in update["a"]?.elements ?? [] { LocalLevels.put(level, &asks) }
    }

    private static func put(_ level: JSONValue, _ side: inout [Int128: Int128]) {
        let (price, quantity) = (level[0]!.decimalUnits!, level[1]!.decimalUnits!)
        side[price] = quantity == 0 ? nil : quantity
    }
}

@Suite("The WebSocket API of Binance spot") struct BinanceAPITests {
    private func subscribed() throws -> SpotFixture {
        let fixture = SpotFixture()
        fixture.venue.step(now: fixture.now, wall: fixture.wall)
        #expect(fixture.open(7, "/ws-api/v3"))
        let params = fixture.signedParams([("returnRateLimits", "false")])
        fixture.say(
            7, #"{"id":"1","method":"userDataStream.subscribe.signature","params":\#(params)}"#)
        let reply = try #require(try received(fixture.venue, 7).first)
        #expect(reply["status"]?.integer == 200, "\(reply.json)")
        #expect(reply["result"]?["subscriptionId"]?.integer == 0)
        #expect(reply["id"] == .string("1"))
        return fixture
    }

    @Test("A subscriber gets its orders and balances in order, before the reply that caused them")
    func userData() throws {
        let fixture = try subscribed()
        try fixture.rest(.sell, "1", at: "64000")
        _ = try received(fixture.venue, 7)
        let params = fixture.signedParams([
            ("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "MARKET"), ("quantity", "0.1"),
        ])
        fixture.say(7, #"{"id":2,"method":"order.place","params":\#(params)}"#)
        let messages = try received(fixture.venue, 7)
        #expect(
            messages.map { $0["event"]?["e"]?.text ?? "reply" } == [
                "executionReport", "executionReport", "outboundAccountPosition", "reply",
            ])
        #expect(
            messages.map { $0["event"]?["x"]?.text ?? "" } == ["NEW", "TRADE", "", ""])
        #expect(messages.last?["result"]?["status"]?.text == "FILLED")
        #expect(messages.last?["rateLimits"]?.elements?.isEmpty == false)
    }

    @Test(
        "Events have the documented fields", .enabled(if: hasFixtures, "the fixtures are not here"))
    func shapes() throws {
        let fixture = try subscribed()
        try fixture.limit(.buy, "0.1", at: "60000")
        try fixture.desk.deposit("BTC", amount("1"), wall: fixture.wall)
        let events = try received(fixture.venue, 7)
        let samples = [
            "executionReport": "Order_Update__1", "outboundAccountPosition": "Account_Update__1",
            "balanceUpdate": "Balance_Update__1",
        ]
        for (type, name) in samples.sorted(by: { $0.key < $1.key }) {
            let wanted = try sample("user-data-stream__" + name)
            let given = try #require(events.first { $0["event"]?["e"]?.text == type })
            #expect(keys(given) == keys(wanted))
            // `v` is there where self-trade prevention ended the order.
            #expect(keys(given["event"]) == keys(wanted["event"]).subtracting(["v"]), "\(type)")
            #expect(keys(given["event"]?["B"]?[0]) == keys(wanted["event"]?["B"]?[0]))
        }
    }

    @Test("T1: a stream that is ended says so, and is silent after that")
    func unsubscribing() throws {
        let fixture = try subscribed()
        try fixture.venue.operate(.expireListenKeys, wall: fixture.wall)
        try fixture.limit(.buy, "0.1", at: "60000")
        let events = try received(fixture.venue, 7)
        #expect(events.map { $0["event"]?["e"]?.text } == ["eventStreamTerminated"])
    }

    @Test("Sessions are refused to HMAC keys, wrong signatures and unknown methods are said")
    func refusals() throws {
        let fixture = SpotFixture()
        #expect(fixture.open(7, "/ws-api/v3"))
        func code(_ method: String, _ params: String) throws -> Int64? {
            fixture.say(7, #"{"id":null,"method":"\#(method)","params":\#(params)}"#)
            return try received(fixture.venue, 7).last?["error"]?["code"]?.integer
        }
        #expect(try code("session.logon", fixture.signedParams([])) == -4056)
        #expect(try code("userDataStream.subscribe", "{}") == -1002)
        let forged = ExchangeKey(key: "trade-key", secret: "x", role: .trade)
        #expect(try code("account.status", fixture.signedParams([], key: forged)) == -1022)
        #expect(try code("order.dance", "{}") == -1136)
        #expect(try code("order.status", fixture.signedParams([("symbol", "BTCUSDT")])) == -1102)
    }

    @Test("An amended order keeps its turn and says its former id")
    func amending() throws {
        let fixture = try subscribed()
        try fixture.limit(.buy, "0.2", at: "60000", id: "first")
        try fixture.rest(.buy, "1", at: "60000")
        _ = try received(fixture.venue, 7)
        let reply = fixture.signed(
            "PUT", "/api/v3/order/amend/keepPriority",
            "symbol=BTCUSDT&origClientOrderId=first&newQty=0.1&newClientOrderId=second")
        #expect(reply.status == 200, "\(reply.text)")
        if hasFixtures {
            let wanted = try sample("rest-api__Order_Amend_Keep_Priority_TRADE___1")
            #expect(keys(try reply.json) == keys(wanted))
            #expect(keys(try reply.json["amendedOrder"]) == keys(wanted["amendedOrder"]))
        }
        #expect(fixture.locked("USDT") == amount("6000"))
        let event = try #require(try received(fixture.venue, 7).first?["event"])
        #expect(event["x"]?.text == "REPLACED" && event["c"]?.text == "second")
        #expect(event["C"]?.text == "first")
        try fixture.rest(.sell, "0.1", at: "60000")
        #expect(try fixture.desk.query(btc, clientOrderID: "second").status == .filled)
        #expect(fixture.locked("USDT") == .zero)
        let more = fixture.signed(
            "PUT", "/api/v3/order/amend/keepPriority",
            "symbol=BTCUSDT&origClientOrderId=second&newQty=0.3")
        #expect(try more.code == -2011)
    }
}

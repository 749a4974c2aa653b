import Bytes
import ExchangeDoor
import FuturesExchange
import Testing
import Trading

/// Market events against the samples of the venue's documentation and its recordings.
@Suite("Documented stream shapes", .enabled(if: hasFixtures, "the fixtures are not here"))
struct StreamShapeTests {
    private static let market = "websocket-market-streams__"

    @Test(
        "Events have the fields of the documentation, nested ones too",
        arguments: [
            ("Aggregate-Trade-Streams__1", "btcusdt@aggTrade"),
            ("All-Book-Tickers-Stream__1", "!bookTicker"),
            ("Individual-Symbol-Book-Ticker-Streams__1", "btcusdt@bookTicker"),
            ("Diff-Book-Depth-Streams__1", "btcusdt@depth@100ms"),
            ("Diff-Book-Depth-Streams-RPI__1", "btcusdt@rpiDepth@500ms"),
            ("Partial-Book-Depth-Streams__1", "btcusdt@depth5"),
            ("Mark-Price-Stream__1", "btcusdt@markPrice@1s"),
            ("Mark-Price-Stream-for-All-market__1", "!markPrice@arr@1s"),
            ("Kline-Candlestick-Streams__1", "btcusdt@kline_1m"),
            (
                "Continuous-Contract-Kline-Candlestick-Streams__1",
                "btcusdt_perpetual@continuousKline_1m"
            ),
            ("Individual-Symbol-Ticker-Streams__1", "btcusdt@ticker"),
            ("Individual-Symbol-Mini-Ticker-Stream__1", "btcusdt@miniTicker"),
            ("All-Market-Tickers-Streams__1", "!ticker@arr"),
            ("All-Market-Mini-Tickers-Stream__1", "!miniTicker@arr"),
        ])
    func events(name: String, stream: String) throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/ws/" + stream))
        hub.run(milliseconds: 4_000)
        let given = try JSONValue.parse(Array(try #require(hub.sent[1]?.last).utf8))
        let wanted = try sample(Self.market + name)
        try compare(given, wanted, name)
    }

    /// Same kinds of values under the same keys; arrays by their first elements.
    private func compare(_ given: JSONValue, _ wanted: JSONValue, _ path: String) throws {
        if let elements = wanted.elements {
            let first = try #require(given.elements, "\(path)").first
            if let first, let other = elements.first { try compare(first, other, path + "[]") }
            return
        }
        guard let members = wanted.members else {
            #expect(kind(given) == kind(wanted), "\(path)")
            return
        }
        #expect(keys(given) == keys(wanted), "\(path)")
        for member in members {
            if let value = given[member.key] {
                try compare(value, member.value, path + "." + member.key)
            }
        }
    }

    private func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "text"
        case .array: "array"
        case .object: "object"
        }
    }

    @Test("A liquidation and a contract have the fields of the documentation")
    func rare() throws {
        let hub = HubFixture(background: false)
        #expect(hub.open(1, "/market/ws/!forceOrder@arr"))
        try hub.fixture.rest(.sell, "20", at: "65000")
        try hub.fixture.market(.buy, "10", id: "autoclose-mine")
        try hub.fixture.rest(.buy, "4", at: "54900")
        try hub.fixture.desk.movePrice(btc, to: price("55000"), wall: hub.fixture.wall)
        hub.publish(hub.fixture.desk.takeEvents())
        let forced = try JSONValue.parse(Array(try #require(hub.sent[1]?.first).utf8))
        #expect(keys(forced) == ["e", "E", "o"])
        #expect(
            keys(forced["o"]) == ["s", "S", "o", "f", "q", "p", "ap", "X", "l", "z", "T"])
        #expect(hub.open(2, "/market/ws/!contractInfo"))
        hub.run(milliseconds: 2_000)
        #expect(hub.sent[2] == nil)
        try hub.fixture.desk.setStatus(btc, .halted, wall: hub.fixture.wall)
        hub.run(milliseconds: 2_000)
        #expect(hub.sent[2]?.count == 1)
        let contract = try JSONValue.parse(Array(try #require(hub.sent[2]?.first).utf8))
        let wanted = try sample(Self.market + "Contract-Info-Stream__1")
        #expect(keys(contract) == keys(wanted))
        #expect(keys(contract["bks"]?[0]) == keys(wanted["bks"]?[0]))
    }

    @Test("Keys come in the recorded order, prices and quantities padded as recorded")
    func order() throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/public/ws/btcusdt@bookTicker"))
        #expect(hub.open(2, "/public/ws/btcusdt@depth@100ms"))
        #expect(hub.open(3, "/market/ws/btcusdt@trade"))
        hub.run(milliseconds: 4_000)
        let wanted = [
            1: ["e", "u", "s", "b", "B", "a", "A", "T", "E"],
            2: ["e", "E", "T", "s", "U", "u", "pu", "b", "a"],
            3: ["e", "E", "T", "s", "t", "p", "q", "X", "m"],
        ]
        for (id, keys) in wanted {
            let given = try JSONValue.parse(Array(try #require(hub.sent[id]?.first).utf8))
            #expect(given.members?.map(\.key) == keys)
        }
        let ticker = try JSONValue.parse(Array(try #require(hub.sent[1]?.first).utf8))
        #expect(ticker["b"]?.text?.split(separator: ".").last?.count == 2)
        #expect(ticker["B"]?.text?.split(separator: ".").last?.count == 3)
    }
}

@Suite("Candles and days as streams") struct PolledStreamTests {
    @Test("A candle is told as it grows and once as closed, and the next one follows")
    func candles() throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/market/ws/btcusdt@kline_1m"))
        hub.run(milliseconds: 130_000)
        let candles = try (hub.sent[1] ?? []).map { try JSONValue.parse(Array($0.utf8))["k"]! }
        let closed = candles.filter { $0["x"]?.boolean == true }
        #expect(closed.count == 2)
        #expect(closed[1]["t"]!.integer! == closed[0]["t"]!.integer! + 60_000)
        for (one, next) in zip(candles, candles.dropFirst()) {
            let (first, second) = (one["t"]!.integer!, next["t"]!.integer!)
            #expect(first == second || first + 60_000 == second && one["x"]?.boolean == true)
            if first == second { #expect(one["n"]!.integer! <= next["n"]!.integer!) }
        }
    }

    @Test("The array of all days names those that traded, and a day is the sum of its trades")
    func days() throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/market/ws/!miniTicker@arr"))
        #expect(hub.open(2, "/market/ws/ethusdt@ticker"))
        hub.run(milliseconds: 5_000)
        let first = try JSONValue.parse(Array(try #require(hub.sent[1]?.first).utf8))
        #expect(first.elements?.count == hub.fixture.desk.markets.count)
        let days = try (hub.sent[2] ?? []).map { try JSONValue.parse(Array($0.utf8)) }
        #expect(days.count >= 4)
        for day in days {
            let (low, high) = (day["l"]!.decimalUnits!, day["h"]!.decimalUnits!)
            let last = day["c"]!.decimalUnits!
            #expect(low <= last && last <= high)
            #expect(day["p"]!.decimalUnits! == last - day["o"]!.decimalUnits!)
        }
    }
}

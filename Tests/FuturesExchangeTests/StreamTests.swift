import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

/// A hub whose sends are kept as text, by connection.
final class HubFixture {
    let fixture: DeskFixture
    var hub: StreamHub
    var sent: [Int: [String]] = [:]
    var closed: [Int] = []

    init(
        background: Bool = true, seed: UInt64 = 1, legacy: LegacyStreams = .everything,
        change: (inout FuturesSettings) -> Void = { _ in }
    ) {
        fixture = DeskFixture(background: background, seed: seed) {
            $0.legacyStreams = legacy
            change(&$0)
        }
        hub = StreamHub(fixture.desk)
    }

    func carryOut(_ actions: [SocketAction]) {
        for action in actions {
            switch action {
            case .send(let id, let bytes), .sendBinary(let id, let bytes):
                sent[id, default: []].append(String(decoding: bytes, as: UTF8.self))
            case .broadcast(let ids, let bytes, _):
                for id in ids {
                    sent[id, default: []].append(String(decoding: bytes, as: UTF8.self))
                }
            case .close(let id, _, _): closed.append(id)
            }
        }
    }

    func open(_ id: Int, _ path: String, _ query: String = "") -> Bool {
        hub.opened(id, path: path, query: Array(query.utf8))
    }

    func tell(_ id: Int, _ text: String) -> String? {
        var actions: [SocketAction] = []
        let bytes = Array(text.utf8)
        hub.received(id, bytes.rawSpan, now: fixture.now, &actions)
        carryOut(actions)
        return sent[id]?.last
    }

    /// Makes what is due by now.
    func poll() {
        var actions: [SocketAction] = []
        hub.step(now: fixture.now, wall: fixture.wall, fixture.desk, &actions)
        carryOut(actions)
    }

    func publish(_ events: [FuturesEvent]) {
        for event in events {
            var actions: [SocketAction] = []
            hub.publish(event, fixture.desk, &actions)
            carryOut(actions)
        }
    }

    /// Tells what happened since the last call, each account's own events to its own streams.
    func publishAddressed() {
        for (event, account) in fixture.desk.takeAddressedEvents() {
            var actions: [SocketAction] = []
            hub.publish(event, of: account, fixture.desk, &actions)
            carryOut(actions)
        }
    }

    /// One step of this length.
    func step(milliseconds: Int64) {
        fixture.now = fixture.now + .milliseconds(milliseconds)
        fixture.wall = fixture.wall + .milliseconds(milliseconds)
        fixture.desk.step(now: fixture.now, wall: fixture.wall)
        publish(fixture.desk.takeEvents())
    }

    func run(milliseconds: Int64) {
        for _ in 0..<(milliseconds / 50) {
            publish(fixture.run(milliseconds: 50))
            poll()
        }
    }
}

@Suite("Streams of the paper desk") struct StreamTests {
    @Test("Each route carries its own kinds; others are acknowledged and stay silent (T4)")
    func routes() {
        let hub = HubFixture(legacy: .publicData)
        let all = "btcusdt@bookTicker/btcusdt@markPrice@1s/btcusdt@aggTrade/nonsense"
        for (id, path) in ["/public", "/market", "", "/private"].enumerated() {
            #expect(hub.open(id, path + "/stream", "streams=" + all))
        }
        hub.run(milliseconds: 5_000)
        #expect(!(hub.sent[0] ?? []).isEmpty)
        #expect(
            (hub.sent[0] ?? []).allSatisfy {
                $0.hasPrefix(#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":"#)
            })
        #expect(
            (hub.sent[1] ?? []).contains {
                $0.hasPrefix(#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","#)
            })
        #expect(
            (hub.sent[1] ?? []).contains {
                $0.hasPrefix(#"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","#)
            })
        #expect((hub.sent[1] ?? []).allSatisfy { !$0.contains("bookTicker") })
        #expect((hub.sent[2] ?? []).allSatisfy { $0.contains("bookTicker") })
        #expect(hub.sent[3] == nil)
    }

    @Test("Unrouted sockets carry everything where they are set to")
    func legacy() throws {
        let hub = HubFixture()
        let all = ["bookTicker", "markPrice@1s", "aggTrade", "depth@0ms", "trade", "depth20@100ms"]
        let names = all.map { "btcusdt@" + $0 }
        #expect(hub.open(1, "/stream", "streams=" + names.joined(separator: "/")))
        hub.run(milliseconds: 5_000)
        for name in names {
            let head = #"{"stream":"\#(name)","data":{"#
            #expect((hub.sent[1] ?? []).contains { $0.hasPrefix(head) }, "\(name)")
        }
        let listing = hub.tell(1, #"{"method":"LIST_SUBSCRIPTIONS","id":3}"#)
        #expect(try JSONValue.parse(Array(listing!.utf8))["result"]?.elements?.count == 6)
    }

    @Test("All forms of path that real clients use are taken; others are not")
    func paths() {
        let hub = HubFixture(background: false)
        for (id, path) in [
            "/ws", "/stream", "/public/ws/0", "/market/ws/3", "/public/stream", "/private/ws",
            "/ws/btcusdt@bookTicker/ethusdt@bookTicker", "/private/ws/SomeListenKey",
            "/public/ws/btcusdt%40bookTicker",
        ].enumerated() { #expect(hub.open(id, path), "\(path)") }
        for (id, path) in ["/", "/x", "/public", "/stream/a", "/ws-fapi/v1"].enumerated() {
            #expect(!hub.open(100 + id, path), "\(path)")
        }
        #expect(
            hub.tell(6, #"{"method":"LIST_SUBSCRIPTIONS","id":3}"#)
                == #"{"result":["btcusdt@bookTicker","ethusdt@bookTicker"],"id":3}"#)
        #expect(
            hub.tell(8, #"{"method":"LIST_SUBSCRIPTIONS","id":3}"#)
                == #"{"result":["btcusdt@bookTicker"],"id":3}"#)
    }

    @Test("Commands are answered with their id as it was written, and take effect")
    func commands() {
        let hub = HubFixture()
        #expect(hub.open(1, "/public/ws"))
        let subscribe = #"{"method":"SUBSCRIBE","params":["ethusdt@bookTicker"],"id":"#
        for id in [
            "1", "\"5ff1-uuid\"", "1760000000000", "null", "-3", "1.50", "\"a\\\"b\\u00e9\"",
            "18446744073709551616",
        ] {
            #expect(hub.tell(1, subscribe + id + "}") == #"{"result":null,"id":"# + id + "}")
        }
        hub.sent = [:]
        hub.run(milliseconds: 1_000)
        #expect((hub.sent[1] ?? []).first?.hasPrefix(#"{"e":"bookTicker","u":"#) == true)
        #expect((hub.sent[1] ?? []).allSatisfy { $0.contains(#""s":"ETHUSDT""#) })
        _ = hub.tell(1, #"{"method":"UNSUBSCRIBE","params":["ethusdt@bookTicker"],"id":2}"#)
        hub.sent = [:]
        hub.run(milliseconds: 1_000)
        #expect(hub.sent[1] == nil)
        #expect(
            hub.tell(1, #"{"method":"GET_PROPERTY","params":["combined"],"id":2}"#)
                == #"{"result":false,"id":2}"#)
    }

    @Test("I3 broken commands get an error, too many of them the end")
    func brokenCommands() {
        let hub = HubFixture(background: false)
        #expect(hub.open(1, "/public/ws"))
        #expect(hub.tell(1, "{")?.hasPrefix(#"{"code":3,"#) == true)
        #expect(hub.tell(1, #"{"method":"DANCE","id":1}"#)?.hasPrefix(#"{"code":2,"#) == true)
        #expect(
            hub.tell(1, #"{"method":"SUBSCRIBE","params":[1],"id":1}"#)?.hasPrefix(#"{"code":2,"#)
                == true)
        let long = "\"" + String(repeating: "x", count: 200) + "\""
        for id in ["{\"a\":[1,{}]}", "[1]", "true", long] {
            #expect(
                hub.tell(1, #"{"method":"LIST_SUBSCRIPTIONS","id":\#(id)}"#)?.hasPrefix(
                    #"{"code":2,"#) == true)
        }
        #expect(
            hub.tell(1, #"{"method":"SUBSCRIBE","params":{},"id":1}"#)?.hasPrefix(#"{"code":2,"#)
                == true)
        for _ in 0..<3 { _ = hub.tell(1, #"{"method":"LIST_SUBSCRIPTIONS","id":1}"#) }
        #expect(hub.closed == [1])
    }

    @Test("P8 a socket holds 1,024 streams and not one more")
    func streamLimit() {
        let hub = HubFixture(background: false)
        #expect(hub.open(1, "/public/ws"))
        func names(_ range: Range<Int>) -> String {
            range.map { "\"s\($0)@bookTicker\"" }.joined(separator: ",")
        }
        #expect(
            hub.tell(1, #"{"method":"SUBSCRIBE","params":[\#(names(0..<1_024))],"id":1}"#)
                == #"{"result":null,"id":1}"#)
        #expect(hub.closed.isEmpty)
        _ = hub.tell(1, #"{"method":"SUBSCRIBE","params":["one@more"],"id":2}"#)
        #expect(hub.closed == [1])
        let all = (0..<1_025).map { "s\($0)@bookTicker" }.joined(separator: "/")
        #expect(!hub.open(2, "/public/stream", "streams=" + all))
    }

    @Test("Liquidations in the exchange's own name are public")
    func forcedOrders() throws {
        let hub = HubFixture(background: false)
        #expect(hub.open(1, "/market/ws/btcusdt@forceOrder"))
        #expect(hub.open(2, "/market/stream", "streams=!forceOrder@arr"))
        try hub.fixture.rest(.sell, "20", at: "65000")
        try hub.fixture.market(.buy, "10", id: "autoclose-mine")
        try hub.fixture.rest(.buy, "4", at: "54900")
        try hub.fixture.desk.movePrice(btc, to: price("55000"), wall: hub.fixture.wall)
        hub.publish(hub.fixture.desk.takeEvents())
        #expect(hub.sent[1]?.count == 2)
        #expect(hub.sent[2]?.count == 2)
        #expect((hub.sent[1] ?? []).allSatisfy { $0.hasPrefix(#"{"e":"forceOrder","E":"#) })
    }

    @Test("I3 mutated commands are answered or end the socket, and never more", arguments: 1...5)
    func mutatedCommands(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let good = Array(#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":12}"#.utf8)
        for _ in 0..<400 {
            let hub = HubFixture(background: false)
            #expect(hub.open(1, "/public/ws"))
            var bytes = good
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            _ = hub.tell(1, String(decoding: bytes, as: UTF8.self))
            #expect((hub.sent[1]?.count ?? 0) + hub.closed.count == 1, "seed \(seed)")
        }
    }

    @Test("A depth stream continues from the snapshot by the pu rule and rebuilds the book")
    func depth() throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/public/ws/btcusdt@depth@100ms"))
        hub.run(milliseconds: 300)
        hub.sent = [:]
        let snapshot = try hub.fixture.call(
            "GET", "/fapi/v1/depth", query: "symbol=BTCUSDT&limit=1000"
        ).json
        let start = snapshot["lastUpdateId"]!.integer!
        var book: [String: [Int128: Int128]] = ["b": [:], "a": [:]]
        for (key, name) in [("b", "bids"), ("a", "asks")] {
            for level in snapshot[name]!.elements! {
                book[key]![level[0]!.decimalUnits!] = level[1]!.decimalUnits!
            }
        }
        hub.run(milliseconds: 5_050)
        var previous: Int64?
        for text in hub.sent[1] ?? [] {
            let update = try JSONValue.parse(Array(text.utf8))
            let last = update["u"]!.integer!
            if last < start { continue }
            if let previous {
                #expect(update["pu"]!.integer! == previous)
            } else {
                let first = update["U"]!.integer!
                #expect(first <= start || update["pu"]!.integer! == start)
            }
            previous = last
            for key in ["b", "a"] {
                for level in update[key]!.elements! {
                    let amount = level[1]!.decimalUnits!
                    book[key]![level[0]!.decimalUnits!] = amount == 0 ? nil : amount
                }
            }
        }
        let market = hub.fixture.desk.markets[0]
        for (key, side) in [("b", Side.buy), ("a", Side.sell)] {
            let levels = market.book.depth(side).map { ($0.price.units, $0.quantity.units) }
            #expect(book[key]! == Dictionary(uniqueKeysWithValues: levels))
        }
    }

    @Test("Partial depth shows the best levels, best first")
    func partialDepth() throws {
        let hub = HubFixture()
        #expect(hub.open(1, "/public/ws/btcusdt@depth5@500ms"))
        hub.run(milliseconds: 2_000)
        let update = try JSONValue.parse(Array(hub.sent[1]!.last!.utf8))
        let bids = update["b"]!.elements!.map { $0[0]!.decimalUnits! }
        #expect(bids.count == 5)
        #expect(bids == bids.sorted(by: >))
        #expect(hub.sent[1]!.count <= 4)
    }

    @Test("User events go to private sockets of a living listen key, however it was given")
    func userStream() throws {
        let hub = HubFixture(background: false)
        let reply = try hub.fixture.call("POST", "/fapi/v1/listenKey", apiKey: "trade-key").json
        let key = reply["listenKey"]!.text!
        #expect(hub.open(1, "/private/ws/" + key))
        #expect(
            hub.open(2, "/private/ws", "listenKey=\(key)&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE"))
        #expect(hub.open(3, "/private/stream"))
        _ = hub.tell(3, #"{"method":"SUBSCRIBE","params":["\#(key)"],"id":1}"#)
        #expect(hub.open(4, "/private/ws/other"))
        #expect(hub.open(5, "/ws/" + key))
        #expect(hub.open(6, "/stream", "streams=" + key))
        #expect(hub.open(7, "/ws"))
        _ = hub.tell(7, #"{"method":"SUBSCRIBE","params":["\#(key)"],"id":1}"#)
        #expect(hub.open(8, "/public/ws/" + key))
        hub.sent = [:]
        try hub.fixture.rest(.sell, "1", at: "65000")
        try hub.fixture.market(.buy, "0.1", id: "x")
        hub.publish(hub.fixture.desk.takeEvents())
        func types(_ id: Int) throws -> [String] {
            try (hub.sent[id] ?? []).map { text in
                let value = try JSONValue.parse(Array(text.utf8))
                return (value["data"] ?? value)["e"]!.text!
            }
        }
        let full = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
        #expect(try types(1) == full)
        #expect(try types(2) == Array(full.dropFirst()))
        #expect(try types(3) == full)
        #expect(hub.sent[3]!.first!.hasPrefix(#"{"stream":"\#(key)","data":"#))
        #expect(hub.sent[4] == nil)
        #expect(try types(5) == full)
        #expect(try types(6) == full)
        #expect(hub.sent[6]!.allSatisfy { $0.hasPrefix(#"{"stream":"\#(key)","data":"#) })
        #expect(try types(7) == full)
        #expect(hub.sent[8] == nil)
    }

    @Test("T1 a listen key that ends is told to its sockets, which then stay open and silent")
    func expiry() throws {
        let hub = HubFixture(background: false)
        let reply = try hub.fixture.call("POST", "/fapi/v1/listenKey", apiKey: "trade-key").json
        let key = reply["listenKey"]!.text!
        #expect(hub.open(1, "/private/stream", "listenKey=\(key)&events=ACCOUNT_UPDATE"))
        #expect(hub.open(2, "/private/ws/" + key))
        hub.run(milliseconds: 1_000)
        hub.fixture.wall = hub.fixture.wall + .seconds(3_600)
        hub.run(milliseconds: 1_100)
        #expect(hub.sent[2]?.count == 1)
        let (raw, wrapped) = (hub.sent[2]?.first ?? "", hub.sent[1]?.first ?? "")
        #expect(raw.hasPrefix(#"{"e":"listenKeyExpired","E":"#))
        #expect(wrapped.hasPrefix(#"{"stream":"\#(key)","data":{"e":"listenKeyExpired""#))
        try hub.fixture.rest(.sell, "1", at: "65000")
        try hub.fixture.market(.buy, "0.1")
        hub.publish(hub.fixture.desk.takeEvents())
        #expect(hub.sent[2]?.count == 1)
        #expect(hub.closed.isEmpty)
    }
}

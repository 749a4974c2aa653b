import Bounded
import Bytes
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

/// A client's book of one symbol, kept by the documented rules (exchange-facts B4).
private struct ClientBook {
    private var buffered: [JSONValue] = []
    private var levels: [String: [Int128: Int128]]?
    private var snapshotID: Int64 = 0
    private(set) var lastID: Int64?
    private(set) var isBroken = false

    var isReady: Bool { lastID != nil }

    mutating func received(_ update: JSONValue) {
        if levels == nil { buffered.append(update) } else { apply(update) }
    }

    mutating func took(_ snapshot: JSONValue) {
        snapshotID = snapshot["lastUpdateId"]!.integer!
        levels = ["b": side(snapshot["bids"]!), "a": side(snapshot["asks"]!)]
        for update in buffered { apply(update) }
        buffered = []
    }

    private func side(_ rows: JSONValue) -> [Int128: Int128] {
        var side: [Int128: Int128] = [:]
        for row in rows.elements! { side[row[0]!.decimalUnits!] = row[1]!.decimalUnits! }
        return side
    }

    private mutating func apply(_ update: JSONValue) {
        let last = update["u"]!.integer!
        if let lastID {
            if update["pu"]!.integer! != lastID { isBroken = true }
        } else {
            if last < snapshotID { return }
            let isFirst = update["U"]!.integer! <= snapshotID
            if !isFirst, update["pu"]!.integer! != snapshotID { isBroken = true }
        }
        lastID = last
        for key in ["b", "a"] {
            for row in update[key]!.elements! {
                let amount = row[1]!.decimalUnits!
                levels![key]![row[0]!.decimalUnits!] = amount == 0 ? nil : amount
            }
        }
    }

    func equals(_ market: Market) -> Bool {
        for (key, side) in [("b", Side.buy), ("a", Side.sell)] {
            let wanted = market.book.depth(side).map { ($0.price.units, $0.quantity.units) }
            if levels?[key] != Dictionary(uniqueKeysWithValues: wanted) { return false }
        }
        return true
    }
}

/// A socket that a client subscribes and unsubscribes on, and the books it keeps.
private struct ClientSocket {
    let id: Int
    let isCombined: Bool
    var books: [String: ClientBook] = [:]

    mutating func received(_ text: String) throws {
        let value = try JSONValue.parse(Array(text.utf8))
        if isCombined {
            guard let name = value["stream"]?.text else { return }
            books[name]?.received(try #require(value["data"]))
        } else if value["e"]?.text == "depthUpdate" {
            let symbol = try #require(value["s"]?.text).lowercased()
            for name in books.keys where name.hasPrefix(symbol) { books[name]?.received(value) }
        }
    }
}

@Suite("A client's book") struct LocalBookTests {
    @Test(
        "Kept by the documented rules over random subscriptions it is always the desk's",
        arguments: 1...4)
    func randomSubscriptions(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let hub = HubFixture(seed: UInt64(seed))
        var sockets = [
            ClientSocket(id: 1, isCombined: false), ClientSocket(id: 2, isCombined: true),
            ClientSocket(id: 3, isCombined: true),
        ]
        #expect(hub.open(1, "/public/ws") && hub.open(2, "/public/stream"))
        #expect(hub.open(3, "/stream"))
        var compared = 0
        for round in 0..<400 {
            let place = Int.random(in: 0..<3, using: &random)
            if round % 5 == 0 { try change(&sockets[place], hub, &random) }
            if round % 3 == 0 { try snapshot(&sockets[place], hub) }
            hub.sent = [:]
            // Short steps, so that a beat is often the last thing that happened.
            for _ in 0..<8 {
                hub.step(milliseconds: 10)
                for index in sockets.indices {
                    for text in hub.sent[sockets[index].id] ?? [] {
                        try sockets[index].received(text)
                    }
                }
                hub.sent = [:]
                compared += try compare(sockets, hub, seed)
            }
        }
        #expect(compared > 200, "seed \(seed)")
    }

    private func change(
        _ socket: inout ClientSocket, _ hub: HubFixture, _ random: inout SplitMix64
    ) throws {
        let symbol = ["btcusdt", "ethusdt", "solusdt"].randomElement(using: &random)!
        let speed = ["", "@100ms", "@250ms", "@500ms", "@0ms"].randomElement(using: &random)!
        // On a raw socket events of one symbol's streams cannot be told apart: one at a time.
        let name = symbol + "@depth" + speed
        let others = socket.books.keys.filter { $0.hasPrefix(symbol) }.sorted()
        for other in socket.books[name] != nil || !socket.isCombined ? others : [] {
            _ = hub.tell(socket.id, #"{"method":"UNSUBSCRIBE","params":["\#(other)"],"id":1}"#)
            socket.books[other] = nil
        }
        _ = hub.tell(socket.id, #"{"method":"SUBSCRIBE","params":["\#(name)"],"id":1}"#)
        socket.books[name] = ClientBook()
    }

    private func snapshot(_ socket: inout ClientSocket, _ hub: HubFixture) throws {
        for name in socket.books.keys.sorted() where socket.books[name]?.isReady == false {
            let symbol = name.prefix { $0 != "@" }.uppercased()
            let reply = hub.fixture.call(
                "GET", "/fapi/v1/depth", query: "symbol=\(symbol)&limit=1000")
            if reply.status == 200 { socket.books[name]?.took(try reply.json) }
        }
    }

    /// Compares every book that has come as far as the desk's, and returns how many those were.
    private func compare(
        _ sockets: [ClientSocket], _ hub: HubFixture, _ seed: Int
    ) throws -> Int {
        var count = 0
        for socket in sockets {
            for (name, book) in socket.books {
                #expect(!book.isBroken, "seed \(seed) \(name)")
                let symbol = name.prefix { $0 != "@" }.uppercased()
                let market = try #require(
                    hub.fixture.desk.markets.first { $0.symbol.name == symbol })
                guard book.lastID == market.lastUpdateID else { continue }
                count += 1
                #expect(book.equals(market), "seed \(seed) \(name)")
            }
        }
        return count
    }
}

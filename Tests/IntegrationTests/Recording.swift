import Bounded
import Foundation
import Testing
import Trading

/// A session as lines `<local receive ns> <raw frame>`, to be replayed by a paper exchange.
struct Recording {
    struct Line {
        var time: Int64
        var frame: Substring
    }

    private(set) var lines: [Line]

    /// The recorded session beside the checkout; nil in a fresh clone.
    static let file: URL? = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return ["../shared/fixtures", "../../shared/fixtures"]
            .map { folder.appendingPathComponent("\($0)/recordings").standardizedFileURL }
            .compactMap {
                try? FileManager.default.contentsOfDirectory(
                    at: $0, includingPropertiesForKeys: nil)
            }
            .joined().first { $0.lastPathComponent.hasPrefix("usdm_") }
    }()

    /// The first lines of a recorded session.
    init(_ file: URL, count: Int) throws {
        let unpack = Process()
        unpack.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        unpack.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        unpack.standardOutput = pipe
        try unpack.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        unpack.waitUntilExit()
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(count)
            .compactMap { line in
                let halves = line.split(separator: " ", maxSplits: 1)
                guard halves.count == 2, let time = Int64(halves[0]) else { return nil }
                return Line(time: time, frame: halves[1])
            }
    }

    /// A session made up, of the same form: levels change one at a time, best prices are told at
    /// once, changed levels some forty times a second, at times before the best prices they bring.
    init(seed: UInt64, count: Int) {
        var maker = SessionMaker(seed: seed)
        lines = []
        while lines.count < count { lines += maker.step() }
    }

    /// Shortens the time between lines, and lets the exchange wait after its first best prices: so
    /// others can connect before it goes on.
    mutating func hasten(_ times: Int64, afterWaiting seconds: Int64) {
        guard let start = lines.first?.time else { return }
        let opening = lines.firstIndex { $0.frame.contains("bookTicker") } ?? 0
        for index in lines.indices {
            let wait = index > opening ? seconds * 1_000_000_000 : 0
            lines[index].time = start + (lines[index].time - start) / times + wait
        }
    }

    func write(to path: String) throws {
        let text = lines.map { "\($0.time) \($0.frame)\n" }.joined()
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    /// The best prices one after the other, each told once: after each frame those of the newest
    /// bookTicker that is not newer than all that has been said of the book by then.
    ///
    /// It keeps no book, and shares no code with what is tested: bookTickers tell every change of
    /// the best prices, whenever they arrive.
    func tops() throws -> [BestPrices] {
        var said: [(id: Int64, isTicker: Bool, prices: BestPrices?)] = []
        for line in lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.frame.utf8))
            let outer = try #require(object as? [String: Any])
            let data = outer["data"] as? [String: Any] ?? outer
            switch data["e"] as? String {
            case "bookTicker": said.append((try id(data, "u"), true, try BestPrices(data)))
            case "depthUpdate": said.append((try id(data, "u"), false, nil))
            case nil where data["lastUpdateId"] != nil:
                said.append((try id(data, "lastUpdateId"), false, nil))
            case _: break
            }
        }
        let tickers = said.filter(\.isTicker).sorted { $0.id < $1.id }
        var newest: Int64 = 0
        var shown = -1
        var tops: [BestPrices] = []
        for entry in said {
            newest = max(newest, entry.id)
            while shown + 1 < tickers.count, tickers[shown + 1].id <= newest { shown += 1 }
            guard shown >= 0, let prices = tickers[shown].prices, prices != tops.last else {
                continue
            }
            tops.append(prices)
        }
        return tops
    }

    private func id(_ data: [String: Any], _ name: String) throws -> Int64 {
        try #require((data[name] as? NSNumber)?.int64Value)
    }
}

/// Best bid and ask, as exact decimals.
struct BestPrices: Equatable {
    let bid: Price
    let bidQuantity: Quantity
    let ask: Price
    let askQuantity: Quantity

    /// Reads the fields that frames and ticks call alike.
    init(_ data: [String: Any]) throws {
        func text(_ key: String) throws -> String { try #require(data[key] as? String) }
        bid = try #require(Price(text: try text("b")))
        bidQuantity = try #require(Quantity(text: try text("B")))
        ask = try #require(Price(text: try text("a")))
        askQuantity = try #require(Quantity(text: try text("A")))
    }
}

/// Makes up a session: a book whose levels change one at a time.
private struct SessionMaker {
    private var random: SplitMix64
    private var bids: [Int: Int] = [:]
    private var asks: [Int: Int] = [:]
    private var changed: Set<Int> = []
    private var time: Int64 = 1_723_161_256_000_000_000
    private var id: Int64 = 5_123_107_832_006
    private var toldID: Int64 = 5_123_107_832_000
    private var firstID: Int64 = 5_123_107_832_001
    private var trade: Int64 = 5_266_583_935
    private var top: [Int] = []
    /// Ticks of 0.10 around which levels come and go.
    private var middle = 618_000
    private var steps = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        for distance in 1...40 {
            bids[middle - distance] = 1_000 + distance
            asks[middle + distance] = 1_000 + distance
        }
        changed = Set(bids.keys).union(asks.keys)
    }

    mutating func step() -> [Recording.Line] {
        steps += 1
        time += Int64.random(in: 200_000...4_000_000, using: &random)
        id += Int64.random(in: 1...900, using: &random)
        change()
        var frames: [String] = []
        if let ticker = ticker() { frames.append(ticker) }
        if steps % 12 == 0 {
            // Now and then the levels come before the best prices they made.
            let isEarly = Int.random(in: 0..<4, using: &random) == 0
            frames.insert(depth(), at: isEarly ? 0 : frames.count)
        }
        if steps % 5 == 0 { frames.append(print()) }
        return frames.map { Recording.Line(time: time, frame: Substring($0)) }
    }

    private mutating func change() {
        let isBid = Bool.random(using: &random)
        let best = isBid ? bids.keys.max() ?? middle : asks.keys.min() ?? middle
        let other = isBid ? asks.keys.min() ?? middle : bids.keys.max() ?? middle
        let away = Int.random(in: -2...6, using: &random)
        let price = isBid ? best - away : best + away
        guard isBid ? price < other : price > other else { return }
        let quantity =
            Int.random(in: 0..<3, using: &random) == 0
            ? 0 : Int.random(in: 1...20_000, using: &random)
        if isBid {
            if bids.count > 20 || quantity > 0 { bids[price] = quantity == 0 ? nil : quantity }
        } else {
            if asks.count > 20 || quantity > 0 { asks[price] = quantity == 0 ? nil : quantity }
        }
        changed.insert(price)
    }

    private static func price(_ ticks: Int) -> String { "\(ticks / 10).\(ticks % 10)0" }

    private static func quantity(_ steps: Int) -> String {
        let part = String(steps % 1_000)
        return "\(steps / 1_000)." + String(repeating: "0", count: 3 - part.count) + part
    }

    private func frame(_ stream: String, _ data: String) -> String {
        "{\"stream\":\"btcusdt@\(stream)\",\"data\":{\(data)}}"
    }

    private mutating func ticker() -> String? {
        guard let bid = bids.keys.max(), let ask = asks.keys.min(), let bidQuantity = bids[bid],
            let askQuantity = asks[ask]
        else { return nil }
        let now = [bid, bidQuantity, ask, askQuantity]
        if now == top { return nil }
        top = now
        let at = time / 1_000_000
        return frame(
            "bookTicker",
            "\"e\":\"bookTicker\",\"u\":\(id),\"s\":\"BTCUSDT\",\"b\":\"\(Self.price(bid))\","
                + "\"B\":\"\(Self.quantity(bidQuantity))\",\"a\":\"\(Self.price(ask))\","
                + "\"A\":\"\(Self.quantity(askQuantity))\",\"T\":\(at),\"E\":\(at)")
    }

    private mutating func depth() -> String {
        func rows(_ side: [Int: Int], _ isOwn: (Int) -> Bool) -> String {
            changed.sorted().filter(isOwn)
                .map { "[\"\(Self.price($0))\",\"\(Self.quantity(side[$0] ?? 0))\"]" }
                .joined(separator: ",")
        }
        let ask = asks.keys.min() ?? middle
        let at = time / 1_000_000
        defer {
            toldID = id
            firstID = id + 1
            changed = []
        }
        // What is gone from between the sides is told on both.
        return frame(
            "depth@0ms",
            "\"e\":\"depthUpdate\",\"E\":\(at),\"T\":\(at),\"s\":\"BTCUSDT\",\"U\":\(firstID),"
                + "\"u\":\(id),\"pu\":\(toldID),\"b\":[\(rows(bids) { $0 < ask })],"
                + "\"a\":[\(rows(asks) { asks[$0] != nil || bids[$0] == nil })]")
    }

    private mutating func print() -> String {
        trade += 1
        let at = time / 1_000_000
        let isSale = Bool.random(using: &random)
        let price = (isSale ? bids.keys.max() : asks.keys.min()) ?? middle
        return frame(
            "trade",
            "\"e\":\"trade\",\"E\":\(at),\"T\":\(at),\"s\":\"BTCUSDT\",\"t\":\(trade),"
                + "\"p\":\"\(Self.price(price))\",\"q\":\"0.00\(1 + trade % 9)\",\"X\":\"MARKET\","
                + "\"m\":\(isSale)")
    }
}

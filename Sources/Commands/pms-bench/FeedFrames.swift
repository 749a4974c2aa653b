import Bounded
import Bytes
import CFloor

/// The kinds of frame that are measured.
enum FeedFrameKind: String, CaseIterable {
    case bookTicker = "book-ticker"
    case markPrice = "mark-price"
    case aggTrade = "agg-trade"
    case depth

    /// The number the floor knows it by.
    var code: Int32 {
        switch self {
        case .bookTicker: Int32(FLOOR_BOOK_TICKER)
        case .markPrice: Int32(FLOOR_MARK_PRICE)
        case .aggTrade: Int32(FLOOR_AGG_TRADE)
        case .depth: Int32(FLOOR_DEPTH)
        }
    }
}

/// Frames in the recorded forms of Binance futures, one after the other in memory: prices that walk
/// by ticks around 61,800, quantities with three decimals, ids and times that rise.
struct FeedFrames {
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [UInt32] = []
    let kind: FeedFrameKind
    var count: Int { ends.count }

    private var random: SplitMix64
    private var bid = 618_002
    private var update: Int64 = 5_123_107_839_020
    private var time: Int64 = 1_723_161_256_313

    /// - Parameter isRepeatable: times stay and ids rise by one, so that the frames may be sent again
    ///   under ids that begin higher.
    init(
        _ kind: FeedFrameKind, count: Int, seed: UInt64, symbols: [String] = ["BTCUSDT"],
        isRepeatable: Bool = false
    ) {
        self.kind = kind
        random = SplitMix64(seed: seed)
        for index in 0..<count {
            bid += Int.random(in: -3...3, using: &random)
            let previous = update
            update += isRepeatable ? 1 : Int64.random(in: 1...2_000, using: &random)
            if !isRepeatable { time += Int64.random(in: 0...20, using: &random) }
            let text = frame(symbols[index % symbols.count], previous)
            bytes.append(contentsOf: text.utf8)
            ends.append(UInt32(bytes.count))
        }
    }

    private mutating func frame(_ symbol: String, _ previous: Int64) -> String {
        switch kind {
        case .bookTicker: bookTicker(symbol)
        case .markPrice: markPrice(symbol)
        case .aggTrade: aggTrade(symbol)
        case .depth: depth(symbol, previous)
        }
    }

    private mutating func bookTicker(_ symbol: String) -> String {
        let ask = price(bid + Int.random(in: 1...5, using: &random))
        return "{\"e\":\"bookTicker\",\"u\":\(update),\"s\":\"\(symbol)\",\"b\":\"\(price(bid))\","
            + "\"B\":\"\(quantity())\",\"a\":\"\(ask)\",\"A\":\"\(quantity())\",\"T\":\(time),"
            + "\"E\":\(time + 1)}"
    }

    private mutating func markPrice(_ symbol: String) -> String {
        let fine = FeedFrames.padded(
            bid * 10_000_000 + Int.random(in: 0..<10_000_000, using: &random), 8)
        let index = FeedFrames.padded(
            bid * 10_000_000 + Int.random(in: 0..<10_000_000, using: &random), 8)
        return "{\"e\":\"markPriceUpdate\",\"E\":\(time),\"s\":\"\(symbol)\",\"p\":\"\(fine)\","
            + "\"ap\":\"\(fine)\",\"i\":\"\(index)\",\"P\":\"\(index)\",\"r\":\"0.00010000\","
            + "\"T\":1723190400000}"
    }

    private mutating func aggTrade(_ symbol: String) -> String {
        let amount = quantity()
        return "{\"e\":\"aggTrade\",\"E\":\(time + 1),\"s\":\"\(symbol)\",\"a\":\(update / 1_000),"
            + "\"p\":\"\(price(bid))\",\"q\":\"\(amount)\",\"nq\":\"\(amount)\",\"f\":\(update),"
            + "\"l\":\(update + 3),\"T\":\(time),\"m\":\(Bool.random(using: &random))}"
    }

    /// Ten levels a side move within 50 ticks of the middle, which stays; one in three leaves.
    private mutating func depth(_ symbol: String, _ previous: Int64) -> String {
        let bids = levels { 618_000 - $0 }
        let asks = levels { 618_001 + $0 }
        return "{\"e\":\"depthUpdate\",\"E\":\(time + 1),\"T\":\(time),\"s\":\"\(symbol)\","
            + "\"U\":\(previous + 1),\"u\":\(update),\"pu\":\(previous),\"b\":[\(bids)],"
            + "\"a\":[\(asks)]}"
    }

    private mutating func levels(_ place: (Int) -> Int) -> String {
        var rows: [String] = []
        for _ in 0..<10 {
            let far = place(Int.random(in: 0..<50, using: &random))
            let isGone = Int.random(in: 0..<3, using: &random) == 0
            rows.append("[\"\(price(far))\",\"\(isGone ? "0.000" : quantity())\"]")
        }
        return rows.joined(separator: ",")
    }

    private func price(_ ticks: Int) -> String { FeedFrames.padded(ticks * 10, 2) }

    private mutating func quantity() -> String {
        FeedFrames.padded(Int.random(in: 1...25_000, using: &random), 3)
    }

    private static func padded(_ value: Int, _ places: Int) -> String {
        let scale = (0..<places).reduce(1) { product, _ in product * 10 }
        let digits = String(value % scale)
        return "\(value / scale).\(String(repeating: "0", count: places - digits.count))\(digits)"
    }

    /// The frames as a server sends them: unmasked text frames of RFC 6455.
    func webSocketFrames() -> [UInt8] {
        var out: [UInt8] = []
        var start = 0
        for end in ends {
            let length = Int(end) - start
            out.append(0x81)
            if length < 126 {
                out.append(UInt8(length))
            } else {
                out.append(contentsOf: [126, UInt8(length >> 8), UInt8(length & 0xFF)])
            }
            out.append(contentsOf: bytes[start..<Int(end)])
            start = Int(end)
        }
        return out
    }
}

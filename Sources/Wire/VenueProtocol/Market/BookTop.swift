package import Bytes
package import Trading

/// The best bid and ask of a symbol, as REST gives them.
package struct BookTop: Equatable, Sendable {
    package var symbol: Symbol
    package var bid: Price
    package var bidQuantity: Quantity
    package var ask: Price
    package var askQuantity: Quantity
    package var timeMilliseconds: Int64
}

extension BookTop {
    /// Reads one symbol's best prices; a price that is missing or null is zero (an empty book).
    init(_ bytes: RawSpan) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        self = try BookTop.read(&scanner)
        try scanner.finish()
    }

    /// Reads the best prices of all symbols; one that cannot be read is left out (T12).
    package static func decodeAll(_ bytes: RawSpan) throws(JSONError) -> [BookTop] {
        var scanner = JSONScanner(bytes)
        var all: [BookTop] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            if let top = try? BookTop(try scanner.rawValue()) { all.append(top) }
        }
        try scanner.finish()
        return all
    }

    private static func read(_ scanner: inout JSONScanner) throws(JSONError) -> BookTop {
        var symbol: Symbol?
        var bid: (Price, Quantity) = (.zero, .zero)
        var ask: (Price, Quantity) = (.zero, .zero)
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = try scanner.symbol()
            case "bidPrice": bid.0 = try scanner.lenientDecimal()
            case "bidQty": bid.1 = try scanner.lenientDecimal()
            case "askPrice": ask.0 = try scanner.lenientDecimal()
            case "askQty": ask.1 = try scanner.lenientDecimal()
            case "time": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        return BookTop(
            symbol: try require(symbol, "symbol", at: scanner.offset), bid: bid.0,
            bidQuantity: bid.1, ask: ask.0, askQuantity: ask.1, timeMilliseconds: time)
    }
}

/// The answer to every venue's time call.
enum ServerTime {
    static func decode(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        var scanner = JSONScanner(bytes)
        var time: Int64?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "serverTime": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return try require(time, "serverTime", at: scanner.offset)
    }
}

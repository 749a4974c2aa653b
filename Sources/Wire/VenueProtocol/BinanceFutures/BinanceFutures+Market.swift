package import Bytes
package import Trading

/// The mark and index price of a symbol, as REST gives them.
package struct PremiumIndex: Equatable, Sendable {
    package var symbol: Symbol
    package var mark: Price
    package var index: Price
    package var timeMilliseconds: Int64

    package init(symbol: Symbol, mark: Price, index: Price, timeMilliseconds: Int64) {
        self.symbol = symbol
        self.mark = mark
        self.index = index
        self.timeMilliseconds = timeMilliseconds
    }
}

extension BinanceFutures {
    /// The venue's clock, in epoch milliseconds.
    package static func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try ServerTime.decode(bytes)
    }

    /// The mark and index prices of all symbols; one that cannot be read is left out (T12).
    package static func decodePremiumIndexes(
        _ bytes: RawSpan
    ) throws(JSONError) -> [PremiumIndex] {
        var scanner = JSONScanner(bytes)
        var all: [PremiumIndex] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            if let index = try? decodePremiumIndex(try scanner.rawValue()) { all.append(index) }
        }
        try scanner.finish()
        return all
    }

    package static func decodePremiumIndex(_ bytes: RawSpan) throws(JSONError) -> PremiumIndex {
        var scanner = JSONScanner(bytes)
        var symbol: Symbol?
        var mark: Price?
        var index = Price.zero
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = try scanner.symbol()
            case "markPrice": mark = try scanner.decimal()
            case "indexPrice": index = try scanner.lenientDecimal()
            case "time": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return PremiumIndex(
            symbol: try require(symbol, "symbol", at: scanner.offset),
            mark: try require(mark, "markPrice", at: scanner.offset), index: index,
            timeMilliseconds: time)
    }

    package static func decodeBookTop(_ bytes: RawSpan) throws(JSONError) -> BookTop {
        try BookTop(bytes)
    }
}

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

/// The best bid and ask of a symbol, as REST gives them.
package struct BookTop: Equatable, Sendable {
    package var symbol: Symbol
    package var bid: Price
    package var bidQuantity: Quantity
    package var ask: Price
    package var askQuantity: Quantity
    package var timeMilliseconds: Int64
}

/// An order book by levels, best first.
package struct DepthSnapshot: Equatable, Sendable {
    package struct Level: Equatable, Sendable {
        package var price: Price
        package var quantity: Quantity
    }
    package var lastUpdateID: Int64
    package var bids: [Level]
    package var asks: [Level]
}

extension BinanceFutures {
    /// The venue's clock, in epoch milliseconds.
    package static func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
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
        var scanner = JSONScanner(bytes)
        var symbol: Symbol?
        var bid: (Price, Quantity) = (.zero, .zero)
        var ask: (Price, Quantity) = (.zero, .zero)
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = try scanner.symbol()
            case "bidPrice": bid.0 = try scanner.decimal()
            case "bidQty": bid.1 = try scanner.decimal()
            case "askPrice": ask.0 = try scanner.decimal()
            case "askQty": ask.1 = try scanner.decimal()
            case "time": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return BookTop(
            symbol: try require(symbol, "symbol", at: scanner.offset), bid: bid.0,
            bidQuantity: bid.1, ask: ask.0, askQuantity: ask.1, timeMilliseconds: time)
    }

    package static func decodeDepth(_ bytes: RawSpan) throws(JSONError) -> DepthSnapshot {
        var scanner = JSONScanner(bytes)
        var id: Int64?
        var bids: [DepthSnapshot.Level] = []
        var asks: [DepthSnapshot.Level] = []
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "lastUpdateId": id = try scanner.integer()
            case "bids": bids = try levels(&scanner)
            case "asks": asks = try levels(&scanner)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return DepthSnapshot(
            lastUpdateID: try require(id, "lastUpdateId", at: scanner.offset), bids: bids,
            asks: asks)
    }

    private static func levels(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> [DepthSnapshot.Level] {
        var levels: [DepthSnapshot.Level] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterArray()
            guard try scanner.nextElement() else {
                throw JSONError(.missingField, offset: scanner.offset, field: "price")
            }
            let price: Price = try scanner.decimal()
            guard try scanner.nextElement() else {
                throw JSONError(.missingField, offset: scanner.offset, field: "quantity")
            }
            levels.append(DepthSnapshot.Level(price: price, quantity: try scanner.decimal()))
            while try scanner.nextElement() { try scanner.skipValue() }
        }
        return levels
    }
}

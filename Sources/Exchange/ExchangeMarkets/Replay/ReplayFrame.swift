internal import Bytes
package import Trading

/// One recorded frame, as far as it is about a book.
package struct ReplayFrame: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The best bid and ask.
        case ticker
        /// Levels that changed, by their new quantities; zero is gone.
        case depth
        /// The levels of a REST snapshot.
        case snapshot
        /// A trade: its price and quantity are the only bid.
        case trade
    }

    package struct Level: Equatable, Sendable {
        package let price: Price
        package let quantity: Quantity
    }

    /// When it was received, in nanoseconds.
    package internal(set) var time: Int64 = 0
    package internal(set) var kind = Kind.ticker
    /// The book's id after it (`u`, `lastUpdateId`).
    package internal(set) var updateID: Int64 = 0
    package internal(set) var bids: [Level] = []
    package internal(set) var asks: [Level] = []
    /// Of a trade.
    package internal(set) var isBuyerMaker = false

    /// A frame to read into.
    package init() {}
}

/// Reads the frames of the streams that make up a book; what else a recording holds is passed over.
internal struct ReplayDecoder {
    /// The symbol replayed; nil until the first frame that names one.
    private(set) var symbol: String?

    private var event: String = ""
    private var stream: String = ""
    private var named: String?
    private var hasSizes = false
    private var isSnapshot = false
    private var isMarketTrade = true
    private var isBuyerMaker = false
    private var price = Price.zero
    private var quantity = Quantity.zero
    private var bestBid = (price: Price.zero, quantity: Quantity.zero)
    private var bestAsk = (price: Price.zero, quantity: Quantity.zero)

    init(symbol: String?) { self.symbol = symbol }

    /// Reads one frame; false where it is not about the book.
    mutating func read(_ bytes: RawSpan, _ frame: inout ReplayFrame) throws(JSONError) -> Bool {
        let symbol = symbol
        self = ReplayDecoder(symbol: symbol)
        frame.bids.removeAll(keepingCapacity: true)
        frame.asks.removeAll(keepingCapacity: true)
        frame.updateID = 0
        var scanner = JSONScanner(bytes)
        try fields(&scanner, &frame)
        try scanner.finish()
        return settle(&frame)
    }

    private mutating func fields(
        _ scanner: inout JSONScanner, _ frame: inout ReplayFrame
    ) throws(JSONError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "data" {
                try fields(&scanner, &frame)
            } else if key == "stream" {
                stream = try scanner.text()
            } else if key == "lastUpdateId" {
                isSnapshot = true
                frame.updateID = try scanner.integer()
            } else if key == "bids" {
                try levels(&scanner, &frame.bids)
            } else if key == "asks" {
                try levels(&scanner, &frame.asks)
            } else if key.byteCount == 1 {
                try field(key.byte(0), &scanner, &frame)
            } else {
                try scanner.skipValue()
            }
        }
    }

    private mutating func field(
        _ key: UInt8, _ scanner: inout JSONScanner, _ frame: inout ReplayFrame
    ) throws(JSONError) {
        switch key {
        case UInt8(ascii: "e"): event = try scanner.text()
        case UInt8(ascii: "s"): named = try scanner.text()
        case UInt8(ascii: "u"): frame.updateID = try scanner.integer()
        case UInt8(ascii: "p"): price = Price(units: try scanner.decimalUnits())
        case UInt8(ascii: "q"): quantity = Quantity(units: try scanner.decimalUnits())
        case UInt8(ascii: "m"): isBuyerMaker = try scanner.boolean()
        case UInt8(ascii: "X"): isMarketTrade = try scanner.text() == "MARKET"
        case UInt8(ascii: "b"):
            if try scanner.nextKind() == .array { return try levels(&scanner, &frame.bids) }
            bestBid.price = Price(units: try scanner.decimalUnits())
        case UInt8(ascii: "a"):
            if try scanner.nextKind() == .array { return try levels(&scanner, &frame.asks) }
            bestAsk.price = Price(units: try scanner.decimalUnits())
        case UInt8(ascii: "B"):
            hasSizes = true
            bestBid.quantity = Quantity(units: try scanner.decimalUnits())
        case UInt8(ascii: "A"): bestAsk.quantity = Quantity(units: try scanner.decimalUnits())
        case _: try scanner.skipValue()
        }
    }

    private func levels(
        _ scanner: inout JSONScanner, _ levels: inout [ReplayFrame.Level]
    ) throws(JSONError) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterArray()
            guard try scanner.nextElement() else { continue }
            let price = Price(units: try scanner.decimalUnits())
            guard try scanner.nextElement() else { continue }
            let quantity = Quantity(units: try scanner.decimalUnits())
            while try scanner.nextElement() { try scanner.skipValue() }
            levels.append(ReplayFrame.Level(price: price, quantity: quantity))
        }
    }

    /// Says what kind of frame it was; false where it is none of ours or nonsense.
    private mutating func settle(_ frame: inout ReplayFrame) -> Bool {
        if let named {
            if symbol == nil { symbol = named }
            if named != symbol { return false }
        }
        if isSnapshot {
            frame.kind = .snapshot
        } else if event == "depthUpdate" {
            // Partial depth carries the same event: it says nothing about what is gone.
            guard !stream.contains("@depth5"), !stream.contains("@depth1"),
                !stream.contains("@depth2")
            else { return false }
            frame.kind = .depth
        } else if event == "trade" {
            guard isMarketTrade, price.isPositive, quantity.isPositive else { return false }
            frame.kind = .trade
            frame.isBuyerMaker = isBuyerMaker
            frame.bids.append(ReplayFrame.Level(price: price, quantity: quantity))
        } else if event == "bookTicker" || event.isEmpty && hasSizes {
            guard bestBid.price.isPositive, bestAsk.price > bestBid.price else { return false }
            frame.kind = .ticker
            frame.bids.append(.init(price: bestBid.price, quantity: bestBid.quantity))
            frame.asks.append(.init(price: bestAsk.price, quantity: bestAsk.quantity))
        } else {
            return false
        }
        return (frame.bids + frame.asks).allSatisfy {
            $0.price.isPositive && !$0.quantity.isNegative
        }
    }
}

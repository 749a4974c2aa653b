package import Bytes
package import Chronology
package import Trading

/// One limit that a venue sets on the rate of calls.
package struct RateLimit: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case requestWeight
        case orders
        /// A kind from a newer venue (T12).
        case other(String)
    }

    package var kind: Kind
    package var window: Interval
    /// Greater than zero.
    package var limit: Int

    package init?(kind: Kind, window: Interval, limit: Int) {
        guard window > .zero, limit > 0 else { return nil }
        self.kind = kind
        self.window = window
        self.limit = limit
    }
}

/// What a venue trades and how often it may be asked.
package struct ExchangeInfo: Equatable, Sendable {
    /// A symbol that could not be understood, with the reason; it is left out of `instruments`.
    package struct Skipped: Equatable, Sendable {
        package var name: String
        package var reason: String

        package init(name: String, reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    package var instruments: [Instrument] = []
    package var rateLimits: [RateLimit] = []
    package var skipped: [Skipped] = []

    package init() {}
}

extension BinanceFutures {
    /// Reads exchangeInfo. A symbol that breaks a rule is skipped and reported; only a document that
    /// is no JSON at all throws.
    package static func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        var scanner = JSONScanner(bytes)
        var info = ExchangeInfo()
        var sawSymbols = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "rateLimits":
                try scanner.enterArray()
                while try scanner.nextElement() {
                    if let limit = try rateLimit(&scanner) { info.rateLimits.append(limit) }
                }
            case "symbols":
                sawSymbols = true
                try scanner.enterArray()
                while try scanner.nextElement() { addSymbol(try scanner.rawValue(), to: &info) }
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard sawSymbols else {
            throw JSONError(.missingField, offset: scanner.offset, field: "symbols")
        }
        return info
    }

    private static func addSymbol(_ raw: RawSpan, to info: inout ExchangeInfo) {
        var draft = SymbolDraft()
        do throws(JSONError) {
            var scanner = JSONScanner(raw)
            try draft.read(&scanner)
            info.instruments.append(try draft.instrument())
        } catch {
            let reason = error.field.map { "\(error.code.rawValue): \($0)" } ?? error.code.rawValue
            info.skipped.append(ExchangeInfo.Skipped(name: draft.name, reason: reason))
        }
    }

    /// A limit with an unknown interval is left out: it cannot be kept.
    private static func rateLimit(_ scanner: inout JSONScanner) throws(JSONError) -> RateLimit? {
        var kind = RateLimit.Kind.other("")
        var unit: Int64 = 0
        var count: Int64 = 1
        var limit: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "rateLimitType":
                switch try scanner.lenientText() {
                case "REQUEST_WEIGHT": kind = .requestWeight
                case "ORDERS": kind = .orders
                case let text: kind = .other(text)
                }
            case "interval": unit = seconds(in: try scanner.lenientText())
            case "intervalNum": count = try scanner.integer()
            case "limit": limit = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        guard (1...1_000_000).contains(count), let size = Int(exactly: limit) else { return nil }
        return RateLimit(kind: kind, window: .seconds(unit * count), limit: size)
    }

    private static func seconds(in unit: String) -> Int64 {
        switch unit {
        case "SECOND": 1
        case "MINUTE": 60
        case "HOUR": 3600
        case "DAY": 86_400
        case _: 0
        }
    }
}

/// The fields of one symbol as they come in, in whatever order.
private struct SymbolDraft {
    var name = ""
    private var symbol: Symbol?
    private var status = InstrumentStatus.other("")
    private var base = ""
    private var quote = ""
    private var pricePrecision: Int64?
    private var quantityPrecision: Int64?
    private var filters = FilterDraft()

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol":
                let start = scanner.offset
                name = try scanner.lenientText()
                symbol = Symbol(name)
                if symbol == nil { throw JSONError(.badValue, offset: start, field: "symbol") }
            case "status": status = InstrumentStatus(try scanner.lenientText())
            case "baseAsset": base = try scanner.lenientText()
            case "quoteAsset": quote = try scanner.lenientText()
            case "pricePrecision": pricePrecision = try scanner.integer()
            case "quantityPrecision": quantityPrecision = try scanner.integer()
            case "filters":
                try scanner.enterArray()
                while try scanner.nextElement() { try filters.read(&scanner) }
            case _: try scanner.skipValue()
            }
        }
    }

    func instrument() throws(JSONError) -> Instrument {
        let symbol = try require(symbol, "symbol", at: 0)
        let market = filters.marketLot ?? filters.lot
        let instrument = Instrument(
            symbol: symbol, status: status, base: base, quote: quote,
            tick: SymbolDraft.grid(filters.price.step, precision: pricePrecision),
            minimumPrice: filters.price.minimum, maximumPrice: filters.price.maximum,
            step: SymbolDraft.grid(filters.lot.step, precision: quantityPrecision),
            minimumQuantity: filters.lot.minimum, maximumQuantity: filters.lot.maximum,
            marketMinimumQuantity: market.minimum, marketMaximumQuantity: market.maximum,
            minimumNotional: filters.minimumNotional, bandUp: filters.bandUp,
            bandDown: filters.bandDown)
        guard let instrument else { throw JSONError(.badValue, offset: 0, field: "tick or step") }
        return instrument
    }

    /// A zero tick or step means "no filter": then the stated precision is the grid.
    private static func grid<Value: ExactDecimal>(_ stated: Value, precision: Int64?) -> Value {
        guard stated.isZero, let precision, (0...Int64(DecimalText.places)).contains(precision)
        else { return stated }
        var units = DecimalText.unitsPerWhole
        for _ in 0..<precision { units /= 10 }
        return Value(units: units)
    }
}

/// The filters of one symbol; what none of them sets stays zero, which disables it.
private struct FilterDraft {
    struct Grid<Value: ExactDecimal> {
        var minimum = Value.zero
        var maximum = Value.zero
        var step = Value.zero
    }

    var price = Grid<Price>()
    var lot = Grid<Quantity>()
    var marketLot: Grid<Quantity>?
    var minimumNotional = Money.zero
    var bandUp = Ratio.zero
    var bandDown = Ratio.zero

    mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        var kind = ""
        var priceGrid = Grid<Price>()
        var lotGrid = Grid<Quantity>()
        var notional = Money.zero
        var up = Ratio.zero
        var down = Ratio.zero
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "filterType": kind = try scanner.lenientText()
            case "minPrice": priceGrid.minimum = try scanner.cappedDecimal()
            case "maxPrice": priceGrid.maximum = try scanner.cappedDecimal()
            case "tickSize": priceGrid.step = try scanner.lenientDecimal()
            case "minQty": lotGrid.minimum = try scanner.cappedDecimal()
            case "maxQty": lotGrid.maximum = try scanner.cappedDecimal()
            case "stepSize": lotGrid.step = try scanner.lenientDecimal()
            case "notional": notional = try scanner.lenientDecimal()
            case "multiplierUp": up = try scanner.lenientDecimal()
            case "multiplierDown": down = try scanner.lenientDecimal()
            case _: try scanner.skipValue()
            }
        }
        switch kind {
        case "PRICE_FILTER": price = priceGrid
        case "LOT_SIZE": lot = lotGrid
        case "MARKET_LOT_SIZE": marketLot = lotGrid
        case "MIN_NOTIONAL": minimumNotional = notional
        case "PERCENT_PRICE": (bandUp, bandDown) = (up, down)
        case _: break
        }
    }
}

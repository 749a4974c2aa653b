internal import Bytes
internal import Trading

/// The fields of one symbol as they come in, in whatever order.
struct SymbolDraft {
    var name = ""
    private var symbol: Symbol?
    private var status = InstrumentStatus.other("")
    private var isSpot = true
    private var tradeSides: Int64 = 1
    private var base = ""
    private var quote = ""
    /// Decimals of the grids where no filter sets them.
    private var pricePrecision: Int64?
    private var quantityPrecision: Int64?
    private var filters = FilterDraft()
    private let dialect: VenueKind

    init(_ dialect: VenueKind) { self.dialect = dialect }

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
            case "isSpotTradingAllowed": isSpot = try scanner.boolean()
            case "baseAsset": base = try scanner.lenientText()
            case "quoteAsset": quote = try scanner.lenientText()
            case "filters":
                try scanner.enterArray()
                while try scanner.nextElement() { try filters.read(&scanner) }
            case _:
                let isTaken = try readGrid(key, &scanner)
                if !isTaken { try scanner.skipValue() }
            }
        }
    }

    /// What is called a precision: futures have their own, and spot's mean something else there.
    private mutating func readGrid(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch dialect {
        case .binanceFutures:
            switch key {
            case "pricePrecision": pricePrecision = try scanner.integer()
            case "quantityPrecision": quantityPrecision = try scanner.integer()
            case _: return false
            }
        case .binanceSpot, .mexcSpot:
            switch key {
            case "quotePrecision", "quoteAssetPrecision": pricePrecision = try scanner.integer()
            case "baseAssetPrecision": quantityPrecision = try scanner.integer()
            case _: return dialect == .mexcSpot ? try readMEXC(key, &scanner) : false
            }
        }
        return true
    }

    /// MEXC sets no filters: its "precisions" of sizes and amounts are minima.
    private mutating func readMEXC(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "baseSizePrecision": filters.lot.minimum = try scanner.lenientDecimal()
        case "quoteAmountPrecision": filters.minimumNotional = try scanner.lenientDecimal()
        case "tradeSideType": tradeSides = try scanner.integer()
        case _: return false
        }
        return true
    }

    /// Whether it trades for us: MEXC numbers its states, closes sides, and withholds symbols from
    /// programs.
    private var effectiveStatus: InstrumentStatus {
        switch dialect {
        case .binanceFutures: return status
        case .binanceSpot: return isSpot ? status : .other("NOT_SPOT")
        case .mexcSpot: break
        }
        guard isSpot else { return .other("NOT_BY_API") }
        switch (status.text, tradeSides) {
        case ("1", 1), ("ENABLED", 1): return .trading
        case ("1", 2), ("ENABLED", 2): return .other("BUY_ONLY")
        case ("1", 3), ("ENABLED", 3): return .other("SELL_ONLY")
        case ("1", _), ("ENABLED", _), ("2", _), ("DISABLED", _): return .halted
        case ("3", _): return .other("OFFLINE")
        case _: return status
        }
    }

    func instrument() throws(JSONError) -> Instrument {
        let symbol = try require(symbol, "symbol", at: 0)
        let market = filters.marketLot ?? filters.lot
        let instrument = Instrument(
            symbol: symbol, status: effectiveStatus, base: base, quote: quote,
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
            case "notional", "minNotional": notional = try scanner.lenientDecimal()
            case "multiplierUp", "bidMultiplierUp": up = try scanner.lenientDecimal()
            case "multiplierDown", "askMultiplierDown": down = try scanner.lenientDecimal()
            case _: try scanner.skipValue()
            }
        }
        switch kind {
        case "PRICE_FILTER": price = priceGrid
        case "LOT_SIZE": lot = lotGrid
        case "MARKET_LOT_SIZE": marketLot = lotGrid
        case "MIN_NOTIONAL", "NOTIONAL": minimumNotional = notional
        case "PERCENT_PRICE", "PERCENT_PRICE_BY_SIDE": (bandUp, bandDown) = (up, down)
        case _: break
        }
    }
}

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension MEXCVenue {
    internal func answerMarket(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .ping:
            out.beginObject()
            out.endObject()
        case .time:
            out.beginObject()
            out.field("serverTime", wall.milliseconds)
            out.endObject()
        case .defaultSymbols: writeNames(&out)
        case .contracts: writeNoContracts(&out)
        case .exchangeInfo: try writeExchangeInfo(parameters, wall, &out)
        case .depth: try writeDepth(parameters, wall, &out)
        case .averagePrice:
            let number = try market(parameters)
            out.beginObject()
            out.field("mins", SpotDesk.averageMinutes)
            out.field("price", units: desk.average(number, wall: wall.milliseconds).units)
            out.endObject()
        case .priceTicker:
            try forEachMarket(parameters, &out) { market, out in
                out.beginObject()
                out.field("symbol", market.symbol.name)
                out.field("price", units: market.last.units)
                out.endObject()
            }
        case .bookTicker: try forEachMarket(parameters, &out, writeTicker)
        case _: preconditionFailure("only market endpoints are answered here")
        }
    }

    /// One object for the symbol asked for, or an array for all.
    internal func forEachMarket(
        _ parameters: RequestParameters, _ out: inout JSONWriter,
        _ write: (Market, inout JSONWriter) -> Void
    ) throws(ExchangeError) {
        if parameters["symbol"] != nil {
            write(desk.markets[try market(parameters)], &out)
            return
        }
        out.beginArray()
        for market in desk.markets { write(market, &out) }
        out.endArray()
    }

    internal func writeTicker(_ market: Market, _ out: inout JSONWriter) {
        let bid = market.book.best(.buy)
        let ask = market.book.best(.sell)
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("bidPrice", units: bid?.price.units ?? 0)
        out.field("bidQty", units: bid?.quantity.units ?? 0)
        out.field("askPrice", units: ask?.price.units ?? 0)
        out.field("askQty", units: ask?.quantity.units ?? 0)
        out.endObject()
    }

    private func writeDepth(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.markets[try market(parameters)]
        let limit = try parameters.limit(100, most: 5_000)
        out.beginObject()
        out.field("lastUpdateId", market.lastUpdateID)
        for (name, side) in [("bids", Side.buy), ("asks", Side.sell)] {
            out.key(name)
            out.beginArray()
            for level in market.book.depth(side, limit: limit) {
                out.beginArray()
                out.value(units: level.price.units)
                out.value(units: level.quantity.units)
                out.endArray()
            }
            out.endArray()
        }
        out.field("timestamp", wall.milliseconds)
        out.endObject()
    }

    /// The contract exchange is not simulated, but clients ask for its symbols.
    private func writeNoContracts(_ out: inout JSONWriter) {
        out.beginObject()
        out.field("success", true)
        out.field("code", 0)
        out.key("data")
        out.beginArray()
        out.endArray()
        out.endObject()
    }

    // MARK: exchangeInfo

    private func writeExchangeInfo(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        var numbers = Array(desk.instruments.indices)
        if parameters["symbol"] != nil {
            numbers = [try market(parameters)]
        } else if let names = parameters["symbols"]?.split(separator: ",") {
            numbers = names.compactMap { Symbol(String($0)).flatMap { desk.number(of: $0) } }
        }
        out.beginObject()
        out.field("timezone", "CST")
        out.field("serverTime", wall.milliseconds)
        for name in ["rateLimits", "exchangeFilters"] {
            out.key(name)
            out.beginArray()
            out.endArray()
        }
        out.key("symbols")
        out.beginArray()
        for number in numbers { writeSymbol(number, &out) }
        out.endArray()
        out.endObject()
    }

    /// The decimals of a multiple of this: tick and step are powers of ten.
    private func decimals(_ units: Int128) -> Int64 {
        var places: Int64 = 12
        var rest = units
        while places > 0, rest % 10 == 0 {
            rest /= 10
            places -= 1
        }
        return places
    }

    private static func state(_ status: InstrumentStatus) -> String {
        switch status {
        case .trading: "1"
        case .cancelOnly, .halted: "2"
        case .other: "3"
        }
    }

    private func writeSymbol(_ number: Int, _ out: inout JSONWriter) {
        let rules = desk.instruments[number]
        let limits = desk.settings.limits
        let base = decimals(rules.step.units)
        let quote = decimals(rules.tick.units)
        out.beginObject()
        out.field("symbol", rules.symbol.name)
        out.field("status", MEXCVenue.state(rules.status))
        out.field("baseAsset", rules.base)
        out.field("baseAssetPrecision", base)
        out.field("quoteAsset", rules.quote)
        out.field("quotePrecision", quote)
        out.field("quoteAssetPrecision", quote)
        out.field("baseCommissionPrecision", base)
        out.field("quoteCommissionPrecision", quote)
        write("orderTypes", ["LIMIT", "MARKET", "LIMIT_MAKER"], &out)
        out.field("isSpotTradingAllowed", rules.status == .trading)
        out.field("isMarginTradingAllowed", false)
        out.field("quoteAmountPrecision", units: rules.minimumNotional.units)
        out.field("baseSizePrecision", units: rules.minimumQuantity.units)
        write("permissions", ["SPOT"], &out)
        write("filters", [], &out)
        out.field("maxQuoteAmount", units: limits.notional.units)
        out.field("makerCommission", units: desk.settings.makerFee.units)
        out.field("takerCommission", units: desk.settings.takerFee.units)
        out.field("quoteAmountPrecisionMarket", units: rules.minimumNotional.units)
        out.field("maxQuoteAmountMarket", units: limits.marketNotional.units)
        out.field("fullName", rules.base)
        out.field("tradeSideType", rules.status == .trading ? 1 : 4)
        out.endObject()
    }

    private func write(_ name: StaticString, _ texts: [String], _ out: inout JSONWriter) {
        out.key(name)
        out.beginArray()
        for text in texts { out.value(text) }
        out.endArray()
    }
}

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    internal func answerMarket(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
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
        case .exchangeInfo: writeExchangeInfo(wall, &out)
        case .depth: try writeDepth(parameters, wall, &out)
        case .bookTicker:
            try forEachMarket(parameters, &out) { writeTicker($0, wall, &$1) }
        case .tickerPrice:
            try forEachMarket(parameters, &out) { market, out in
                out.beginObject()
                out.field("symbol", market.symbol.name)
                out.field("price", units: market.last.units, places: market.listing.pricePrecision)
                out.field("time", market.lastTradeAt == 0 ? wall.milliseconds : market.lastTradeAt)
                out.endObject()
            }
        case .premiumIndex:
            try forEachMarket(parameters, &out) { writePremium($0, wall, &$1) }
        case .fundingRates: try writeFundingRates(parameters, &out)
        case .fundingInfo: writeFundingInfo(&out)
        case .openInterest:
            let market = markets[try market(try parameters.requiredSymbol())]
            out.beginObject()
            out.field("openInterest", units: interest(market.number).quantity.units)
            out.field("symbol", market.symbol.name)
            out.field("time", wall.milliseconds)
            out.endObject()
        case .constituents:
            try writeConstituents(markets[try market(try parameters.requiredSymbol())], wall, &out)
        // No index of several symbols, and one margin asset, which needs no rate.
        case .indexInfo: writeArray([Market](), &out) { _, _ in }
        case .adlRisk: try writeDeleverageRisk(parameters, wall, &out)
        case .assetIndex:
            if parameters["symbol"] != nil { throw .symbol }
            writeArray([Market](), &out) { _, _ in }
        case .insuranceBalance: try writeInsurance(parameters, wall, &out)
        case _: preconditionFailure("only market endpoints are answered here")
        }
    }

    /// One object for the symbol asked for, or an array for all.
    internal func forEachMarket(
        _ parameters: RequestParameters, _ out: inout JSONWriter,
        _ write: (Market, inout JSONWriter) -> Void
    ) throws(ExchangeError) {
        if let symbol = try parameters.symbol() {
            write(markets[try market(symbol)], &out)
            return
        }
        out.beginArray()
        for market in markets { write(market, &out) }
        out.endArray()
    }

    private func writeTicker(_ market: Market, _ wall: WallTime, _ out: inout JSONWriter) {
        let bid = market.book.best(.buy)
        let ask = market.book.best(.sell)
        let (pricePlaces, places) = (
            market.listing.pricePrecision, market.listing.quantityPrecision
        )
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("bidPrice", units: bid?.price.units ?? 0, places: pricePlaces)
        out.field("bidQty", units: bid?.quantity.units ?? 0, places: places)
        out.field("askPrice", units: ask?.price.units ?? 0, places: pricePlaces)
        out.field("askQty", units: ask?.quantity.units ?? 0, places: places)
        out.field("time", wall.milliseconds)
        out.field("lastUpdateId", market.lastUpdateID)
        out.endObject()
    }

    private func writePremium(_ market: Market, _ wall: WallTime, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("markPrice", units: market.mark.units, places: 8)
        out.field("indexPrice", units: market.index.units, places: 8)
        out.field("estimatedSettlePrice", units: market.index.units, places: 8)
        out.field("lastFundingRate", units: fundingRate(market.number).units, places: 8)
        out.field("interestRate", units: settings.interestRate.units, places: 8)
        out.field("nextFundingTime", fundingTime(after: wall.milliseconds))
        out.field("time", wall.milliseconds)
        out.endObject()
    }

    private func writeDepth(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = markets[try market(try parameters.requiredSymbol())]
        let limit = try parameters.integer("limit") ?? 500
        guard [5, 10, 20, 50, 100, 500, 1_000].contains(limit) else { throw .depthLimit }
        out.beginObject()
        out.field("lastUpdateId", market.lastUpdateID)
        out.field("E", wall.milliseconds)
        out.field("T", wall.milliseconds)
        out.key("bids")
        write(
            levels: market.book.depth(.buy, limit: Int(limit)).map { ($0.price, $0.quantity) },
            market.listing, &out)
        out.key("asks")
        write(
            levels: market.book.depth(.sell, limit: Int(limit)).map { ($0.price, $0.quantity) },
            market.listing, &out)
        out.endObject()
    }

    internal func write(
        levels: [(price: Price, quantity: Quantity)], _ listing: Listing, _ out: inout JSONWriter
    ) {
        out.beginArray()
        for level in levels {
            out.beginArray()
            out.value(units: level.price.units, places: listing.pricePrecision)
            out.value(units: level.quantity.units, places: listing.quantityPrecision)
            out.endArray()
        }
        out.endArray()
    }
}

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    /// The next funding time: every eight hours from midnight UTC.
    internal static func nextFunding(after wall: Int64) -> Int64 {
        (wall / 28_800_000 + 1) * 28_800_000
    }

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
        case _: preconditionFailure("only market endpoints are answered here")
        }
    }

    /// One object for the symbol asked for, or an array for all.
    private func forEachMarket(
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
        out.field("lastFundingRate", "0.00010000")
        out.field("interestRate", "0.00010000")
        out.field("nextFundingTime", FuturesDesk.nextFunding(after: wall.milliseconds))
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

    // MARK: exchangeInfo

    private func writeExchangeInfo(_ wall: WallTime, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("timezone", "UTC")
        out.field("serverTime", wall.milliseconds)
        out.field("futuresType", "U_MARGINED")
        out.key("rateLimits")
        out.beginArray()
        settings.limits.rates.write(&out)
        out.endArray()
        out.key("exchangeFilters")
        out.beginArray()
        out.endArray()
        out.key("assets")
        out.beginArray()
        out.beginObject()
        out.field("asset", "USDT")
        out.field("marginAvailable", true)
        out.field("autoAssetExchange", "-10000")
        out.endObject()
        out.endArray()
        out.key("symbols")
        out.beginArray()
        for market in markets { writeSymbol(market.listing, &out) }
        out.endArray()
        out.endObject()
    }

    private func writeSymbol(_ listing: Listing, _ out: inout JSONWriter) {
        let rules = listing.instrument
        out.beginObject()
        out.field("symbol", listing.symbol.name)
        out.field("pair", listing.symbol.name)
        out.field("contractType", "PERPETUAL")
        out.field("deliveryDate", 4_133_404_800_000)
        out.field("onboardDate", listing.onboardDate)
        out.field("status", rules.status.text)
        out.field("maintMarginPercent", "2.5000")
        out.field("requiredMarginPercent", "5.0000")
        out.field("baseAsset", rules.base)
        out.field("quoteAsset", rules.quote)
        out.field("marginAsset", rules.quote)
        out.field("pricePrecision", Int64(listing.pricePrecision))
        out.field("quantityPrecision", Int64(listing.quantityPrecision))
        out.field("baseAssetPrecision", 8)
        out.field("quotePrecision", 8)
        out.field("underlyingType", "COIN")
        write("underlyingSubType", [listing.subType], &out)
        out.field("triggerProtect", units: listing.takeBound.units, places: 4)
        out.field("liquidationFee", "0.012500")
        out.field("marketTakeBound", units: listing.takeBound.units, places: 2)
        out.field("maxMoveOrderLimit", 10_000)
        writeFilters(listing, &out)
        write(
            "orderTypes",
            [
                "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
                "TRAILING_STOP_MARKET",
            ], &out)
        write("timeInForce", TimeInForce.allCases.map(\.rawValue), &out)
        write("permissionSets", ["GRID", "COPY"], &out)
        out.endObject()
    }

    private func write(_ name: StaticString, _ texts: [String], _ out: inout JSONWriter) {
        out.key(name)
        out.beginArray()
        for text in texts { out.value(text) }
        out.endArray()
    }

    private func writeFilters(_ listing: Listing, _ out: inout JSONWriter) {
        let rules = listing.instrument
        let tickPlaces = listing.pricePrecision
        func filter(_ name: String, _ fields: (inout JSONWriter) -> Void) {
            out.beginObject()
            out.field("filterType", name)
            fields(&out)
            out.endObject()
        }
        out.key("filters")
        out.beginArray()
        filter("PRICE_FILTER") {
            $0.field("minPrice", units: rules.minimumPrice.units, places: tickPlaces)
            $0.field("maxPrice", units: rules.maximumPrice.units)
            $0.field("tickSize", units: rules.tick.units, places: tickPlaces)
        }
        filter("LOT_SIZE") {
            $0.field("minQty", units: rules.minimumQuantity.units)
            $0.field("maxQty", units: rules.maximumQuantity.units)
            $0.field("stepSize", units: rules.step.units)
        }
        filter("MARKET_LOT_SIZE") {
            $0.field("minQty", units: rules.marketMinimumQuantity.units)
            $0.field("maxQty", units: rules.marketMaximumQuantity.units)
            $0.field("stepSize", units: rules.step.units)
        }
        filter("MAX_NUM_ORDERS") { $0.field("limit", Int64(settings.limits.openOrders)) }
        filter("MIN_NOTIONAL") { $0.field("notional", units: rules.minimumNotional.units) }
        filter("PERCENT_PRICE") {
            $0.field("multiplierUp", units: rules.bandUp.units, places: 4)
            $0.field("multiplierDown", units: rules.bandDown.units, places: 4)
            $0.field("multiplierDecimal", "4")
        }
        filter("POSITION_RISK_CONTROL") { $0.field("positionControlSide", "NONE") }
        out.endArray()
    }
}

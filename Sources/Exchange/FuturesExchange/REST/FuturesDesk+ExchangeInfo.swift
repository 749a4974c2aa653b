internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func writeExchangeInfo(_ wall: WallTime, _ out: inout JSONWriter) {
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
        out.field("status", rules.status.futuresText)
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
        out.field("liquidationFee", units: FuturesDesk.liquidationFee.units, places: 6)
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

extension InstrumentStatus {
    /// How the futures venue spells it (exchange-facts A4).
    internal var futuresText: String {
        switch self {
        case .trading, .other: text
        case .cancelOnly: "TRADING_CANCEL_ONLY"
        case .halted: "TRADING_HALT"
        }
    }
}

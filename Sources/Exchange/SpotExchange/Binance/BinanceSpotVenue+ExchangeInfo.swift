internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Matching
internal import Trading

extension BinanceSpotVenue {
    internal func writeExchangeInfo(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let numbers = try named(parameters) ?? Array(desk.instruments.indices)
        let status = parameters["symbolStatus"]
        out.beginObject()
        out.field("timezone", "UTC")
        out.field("serverTime", wall.milliseconds)
        out.key("rateLimits")
        out.beginArray()
        gate.limits.write(&out)
        out.endArray()
        out.key("exchangeFilters")
        out.beginArray()
        out.endArray()
        out.key("symbols")
        out.beginArray()
        for number in numbers {
            let instrument = desk.instruments[number]
            if let status, status != instrument.status.text { continue }
            writeSymbol(instrument, &out)
        }
        out.endArray()
        out.endObject()
    }

    private func writeSymbol(_ rules: Instrument, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", rules.symbol.name)
        out.field("status", rules.status.text)
        out.field("baseAsset", rules.base)
        out.field("baseAssetPrecision", 8)
        out.field("quoteAsset", rules.quote)
        out.field("quotePrecision", 8)
        out.field("quoteAssetPrecision", 8)
        out.field("baseCommissionPrecision", 8)
        out.field("quoteCommissionPrecision", 8)
        write("orderTypes", SpotOrderKind.allCases.map(\.rawValue), &out)
        out.field("icebergAllowed", true)
        out.field("ocoAllowed", true)
        out.field("otoAllowed", true)
        out.field("opoAllowed", false)
        out.field("quoteOrderQtyMarketAllowed", true)
        out.field("allowTrailingStop", true)
        out.field("cancelReplaceAllowed", true)
        out.field("amendAllowed", true)
        out.field("pegInstructionsAllowed", false)
        out.field("isSpotTradingAllowed", true)
        out.field("isMarginTradingAllowed", false)
        writeFilters(rules, &out)
        write("permissions", [], &out)
        out.key("permissionSets")
        out.beginArray()
        out.beginArray()
        out.value("SPOT")
        out.endArray()
        out.endArray()
        out.field("defaultSelfTradePreventionMode", SelfTradePrevention.expireMaker.rawValue)
        write(
            "allowedSelfTradePreventionModes", SelfTradePrevention.allCases.map(\.rawValue), &out)
        out.endObject()
    }

    private func write(_ name: StaticString, _ texts: [String], _ out: inout JSONWriter) {
        out.key(name)
        out.beginArray()
        for text in texts { out.value(text) }
        out.endArray()
    }

    private func writeFilters(_ rules: Instrument, _ out: inout JSONWriter) {
        func filter(_ name: String, _ fields: (inout JSONWriter) -> Void) {
            out.beginObject()
            out.field("filterType", name)
            fields(&out)
            out.endObject()
        }
        let limits = desk.settings.limits
        out.key("filters")
        out.beginArray()
        filter("PRICE_FILTER") {
            $0.field("minPrice", units: rules.minimumPrice.units, places: 8)
            $0.field("maxPrice", units: rules.maximumPrice.units, places: 8)
            $0.field("tickSize", units: rules.tick.units, places: 8)
        }
        filter("LOT_SIZE") {
            $0.field("minQty", units: rules.minimumQuantity.units, places: 8)
            $0.field("maxQty", units: rules.maximumQuantity.units, places: 8)
            $0.field("stepSize", units: rules.step.units, places: 8)
        }
        filter("ICEBERG_PARTS") { $0.field("limit", limits.icebergParts) }
        // A step of zero is off: of most symbols this filter has only a maximum.
        filter("MARKET_LOT_SIZE") {
            $0.field("minQty", units: rules.marketMinimumQuantity.units, places: 8)
            $0.field("maxQty", units: rules.marketMaximumQuantity.units, places: 8)
            $0.field("stepSize", units: 0, places: 8)
        }
        filter("TRAILING_DELTA") {
            $0.field("minTrailingAboveDelta", limits.trailingDeltas.lowerBound)
            $0.field("maxTrailingAboveDelta", limits.trailingDeltas.upperBound)
            $0.field("minTrailingBelowDelta", limits.trailingDeltas.lowerBound)
            $0.field("maxTrailingBelowDelta", limits.trailingDeltas.upperBound)
        }
        filter("PERCENT_PRICE_BY_SIDE") {
            $0.field("bidMultiplierUp", units: rules.bandUp.units)
            $0.field("bidMultiplierDown", units: rules.bandDown.units)
            $0.field("askMultiplierUp", units: rules.bandUp.units)
            $0.field("askMultiplierDown", units: rules.bandDown.units)
            $0.field("avgPriceMins", SpotDesk.averageMinutes)
        }
        filter("NOTIONAL") {
            $0.field("minNotional", units: rules.minimumNotional.units, places: 8)
            $0.field("applyMinToMarket", true)
            $0.field("maxNotional", units: limits.notional.units, places: 8)
            $0.field("applyMaxToMarket", false)
            $0.field("avgPriceMins", SpotDesk.averageMinutes)
        }
        filter("MAX_NUM_ICEBERG_ORDERS") {
            $0.field("maxNumIcebergOrders", Int64(limits.icebergOrders))
        }
        filter("MAX_NUM_ORDERS") { $0.field("maxNumOrders", Int64(limits.openOrders)) }
        filter("MAX_NUM_ALGO_ORDERS") {
            $0.field("maxNumAlgoOrders", Int64(limits.conditionalOrders))
        }
        filter("MAX_NUM_ORDER_LISTS") { $0.field("maxNumOrderLists", Int64(limits.orderLists)) }
        filter("MAX_NUM_ORDER_AMENDS") { $0.field("maxNumOrderAmends", Int64(limits.amendments)) }
        out.endArray()
    }
}

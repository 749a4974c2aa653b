internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// What a market has printed: trades, candles, the last day.
extension FuturesDesk {
    internal func answerTape(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .trades, .historicalTrades: try writeTrades(parameters, &out)
        case .aggregateTrades: try writeAggregates(parameters, &out)
        case .klines: try writeKlines(parameters, "symbol", wall, &out)
        case .continuousKlines:
            guard try parameters.required("contractType") == "PERPETUAL" else {
                throw .invalid("contractType")
            }
            try writeKlines(parameters, "pair", wall, &out)
        case .markKlines: try writeMarkKlines(parameters, wall, &out)
        case .indexKlines: try writeIndexKlines(parameters, wall, &out)
        case .premiumKlines: try writePremiumKlines(parameters, wall, &out)
        case .dayTicker:
            try forEachMarket(parameters, &out) { writeDayTicker($0, wall, &$1) }
        case _: preconditionFailure("only the tape is answered here")
        }
    }

    private func writeTrades(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = markets[try market(try parameters.requiredSymbol())]
        let limit = try parameters.limit(500, most: 1_000)
        let trades =
            if let first = try parameters.integer("fromId") {
                market.trades(fromID: first, limit: limit)
            } else {
                market.recentTrades(limit: limit)
            }
        writeArray(trades, &out) { trade, out in
            out.beginObject()
            out.field("id", trade.id)
            out.field("price", units: trade.price.units, places: market.listing.pricePrecision)
            out.field("qty", units: trade.quantity.units, places: market.listing.quantityPrecision)
            out.field("quoteQty", units: trade.price.times(trade.quantity, .down).units, places: 2)
            out.field("time", trade.timeMilliseconds)
            out.field("isBuyerMaker", trade.isBuyerMaker)
            out.field("isRPITrade", false)
            out.endObject()
        }
    }

    private func writeAggregates(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = markets[try market(try parameters.requiredSymbol())]
        let limit = try parameters.limit(500, most: 1_000)
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime")
        let trades: [AggregateTrade]
        if let first = try parameters.integer("fromId") {
            trades = market.aggregates(fromID: first, limit: limit)
        } else if start != nil || end != nil {
            trades = market.aggregates(from: start ?? 0, to: end ?? .max, limit: limit)
        } else {
            trades = market.recentAggregates(limit: limit)
        }
        writeArray(trades, &out) { trade, out in
            out.beginObject()
            out.field("a", trade.id)
            out.field("p", units: trade.price.units, places: market.listing.pricePrecision)
            out.field("q", units: trade.quantity.units, places: market.listing.quantityPrecision)
            out.field("f", trade.firstTradeID)
            out.field("l", trade.lastTradeID)
            out.field("T", trade.timeMilliseconds)
            out.field("m", trade.isBuyerMaker)
            out.endObject()
        }
    }

    // MARK: candles

    private func writeKlines(
        _ parameters: RequestParameters, _ name: String, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try KlineRequest(parameters, name)
        let market = markets[try market(asked.symbol)]
        let candles = market.candles(
            asked.interval, from: asked.start, to: asked.end, limit: asked.limit,
            at: wall.milliseconds)
        writeArray(candles, &out) { write($0, market.listing, &$1) }
    }

    private func write(_ candle: Candle, _ listing: Listing, _ out: inout JSONWriter) {
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        out.beginArray()
        out.value(candle.openTime)
        for price in [candle.open, candle.high, candle.low, candle.close] {
            out.value(units: price.units, places: pricePlaces)
        }
        out.value(units: candle.volume.units, places: places)
        out.value(candle.closeTime)
        out.value(units: candle.quoteVolume.units, places: 5)
        out.value(candle.tradeCount)
        out.value(units: candle.takerVolume.units, places: places)
        out.value(units: candle.takerQuote.units, places: 5)
        out.value("0")
        out.endArray()
    }

    private func writeDayTicker(_ market: Market, _ wall: WallTime, _ out: inout JSONWriter) {
        let day = market.statistics(at: wall.milliseconds)
        let (pricePlaces, places) = (
            market.listing.pricePrecision, market.listing.quantityPrecision
        )
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("priceChange", units: day.change.units, places: pricePlaces)
        out.field("priceChangePercent", units: day.changePercent.units, places: 3)
        let average = day.average.down(to: OrderRules.unit(pricePlaces))
        out.field("weightedAvgPrice", units: average.units, places: pricePlaces)
        out.field("lastPrice", units: day.last.units, places: pricePlaces)
        out.field("lastQty", units: day.lastQuantity.units, places: places)
        out.field("openPrice", units: day.open.units, places: pricePlaces)
        out.field("highPrice", units: day.high.units, places: pricePlaces)
        out.field("lowPrice", units: day.low.units, places: pricePlaces)
        out.field("volume", units: day.volume.units, places: places)
        out.field("quoteVolume", units: day.quoteVolume.units, places: 2)
        out.field("openTime", day.openTime)
        out.field("closeTime", day.closeTime)
        out.field("firstId", day.firstTradeID)
        out.field("lastId", day.lastTradeID)
        out.field("count", day.count)
        out.endObject()
    }
}

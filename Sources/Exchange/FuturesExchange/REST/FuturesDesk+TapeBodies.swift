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
        case .klines: try writeKlines(parameters, "symbol", .trades, wall, &out)
        case .continuousKlines:
            guard try parameters.required("contractType") == "PERPETUAL" else {
                throw .invalid("contractType")
            }
            try writeKlines(parameters, "pair", .trades, wall, &out)
        case .markKlines: try writeKlines(parameters, "symbol", .prices, wall, &out)
        case .indexKlines: try writeKlines(parameters, "pair", .prices, wall, &out)
        case .premiumKlines: try writeKlines(parameters, "symbol", .premium, wall, &out)
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

    /// What a candle's columns are of.
    private enum KlineKind {
        case trades
        /// Of mark and index, which stay at the market: prices only.
        case prices
        /// Of the distance between mark and index: none.
        case premium
    }

    private func writeKlines(
        _ parameters: RequestParameters, _ name: String, _ kind: KlineKind, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        guard let symbol = Symbol(try parameters.required(name)) else { throw .symbol }
        let market = markets[try market(symbol)]
        let word = try parameters.required("interval")
        guard let interval = CandleInterval(rawValue: word),
            CandleInterval.futures.contains(interval)
        else { throw .interval }
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime")
        let times: ClosedRange<Int64> = 0...253_402_300_799_000
        guard times.contains(start ?? 0) else { throw .invalid("startTime") }
        guard times.contains(end ?? 0) else { throw .invalid("endTime") }
        let candles = market.candles(
            interval, from: start, to: end, limit: try parameters.limit(500, most: 1_500),
            at: wall.milliseconds)
        writeArray(candles, &out) { write($0, kind, market.listing, &$1) }
    }

    private func write(
        _ candle: Candle, _ kind: KlineKind, _ listing: Listing, _ out: inout JSONWriter
    ) {
        let isFlat = kind == .premium
        let places = kind == .trades ? listing.pricePrecision : 8
        let volumePlaces = listing.quantityPrecision
        let hasVolume = kind == .trades
        out.beginArray()
        out.value(candle.openTime)
        for price in [candle.open, candle.high, candle.low, candle.close] {
            out.value(units: isFlat ? 0 : price.units, places: places)
        }
        out.value(units: hasVolume ? candle.volume.units : 0, places: hasVolume ? volumePlaces : 0)
        out.value(candle.closeTime)
        out.value(units: hasVolume ? candle.quoteVolume.units : 0, places: hasVolume ? 5 : 0)
        out.value(candle.tradeCount)
        out.value(
            units: hasVolume ? candle.takerVolume.units : 0, places: hasVolume ? volumePlaces : 0)
        out.value(units: hasVolume ? candle.takerQuote.units : 0, places: hasVolume ? 5 : 0)
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

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// What has traded: prints, aggregates, candles and statistics.
extension MEXCVenue {
    internal func answerHistory(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .trades: try writeTrades(parameters, &out)
        case .aggregateTrades: try writeAggregates(parameters, wall, &out)
        case .klines: try writeCandles(parameters, wall, &out)
        case .dayTicker: try writeDayTickers(parameters, wall.milliseconds, &out)
        case _: preconditionFailure("only history is answered here")
        }
    }

    /// Prints have no id here.
    private func writeTrades(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.floor.markets[try self.market(parameters)]
        let limit = try parameters.limit(500, most: 1_000)
        out.beginArray()
        for trade in market.recentTrades(limit: limit).reversed() {
            out.beginObject()
            out.key("id")
            out.null()
            out.field("price", units: trade.price.units)
            out.field("qty", units: trade.quantity.units)
            out.field("quoteQty", units: trade.price.times(trade.quantity, .down).units)
            out.field("time", trade.timeMilliseconds)
            out.field("isBuyerMaker", trade.isBuyerMaker)
            out.field("isBestMatch", true)
            out.field("tradeType", trade.isBuyerMaker ? "ASK" : "BID")
            out.endObject()
        }
        out.endArray()
    }

    private func writeAggregates(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.floor.markets[try self.market(parameters)]
        let limit = try parameters.limit(500, most: 1_000)
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime") ?? wall.milliseconds
        let trades =
            start.map { market.aggregates(from: $0, to: end, limit: limit) }
            ?? market.recentAggregates(limit: limit)
        out.beginArray()
        for trade in trades {
            out.beginObject()
            for name in ["a", "f", "l"] {
                out.key(name)
                out.null()
            }
            out.field("p", units: trade.price.units)
            out.field("q", units: trade.quantity.units)
            out.field("T", trade.timeMilliseconds)
            out.field("m", trade.isBuyerMaker)
            out.field("M", true)
            out.endObject()
        }
        out.endArray()
    }

    private static let intervals: [String: CandleInterval] = [
        "1m": .oneMinute, "5m": .fiveMinutes, "15m": .fifteenMinutes, "30m": .thirtyMinutes,
        "60m": .oneHour, "4h": .fourHours, "1d": .oneDay, "1W": .oneWeek, "1M": .oneMonth,
    ]

    /// Eight columns, where Binance has twelve.
    private func writeCandles(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.floor.markets[try self.market(parameters)]
        guard let interval = MEXCVenue.intervals[try parameters.required("interval")] else {
            throw ExchangeError(-1121, "Invalid interval.")
        }
        let candles = market.candles(
            interval, from: try parameters.integer("startTime"),
            to: try parameters.integer("endTime"),
            limit: try parameters.limit(500, most: 1_000), at: wall.milliseconds)
        out.beginArray()
        for candle in candles {
            out.beginArray()
            out.value(candle.openTime)
            for price in [candle.open, candle.high, candle.low, candle.close] {
                out.value(units: price.units)
            }
            out.value(units: candle.volume.units)
            out.value(candle.closeTime + 1)
            out.value(units: candle.quoteVolume.units)
            out.endArray()
        }
        out.endArray()
    }

    private func writeDayTickers(
        _ parameters: RequestParameters, _ wall: Int64, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        try forEachMarket(parameters, &out) { market, out in
            let day = market.statistics(at: wall)
            // A share here, where Binance has per cent.
            let share = day.changePercent.units / 100
            out.beginObject()
            out.field("symbol", market.symbol.name)
            out.field("priceChange", units: day.change.units)
            out.field("priceChangePercent", units: share)
            out.field("prevClosePrice", units: day.open.units)
            out.field("lastPrice", units: day.last.units)
            out.field("bidPrice", units: market.ticker.bid.units)
            out.field("bidQty", units: market.ticker.bidQuantity.units)
            out.field("askPrice", units: market.ticker.ask.units)
            out.field("askQty", units: market.ticker.askQuantity.units)
            out.field("openPrice", units: day.open.units)
            out.field("highPrice", units: day.high.units)
            out.field("lowPrice", units: day.low.units)
            out.field("volume", units: day.volume.units)
            out.field("quoteVolume", units: day.quoteVolume.units)
            out.field("openTime", day.openTime)
            out.field("closeTime", day.closeTime)
            out.key("count")
            out.null()
            out.endObject()
        }
    }
}

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// What has traded: prints, aggregates, candles and statistics.
extension BinanceSpotVenue {
    internal func answerHistory(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .trades: try writeTrades(parameters, &out)
        case .aggregateTrades: try writeAggregates(parameters, wall, &out)
        case .klines: try writeCandles(parameters, wall, &out)
        case .dayTicker: try writeDayTickers(parameters, wall.milliseconds, &out)
        case .windowTicker: try writeWindowTickers(parameters, wall.milliseconds, &out)
        case _: preconditionFailure("only history is answered here")
        }
    }

    private func writeTrades(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.floor.markets[try self.market(parameters)]
        let limit = try parameters.limit(500, most: 1_000)
        let first = try parameters.integer("fromId")
        let trades =
            first.map { market.trades(fromID: $0, limit: limit) }
            ?? market.recentTrades(limit: limit)
        out.beginArray()
        for trade in trades {
            out.beginObject()
            out.field("id", trade.id)
            out.field("price", units: trade.price.units, places: 8)
            out.field("qty", units: trade.quantity.units, places: 8)
            out.field(
                "quoteQty", units: trade.price.times(trade.quantity, .down).units, places: 8)
            out.field("time", trade.timeMilliseconds)
            out.field("isBuyerMaker", trade.isBuyerMaker)
            out.field("isBestMatch", true)
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
        let end = try parameters.integer("endTime")
        let trades: [AggregateTrade]
        if let first = try parameters.integer("fromId") {
            trades = market.aggregates(fromID: first, limit: limit)
        } else if start != nil || end != nil {
            trades = market.aggregates(
                from: start ?? 0, to: end ?? wall.milliseconds, limit: limit)
        } else {
            trades = market.recentAggregates(limit: limit)
        }
        out.beginArray()
        for trade in trades {
            out.beginObject()
            out.field("a", trade.id)
            out.field("p", units: trade.price.units, places: 8)
            out.field("q", units: trade.quantity.units, places: 8)
            out.field("f", trade.firstTradeID)
            out.field("l", trade.lastTradeID)
            out.field("T", trade.timeMilliseconds)
            out.field("m", trade.isBuyerMaker)
            out.field("M", true)
            out.endObject()
        }
        out.endArray()
    }

    private func writeCandles(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.floor.markets[try self.market(parameters)]
        guard let interval = CandleInterval(rawValue: try parameters.required("interval")) else {
            throw .interval
        }
        let limit = try parameters.limit(500, most: 1_000)
        let candles = market.candles(
            interval, from: try parameters.integer("startTime"),
            to: try parameters.integer("endTime"), limit: limit, at: wall.milliseconds)
        out.beginArray()
        for candle in candles {
            out.beginArray()
            out.value(candle.openTime)
            for price in [candle.open, candle.high, candle.low, candle.close] {
                out.value(units: price.units, places: 8)
            }
            out.value(units: candle.volume.units, places: 8)
            out.value(candle.closeTime)
            out.value(units: candle.quoteVolume.units, places: 8)
            out.value(candle.tradeCount)
            out.value(units: candle.takerVolume.units, places: 8)
            out.value(units: candle.takerQuote.units, places: 8)
            out.value("0")
            out.endArray()
        }
        out.endArray()
    }

    // MARK: tickers

    private func isMini(_ parameters: RequestParameters) throws(ExchangeError) -> Bool {
        switch parameters["type"] {
        case nil, "FULL": return false
        case "MINI": return true
        case _: throw .invalid("type")
        }
    }

    private func writeDayTickers(
        _ parameters: RequestParameters, _ wall: Int64, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let isMini = try isMini(parameters)
        try forEachMarket(parameters, &out) { market, out in
            let day = market.statistics(at: wall)
            out.beginObject()
            out.field("symbol", market.symbol.name)
            if !isMini {
                writeChange(day, &out)
                out.field("prevClosePrice", units: day.open.units, places: 8)
                out.field("lastQty", units: day.lastQuantity.units, places: 8)
                out.field("bidPrice", units: market.ticker.bid.units, places: 8)
                out.field("bidQty", units: market.ticker.bidQuantity.units, places: 8)
                out.field("askPrice", units: market.ticker.ask.units, places: 8)
                out.field("askQty", units: market.ticker.askQuantity.units, places: 8)
            }
            writeRange(day, &out)
            out.endObject()
        }
    }

    private func writeWindowTickers(
        _ parameters: RequestParameters, _ wall: Int64, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let isMini = try isMini(parameters)
        guard try named(parameters) != nil else { throw .missingEither("symbol", "symbols") }
        let length = try windowLength(parameters["windowSize"] ?? "1d")
        let start = (wall - length) / 60_000 * 60_000
        try forEachMarket(parameters, &out) { market, out in
            let window = market.statistics(since: start, at: wall)
            out.beginObject()
            out.field("symbol", market.symbol.name)
            if !isMini { writeChange(window, &out) }
            writeRange(window, &out)
            out.endObject()
        }
    }

    /// `1m` to `59m`, `1h` to `23h`, `1d` to `7d`, in milliseconds.
    private func windowLength(_ text: String) throws(ExchangeError) -> Int64 {
        guard let count = Int64(text.dropLast()), let unit = text.last else {
            throw .invalid("windowSize")
        }
        switch unit {
        case "m" where (1...59).contains(count): return count * 60_000
        case "h" where (1...23).contains(count): return count * 3_600_000
        case "d" where (1...7).contains(count): return count * 86_400_000
        case _: throw .invalid("windowSize")
        }
    }

    private func writeChange(_ day: DayStatistics, _ out: inout JSONWriter) {
        out.field("priceChange", units: day.change.units, places: 8)
        out.field("priceChangePercent", units: day.changePercent.units, places: 3)
        out.field(
            "weightedAvgPrice", units: day.average.units - day.average.units % 10_000, places: 8)
    }

    private func writeRange(_ day: DayStatistics, _ out: inout JSONWriter) {
        out.field("openPrice", units: day.open.units, places: 8)
        out.field("highPrice", units: day.high.units, places: 8)
        out.field("lowPrice", units: day.low.units, places: 8)
        out.field("lastPrice", units: day.last.units, places: 8)
        out.field("volume", units: day.volume.units, places: 8)
        out.field("quoteVolume", units: day.quoteVolume.units, places: 8)
        out.field("openTime", day.openTime)
        out.field("closeTime", day.closeTime)
        out.field("firstId", day.firstTradeID)
        out.field("lastId", day.lastTradeID)
        out.field("count", day.count)
    }
}

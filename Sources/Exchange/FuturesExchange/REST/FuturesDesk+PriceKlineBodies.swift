internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// Which candles a request wants.
internal struct KlineRequest {
    let symbol: Symbol
    let interval: CandleInterval
    /// Epoch milliseconds.
    let start: Int64?
    let end: Int64?
    let limit: Int

    /// - Parameter name: the parameter that names the symbol or pair.
    init(_ parameters: RequestParameters, _ name: String) throws(ExchangeError) {
        guard let symbol = Symbol(try parameters.required(name)) else { throw .symbol }
        guard let interval = CandleInterval(rawValue: try parameters.required("interval")),
            CandleInterval.futures.contains(interval)
        else { throw .interval }
        self.symbol = symbol
        self.interval = interval
        start = try parameters.integer("startTime")
        end = try parameters.integer("endTime")
        let times: ClosedRange<Int64> = 0...253_402_300_799_000
        guard times.contains(start ?? 0) else { throw .invalid("startTime") }
        guard times.contains(end ?? 0) else { throw .invalid("endTime") }
        limit = try parameters.limit(500, most: 1_500)
    }
}

/// Candles of computed prices: rows as those of trades, with what they have no figure for as zero.
extension FuturesDesk {
    internal func writeMarkKlines(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try KlineRequest(parameters, "symbol")
        let candles = markets[try market(asked.symbol)].markCandles(
            asked.interval, from: asked.start, to: asked.end, limit: asked.limit,
            at: wall.milliseconds)
        writeArray(candles, &out) { write($0, wall, &$1) }
    }

    internal func writeIndexKlines(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try KlineRequest(parameters, "pair")
        let candles = markets[try market(asked.symbol)].indexCandles(
            asked.interval, from: asked.start, to: asked.end, limit: asked.limit,
            at: wall.milliseconds)
        writeArray(candles, &out) { write($0, wall, &$1) }
    }

    internal func writePremiumKlines(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try KlineRequest(parameters, "symbol")
        let candles = markets[try market(asked.symbol)].premiumCandles(
            asked.interval, from: asked.start, to: asked.end, limit: asked.limit,
            at: wall.milliseconds)
        writeArray(candles, &out) { write($0, wall, &$1) }
    }

    private func write<Value>(
        _ candle: PriceCandle<Value>, _ wall: WallTime, _ out: inout JSONWriter
    ) {
        out.beginArray()
        out.value(candle.openTime)
        for value in [candle.open, candle.high, candle.low, candle.close] {
            out.value(units: value.units, places: 8)
        }
        out.value("0")
        out.value(candle.closeTime)
        out.value("0")
        // How many samples it is of: one a second.
        out.value(max(1, (min(wall.milliseconds, candle.closeTime) - candle.openTime + 1) / 1_000))
        for _ in 0..<3 { out.value("0") }
        out.endArray()
    }
}

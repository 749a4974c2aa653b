internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// Which rows of a statistic a request wants.
private struct StatisticRequest {
    private static let periods: [CandleInterval] = [
        .fiveMinutes, .fifteenMinutes, .thirtyMinutes, .oneHour, .twoHours, .fourHours, .sixHours,
        .twelveHours, .oneDay,
    ]

    let number: Int
    let period: CandleInterval
    /// Epoch milliseconds.
    let start: Int64?
    let end: Int64?
    let limit: Int

    init(
        _ parameters: RequestParameters, _ name: String, _ desk: FuturesDesk
    ) throws(ExchangeError) {
        guard let symbol = Symbol(try parameters.required(name)) else { throw .symbol }
        number = try desk.market(symbol)
        guard let period = CandleInterval(rawValue: try parameters.required("period")),
            StatisticRequest.periods.contains(period)
        else { throw .invalid("period") }
        self.period = period
        let times: ClosedRange<Int64> = 0...253_402_300_799_000
        start = try parameters.integer("startTime")
        end = try parameters.integer("endTime")
        guard times.contains(start ?? 0) else { throw .invalid("startTime") }
        guard times.contains(end ?? 0) else { throw .invalid("endTime") }
        limit = try parameters.limit(30, most: 500)
    }

    /// Of rows in the order of time, those of the period's beginnings that are asked for.
    func rows(_ samples: [Interest]) -> ArraySlice<Interest> {
        let found = samples.filter {
            period.opening(at: $0.timeMilliseconds) == $0.timeMilliseconds
                && $0.timeMilliseconds >= start ?? 0 && $0.timeMilliseconds <= end ?? .max
        }
        return start == nil ? found.suffix(limit) : found.prefix(limit)
    }
}

/// The statistics under /futures/data: told from what the desk and its markets have lived through, and
/// empty where they have not.
extension FuturesDesk {
    internal func answerStatistics(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .interestHistory: try writeInterestHistory(parameters, &out)
        case .accountRatio:
            try writeRatios(parameters, &out) { ($0.longAccounts, $0.shortAccounts) }
        case .positionRatio:
            try writeRatios(parameters, &out) { ($0.longQuantity.units, $0.shortQuantity.units) }
        case .takerRatio: try writeTakerRatio(parameters, wall, &out)
        case .basis: try writeBasis(parameters, wall, &out)
        case .deliveryPrices: writeArray([Market](), &out) { _, _ in }
        case _: preconditionFailure("only statistics are answered here")
        }
    }

    private func writeInterestHistory(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try StatisticRequest(parameters, "symbol", self)
        let symbol = markets[asked.number].symbol
        writeArray(asked.rows(interests[asked.number]), &out) { sample, out in
            out.beginObject()
            out.field("symbol", symbol.name)
            out.field("sumOpenInterest", units: sample.quantity.units, places: 8)
            out.field("sumOpenInterestValue", units: sample.worth.units, places: 8)
            out.field("timestamp", sample.timeMilliseconds)
            out.endObject()
        }
    }

    private func writeRatios<Figure: BinaryInteger>(
        _ parameters: RequestParameters, _ out: inout JSONWriter,
        _ sides: (Interest) -> (long: Figure, short: Figure)
    ) throws(ExchangeError) {
        let asked = try StatisticRequest(parameters, "symbol", self)
        let symbol = markets[asked.number].symbol
        writeArray(asked.rows(interests[asked.number]), &out) { sample, out in
            let (long, short) = sides(sample)
            let both = Int128(long + short)
            out.beginObject()
            out.field("symbol", symbol.name)
            out.field("longAccount", units: FuturesDesk.ratio(Int128(long), both), places: 4)
            out.field(
                "longShortRatio", units: FuturesDesk.ratio(Int128(long), Int128(short)), places: 4)
            out.field("shortAccount", units: FuturesDesk.ratio(Int128(short), both), places: 4)
            out.field("timestamp", sample.timeMilliseconds)
            out.endObject()
        }
    }

    /// A ratio in units, to four decimals; zero where there is nothing to divide by.
    private static func ratio(_ part: Int128, _ whole: Int128) -> Int128 {
        whole == 0 ? 0 : part * 10_000 / whole * 100_000_000
    }

    private func writeTakerRatio(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try StatisticRequest(parameters, "symbol", self)
        let market = markets[asked.number]
        let places = max(4, market.listing.quantityPrecision)
        writeArray(closed(asked, market, wall), &out) { candle, out in
            let sold = candle.volume - candle.takerVolume
            out.beginObject()
            let ratio = FuturesDesk.ratio(candle.takerVolume.units, sold.units)
            out.field("buySellRatio", units: ratio, places: 4)
            out.field("sellVol", units: sold.units, places: places)
            out.field("buyVol", units: candle.takerVolume.units, places: places)
            out.field("timestamp", candle.openTime)
            out.endObject()
        }
    }

    /// The candles that are asked for and have closed.
    private func closed(
        _ asked: StatisticRequest, _ market: Market, _ wall: WallTime
    ) -> [Candle] {
        let last = asked.period.opening(at: wall.milliseconds) - 1
        return market.candles(
            asked.period, from: asked.start, to: min(asked.end ?? last, last), limit: asked.limit,
            at: wall.milliseconds)
    }

    /// How far the contract closed from the index.
    private func writeBasis(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let asked = try StatisticRequest(parameters, "pair", self)
        let kind = try parameters.required("contractType")
        guard ["PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER"].contains(kind) else {
            throw .invalid("contractType")
        }
        let market = markets[asked.number]
        let candles = kind == "PERPETUAL" ? closed(asked, market, wall) : []
        writeArray(candles, &out) { candle, out in
            let index =
                market.indexCandles(
                    asked.period, from: candle.openTime, to: candle.openTime, limit: 1,
                    at: wall.milliseconds
                ).first?.close ?? candle.close
            let basis = candle.close - index
            out.beginObject()
            out.field("indexPrice", units: index.units, places: 8)
            out.field("contractType", kind)
            out.field("basisRate", units: FuturesDesk.ratio(basis.units, index.units), places: 4)
            out.field(
                "futuresPrice", units: candle.close.units, places: market.listing.pricePrecision)
            out.field("annualizedBasisRate", "")
            out.field("basis", units: basis.units, places: 8)
            out.field("pair", market.symbol.name)
            out.field("timestamp", candle.openTime)
            out.endObject()
        }
    }
}

internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    /// Fundings that took place, oldest first: of one symbol, or of all.
    internal func writeFundingRates(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.symbol()
        if let symbol { _ = try market(symbol) }
        let limit = try parameters.limit(100, most: 1_000)
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime") ?? .max
        var found = selected(symbol).flatMap { fundings[$0] }.filter {
            $0.timeMilliseconds >= start ?? 0 && $0.timeMilliseconds <= end
        }
        found.sort {
            ($0.timeMilliseconds, $0.symbol.name) < ($1.timeMilliseconds, $1.symbol.name)
        }
        writeArray(start == nil ? found.suffix(limit) : found.prefix(limit), &out) { record, out in
            out.beginObject()
            out.field("symbol", record.symbol.name)
            out.field("fundingTime", record.timeMilliseconds)
            out.field("fundingRate", units: record.rate.units, places: 8)
            out.field("markPrice", units: record.mark.units, places: 8)
            out.endObject()
        }
    }

    internal func writeFundingInfo(_ out: inout JSONWriter) {
        writeArray(markets, &out) { market, out in
            out.beginObject()
            out.field("symbol", market.symbol.name)
            let cap = FuturesDesk.fundingCap
            out.field("adjustedFundingRateCap", units: cap.units, places: 8)
            out.field("adjustedFundingRateFloor", units: -cap.units, places: 8)
            out.field("fundingIntervalHours", max(1, settings.fundingInterval / 3_600_000))
            out.field("disclaimer", false)
            out.endObject()
        }
    }

    /// The insurance fund, which stands behind all symbols.
    internal func writeInsurance(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.symbol()
        if let symbol { _ = try market(symbol) }
        writeArray([insurance], &out) { fund, out in
            out.beginObject()
            out.key("symbols")
            writeArray(selected(symbol), &out) { $1.value(markets[$0].symbol.name) }
            out.key("assets")
            writeArray([fund], &out) { fund, out in
                out.beginObject()
                out.field("asset", "USDT")
                out.field("marginBalance", units: fund.balance.units, places: 8)
                let changed = fund.updatedAtMilliseconds
                out.field("updateTime", changed > 0 ? changed : wall.milliseconds)
                out.endObject()
            }
            out.endObject()
        }
    }

    /// How likely losses are to be shared out, by what the insurance fund has against what is open: of one
    /// symbol, or of all.
    internal func writeDeleverageRisk(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        func write(_ number: Int, _ out: inout JSONWriter) {
            let open = interest(number).worth
            let enough = open.scaled(by: Ratio(units: 10_000_000_000), .down)
            let risk =
                insurance.balance.isZero ? "high" : insurance.balance < enough ? "medium" : "low"
            out.beginObject()
            out.field("symbol", markets[number].symbol.name)
            out.field("adlRisk", risk)
            out.field("updateTime", wall.milliseconds)
            out.endObject()
        }
        if let symbol = try parameters.symbol() {
            write(try market(symbol), &out)
        } else {
            writeArray(Array(markets.indices), &out, write)
        }
    }

    /// What the index is made of: this exchange alone.
    internal func writeConstituents(
        _ market: Market, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("time", wall.milliseconds)
        out.key("constituents")
        out.beginArray()
        out.beginObject()
        out.field("exchange", "binance")
        out.field("symbol", market.symbol.name)
        out.field("price", units: market.index.units, places: market.listing.pricePrecision)
        out.field("weight", "1.00000000")
        out.endObject()
        out.endArray()
        out.endObject()
    }
}

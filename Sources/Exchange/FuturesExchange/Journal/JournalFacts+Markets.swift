internal import Bytes
internal import ExchangeMarkets
internal import Trading

/// What is kept of the exchange itself: candles, what was open, the insurance fund.
extension JournalFacts {
    /// The minutes of a market that closed in a time; without one, all its closed candles.
    static func write(candlesOf market: Market, _ time: Range<Int64>?, _ out: inout JSONWriter) {
        func add(_ fields: (inout JSONWriter) -> Void) { fact("candles", &out, fields) }
        if let time {
            CandleMemory.write(
                minutesOf: market, from: time.lowerBound, to: time.upperBound, add)
        } else {
            CandleMemory.write(all: market, add)
        }
    }

    /// Samples of what was open of a symbol, as rows of numbers.
    static func write(_ samples: [Interest], _ symbol: Symbol, _ out: inout JSONWriter) {
        fact("interest", &out) {
            $0.field("symbol", symbol.name)
            $0.field(
                "rows",
                samples.map { sample in
                    [
                        Int128(sample.timeMilliseconds), sample.mark.units, sample.quantity.units,
                        sample.longQuantity.units, sample.shortQuantity.units,
                        Int128(sample.longAccounts), Int128(sample.shortAccounts),
                    ].map { String($0) }.joined(separator: " ")
                }.joined(separator: ";"))
        }
    }

    static func interests(_ value: JSONValue) throws(JSONError) -> [Interest] {
        let problem = JSONError(.badValue, offset: 0, field: "rows")
        var samples: [Interest] = []
        for row in try value.field("rows", \.text).split(separator: ";") {
            let figures = row.split(separator: " ").compactMap { Int128($0) }
            guard figures.count == 7, let time = Int64(exactly: figures[0]),
                let longs = Int64(exactly: figures[5]), let shorts = Int64(exactly: figures[6])
            else { throw problem }
            samples.append(
                Interest(
                    timeMilliseconds: time, mark: Price(units: figures[1]),
                    quantity: Quantity(units: figures[2]),
                    longQuantity: Quantity(units: figures[3]),
                    shortQuantity: Quantity(units: figures[4]),
                    longAccounts: longs, shortAccounts: shorts))
        }
        return samples
    }

    static func write(_ fund: InsuranceFund, _ out: inout JSONWriter) {
        fact("insurance", &out) {
            $0.field("amount", units: fund.balance.units)
            $0.field("at", fund.updatedAtMilliseconds)
        }
    }
}

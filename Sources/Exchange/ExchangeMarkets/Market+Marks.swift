internal import Matching
package import Trading

/// Mark, index and premium, now and before.
extension Market {
    /// The mean premium since the last funding, later seconds counting more.
    package var averagePremium: Ratio { premiums.value }

    /// Candles of mark that open between two times in epoch milliseconds, both included, oldest first, as
    /// `candles` gives those of trades; empty where the floor keeps none.
    package func markCandles(
        _ interval: CandleInterval, from: Int64? = nil, to: Int64? = nil, limit: Int,
        at wall: Int64
    ) -> [PriceCandle<Price>] {
        priceCandles(.mark, interval, from, to, limit, wall)
    }

    /// Candles of the index.
    package func indexCandles(
        _ interval: CandleInterval, from: Int64? = nil, to: Int64? = nil, limit: Int,
        at wall: Int64
    ) -> [PriceCandle<Price>] {
        priceCandles(.index, interval, from, to, limit, wall)
    }

    /// Candles of the premium index.
    package func premiumCandles(
        _ interval: CandleInterval, from: Int64? = nil, to: Int64? = nil, limit: Int,
        at wall: Int64
    ) -> [PriceCandle<Ratio>] {
        priceCandles(.premium, interval, from, to, limit, wall)
    }

    private func priceCandles<Value>(
        _ kind: MarkTape.Kind, _ interval: CandleInterval, _ from: Int64?, _ to: Int64?,
        _ limit: Int, _ wall: Int64
    ) -> [PriceCandle<Value>] {
        guard let marks else { return [] }
        return openings(interval, from: from, to: to, limit: limit, at: wall) { opening in
            marks.bar(kind, interval, openingAt: opening, at: wall).map {
                PriceCandle($0, interval, openTime: opening)
            }
        }
    }

    // MARK: sampling

    /// Samples the computed prices, once a second.
    internal mutating func sampleMarks(wall: Int64) {
        guard marks != nil else { return }
        premium = impactPremium
        premiums.add(premium)
        marks?.add(mark: mark, index: index, premium: premium, at: wall)
    }

    /// By what share of the index a trade of the impact notional would trade above or below it; zero where
    /// a side is empty, or the index lies between them.
    private var impactPremium: Ratio {
        guard index.isPositive, let bid = impactPrice(.buy), let ask = impactPrice(.sell) else {
            return .zero
        }
        let gap = max(0, bid.units - index.units) - max(0, index.units - ask.units)
        return Ratio(units: gap * Ratio.one.units / index.units)
    }

    /// The average price at which orders of a side take 200 units of the quote asset times the largest
    /// leverage, or all there is where that is less.
    private func impactPrice(_ side: Side) -> Price? {
        let wanted = Money.whole(200 * max(1, listing.brackets.first?.leverage ?? 1))
        var quote = Money.zero
        var quantity = Quantity.zero
        for rank in 0..<book.levelCount(side) {
            let level = book.level(side, rank)
            let worth = level.price.times(level.quantity, .down)
            let isEnough = quote + worth >= wanted
            let taken =
                isEnough ? (wanted - quote).divided(by: level.price, .down) : level.quantity
            quote += level.price.times(taken, .down)
            quantity += taken
            if isEnough { break }
        }
        return quantity.isPositive ? quote.divided(by: quantity, .nearestEven) : nil
    }
}

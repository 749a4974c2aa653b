package import Trading

/// What traded in the last 24 hours.
package struct DayStatistics: Equatable, Sendable {
    package var open: Price
    package var high: Price
    package var low: Price
    package var last: Price
    package var lastQuantity: Quantity = .zero
    package var volume: Quantity = .zero
    package var quoteVolume: Money = .zero
    /// -1 where nothing traded.
    package var firstTradeID: Int64 = -1
    package var lastTradeID: Int64 = -1
    package var count: Int64 = 0
    package var openTime: Int64
    package var closeTime: Int64

    /// Statistics of a day without trades.
    package init(price: Price, openTime: Int64, closeTime: Int64) {
        open = price
        high = price
        low = price
        last = price
        self.openTime = openTime
        self.closeTime = closeTime
    }

    package var change: Price { last - open }
    /// In per cent, cut to three decimals.
    package var changePercent: Ratio {
        if open.isZero { return .zero }
        return Ratio(units: change.units * 100_000 / open.units * 1_000_000_000)
    }
    /// The volume-weighted average, or the last price where nothing traded.
    package var average: Price {
        volume.isZero ? last : quoteVolume.divided(by: volume, .nearestEven)
    }
}

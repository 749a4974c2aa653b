package import Trading

/// What traded in one interval.
package struct Candle: Equatable, Sendable {
    package let interval: CandleInterval
    /// Epoch milliseconds.
    package let openTime: Int64
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    package var volume: Quantity = .zero
    package var quoteVolume: Money = .zero
    /// What incoming buy orders took.
    package var takerVolume: Quantity = .zero
    package var takerQuote: Money = .zero
    package var tradeCount: Int64 = 0
    /// -1 where nothing traded, as venues have it.
    package var firstTradeID: Int64 = -1
    package var lastTradeID: Int64 = -1

    /// A candle in which nothing has traded yet.
    package init(_ interval: CandleInterval, openTime: Int64, price: Price) {
        self.interval = interval
        self.openTime = openTime
        open = price
        high = price
        low = price
        close = price
    }

    /// Epoch milliseconds of its last instant.
    package var closeTime: Int64 { interval.next(after: openTime) - 1 }
}

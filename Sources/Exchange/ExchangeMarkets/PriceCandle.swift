package import Trading

/// A computed price in one interval: mark, index, or the premium between them.
package struct PriceCandle<Value: ExactDecimal>: Equatable, Sendable {
    package let interval: CandleInterval
    /// Epoch milliseconds.
    package let openTime: Int64
    package let open: Value
    package let high: Value
    package let low: Value
    package let close: Value

    internal init(_ bar: PriceBar, _ interval: CandleInterval, openTime: Int64) {
        self.interval = interval
        self.openTime = openTime
        open = MarkTape.unpack(bar.open)
        high = MarkTape.unpack(bar.high)
        low = MarkTape.unpack(bar.low)
        close = MarkTape.unpack(bar.close)
    }

    /// Epoch milliseconds of its last instant.
    package var closeTime: Int64 { interval.next(after: openTime) - 1 }
}

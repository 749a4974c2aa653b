/// A candle of a price that is computed, not traded, in 32 bytes.
internal struct PriceBar: TapeBar, Equatable {
    let open: Int64
    private(set) var high: Int64
    private(set) var low: Int64
    private(set) var close: Int64

    init(flat price: Int64) {
        open = price
        high = price
        low = price
        close = price
    }

    /// As one that was kept.
    init(open: Int64, high: Int64, low: Int64, close: Int64) {
        self.open = open
        self.high = high
        self.low = low
        self.close = close
    }

    /// From one price to another on a straight line.
    init(from open: Int64, to close: Int64) {
        self.open = open
        high = max(open, close)
        low = min(open, close)
        self.close = close
    }

    mutating func add(_ price: Int64) {
        high = max(high, price)
        low = min(low, price)
        close = price
    }

    mutating func merge(_ next: PriceBar) {
        high = max(high, next.high)
        low = min(low, next.low)
        close = next.close
    }
}

internal import Trading

/// How a market's prices and quantities are kept in 64 bits: as counts of a unit two decimals finer than
/// tick and step, so that a step that changes later still fits. Amounts stay as they are.
internal struct TapeScale: Equatable, Sendable {
    let price: Int128
    let quantity: Int128

    init(price: Int128, quantity: Int128) {
        self.price = price
        self.quantity = quantity
    }

    init(_ rules: Instrument) {
        price = TapeScale.unit(under: rules.tick.units)
        quantity = TapeScale.unit(under: rules.step.units)
    }

    /// The smallest power of ten that a step is a multiple of, over a hundred.
    private static func unit(under step: Int128) -> Int128 {
        var unit: Int128 = 1
        while step % (unit * 10) == 0 { unit *= 10 }
        return max(1, unit / 100)
    }

    @inline(__always)
    func pack(_ value: Price) -> Int64 { Int64(clamping: value.units / price) }

    @inline(__always)
    func pack(_ value: Quantity) -> Int64 { Int64(clamping: value.units / quantity) }

    @inline(__always)
    func price(_ packed: Int64) -> Price { Price(units: Int128(packed) * price) }

    @inline(__always)
    func quantity(_ packed: Int64) -> Quantity { Quantity(units: Int128(packed) * quantity) }
}

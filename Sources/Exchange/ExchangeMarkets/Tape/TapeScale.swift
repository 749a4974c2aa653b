internal import Trading

/// How a market's prices and quantities are kept in 64 bits: as counts of a unit two decimals finer than
/// the venue's, so that a step that changes later still fits. Amounts stay as they are.
internal struct TapeScale: Sendable {
    let price: Int128
    let quantity: Int128

    init(pricePrecision: Int, quantityPrecision: Int) {
        price = TapeScale.unit(pricePrecision + 2)
        quantity = TapeScale.unit(quantityPrecision + 2)
    }

    private static func unit(_ places: Int) -> Int128 {
        var units: Int128 = 1_000_000_000_000
        for _ in 0..<min(12, max(0, places)) { units /= 10 }
        return units
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

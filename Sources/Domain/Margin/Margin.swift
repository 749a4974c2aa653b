package import Trading

// Margin: what an account must keep against its positions, and at which prices it no longer does.
// 1. Every figure is an exact decimal to 1e-12; where a product or quotient falls between two, it is
//    settled against the account: requirements up, equity down, liquidation prices toward the mark.
// 2. Maintenance margin is continuous in notional: brackets whose `cum` says otherwise do not exist.
// 3. A liquidation price carries the bracket that holds at that price, not at today's.
// 4. No notional reaches 1e13, so that no sum over the positions of an account leaves its range.
// Source: Binance USD-M leverageBracket page and FAQ b3c689c1f50a44cabb3a84e663b81d93.

/// One position as margin sees it: a signed quantity, what it cost, and what it is worth now.
package struct MarginPosition: Equatable, Sendable {
    /// Signed, not zero: negative is short.
    package let quantity: Quantity
    package let entryPrice: Price
    package let mark: Price
    package let brackets: MaintenanceBrackets
    /// |quantity| × mark, rounded up to 1e-12.
    package let notional: Money
    /// quantity × (mark − entry), rounded to the lower 1e-12.
    package let unrealised: Money
    /// What must be kept for it, rounded up to 1e-12.
    package let maintenance: Money

    /// Nil where the quantity is zero, a price is not above zero, or a notional reaches 1e13.
    package init?(
        quantity: Quantity, entryPrice: Price, mark: Price, brackets: MaintenanceBrackets
    ) {
        guard !quantity.isZero, entryPrice.isPositive, mark.isPositive,
            MarginLimits.admits(quantity, at: entryPrice), MarginLimits.admits(quantity, at: mark)
        else { return nil }
        self.quantity = quantity
        self.entryPrice = entryPrice
        self.mark = mark
        self.brackets = brackets
        notional = mark.times(quantity.magnitude, .up)
        unrealised = (mark - entryPrice).times(quantity, .floor)
        maintenance = brackets.maintenance(of: notional)
    }

    /// notional / leverage, rounded up; leverage is cut to what the bracket allows.
    package func initialMargin(leverage: Int64) -> Money {
        let allowed = brackets.row(at: notional).maximumLeverage
        let divisor = allowed > 0 ? min(leverage, allowed) : leverage
        return Money(units: FixedPoint.divide(notional.units, by: Int128(max(1, divisor)), .up))
    }
}

/// The range the arithmetic of this room is safe in.
enum MarginLimits {
    /// 1e13 wholes, as `DecimalText.limit`: a thousand such notionals still sum within `Money`.
    static let notional = Money.whole(10_000_000_000_000)
    /// Prices and moves found at or beyond this many units are reported as none.
    static let price: Int128 = 10_000_000_000_000 * 1_000_000_000_000

    /// Whether |quantity| × price stays below the largest notional.
    static func admits(_ quantity: Quantity, at price: Price) -> Bool {
        guard quantity.magnitude.units < MarginLimits.price, price.units < MarginLimits.price else {
            return false
        }
        return price.times(quantity.magnitude, .up) < notional
    }

    /// |a| / |b| as units of 1e-12, or nil where b is zero or the quotient is out of range.
    static func quotient(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128? {
        guard b != 0, a.magnitude / b.magnitude < 10_000_000_000_000 else { return nil }
        return FixedPoint.quotient(a, b, rounding)
    }
}

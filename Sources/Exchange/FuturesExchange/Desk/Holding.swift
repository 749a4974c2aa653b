package import Trading

/// The account's net position in one symbol (one-way mode, cross margin).
///
/// The cost is what the open quantity was bought or sold for; it is kept exactly, so that realised
/// results, fees and the wallet add up to the last digit.
package struct Holding: Equatable, Sendable {
    /// Signed: short is negative.
    package private(set) var quantity: Quantity = .zero
    /// Not negative; zero exactly when flat.
    package private(set) var cost: Money = .zero
    /// Realised results so far, fees not taken off.
    package private(set) var realised: Money = .zero
    package var leverage: Int64
    package private(set) var updatedAtMilliseconds: Int64 = 0

    init(leverage: Int64) { self.leverage = leverage }

    init(
        quantity: Quantity, cost: Money, realised: Money, leverage: Int64, updatedAt: Int64
    ) {
        self.quantity = quantity
        self.cost = cost
        self.realised = realised
        self.leverage = leverage
        updatedAtMilliseconds = updatedAt
    }

    /// The average price of the open quantity, to 1e-12; zero when flat.
    package var entryPrice: Price {
        quantity.isZero ? .zero : cost.divided(by: quantity.magnitude, .nearestEven)
    }

    /// The unrealised result at a price.
    package func unrealised(at price: Price) -> Money {
        let worth = price.times(quantity.magnitude, .down)
        return (quantity.isNegative ? cost - worth : worth - cost).cents
    }

    /// Applies a trade and returns what it realises, truncated to 1e-8.
    mutating func traded(_ side: Side, _ amount: Quantity, at price: Price, wall: Int64) -> Money {
        updatedAtMilliseconds = wall
        let change = side.signed(amount)
        let closes = quantity.signum * change.signum < 0
        let closed = closes ? min(amount, quantity.magnitude) : .zero
        var result = Money.zero
        if closed.isPositive {
            let part = closed == quantity.magnitude ? cost : share(of: closed)
            let worth = price.times(closed, .down)
            result = (quantity.isNegative ? part - worth : worth - part).cents
            cost -= part
        }
        let opened = amount - closed
        if opened.isPositive { cost += price.times(opened, .down) }
        quantity += change
        realised += result
        return result
    }

    /// The part of the cost that belongs to `closed` of the quantity, to 1e-8.
    private func share(of closed: Quantity) -> Money {
        let wide = cost.units.magnitude.multipliedFullWidth(by: closed.units.magnitude)
        let whole = quantity.units.magnitude
        return Money(units: Int128(whole.dividingFullWidth(wide).quotient)).cents
    }
}

extension Money {
    /// Truncated to 1e-8, as the venue shows and books amounts.
    internal var cents: Money { down(to: Money(units: 10_000)) }
}

package import Trading

/// One of the account's positions in one symbol: the net one, or a leg of hedge mode.
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
    /// What is set aside of the wallet where the margin is isolated; else zero.
    package internal(set) var isolatedWallet: Money = .zero
    package private(set) var updatedAtMilliseconds: Int64 = 0

    init() {}

    init(
        quantity: Quantity, cost: Money, realised: Money, isolatedWallet: Money, updatedAt: Int64
    ) {
        self.quantity = quantity
        self.cost = cost
        self.realised = realised
        self.isolatedWallet = isolatedWallet
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
    ///
    /// - Parameter leverage: of an isolated position: what it opens is set aside by it, and what it
    ///   closes sets its part free again; nil on cross margin.
    mutating func traded(
        _ side: Side, _ amount: Quantity, at price: Price, isolatedAt leverage: Int64?, wall: Int64
    ) -> Money {
        updatedAtMilliseconds = wall
        let change = side.signed(amount)
        let closes = quantity.signum * change.signum < 0
        let closed = closes ? min(amount, quantity.magnitude) : .zero
        var result = Money.zero
        if closed.isPositive {
            let isAll = closed == quantity.magnitude
            let part = isAll ? cost : share(of: cost, closed)
            let worth = price.times(closed, .down)
            result = (quantity.isNegative ? part - worth : worth - part).cents
            cost -= part
            isolatedWallet -= isAll ? isolatedWallet : share(of: isolatedWallet, closed)
        }
        let opened = amount - closed
        if opened.isPositive {
            let worth = price.times(opened, .down)
            cost += worth
            if let leverage { isolatedWallet += worth.over(leverage) }
        }
        quantity += change
        realised += result
        return result
    }

    /// The part of an amount that belongs to `closed` of the quantity, to 1e-8.
    private func share(of amount: Money, _ closed: Quantity) -> Money {
        let wide = amount.units.magnitude.multipliedFullWidth(by: closed.units.magnitude)
        let whole = quantity.units.magnitude
        let part = Money(units: Int128(whole.dividingFullWidth(wide).quotient)).cents
        return amount.isNegative ? -part : part
    }
}

extension Money {
    /// Truncated to 1e-8, as the venue shows and books amounts.
    internal var cents: Money { down(to: Money(units: 10_000)) }

    /// A leverage's part of it, truncated to 1e-8.
    internal func over(_ leverage: Int64) -> Money { Money(units: units / Int128(leverage)).cents }
}

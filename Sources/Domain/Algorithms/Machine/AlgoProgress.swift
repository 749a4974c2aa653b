package import Trading

/// What an algorithm has traded so far.
package struct AlgoProgress: Equatable, Sendable {
    package internal(set) var bought = Quantity.zero
    package internal(set) var sold = Quantity.zero
    package internal(set) var boughtFor = Money.zero
    package internal(set) var soldFor = Money.zero
    /// In money, also of what was kept in coins, and of what was in another asset of known worth.
    package internal(set) var fees = Money.zero
    /// Coins that the venue kept as its fee (F8).
    package internal(set) var kept = Quantity.zero
    /// Fees in other assets whose worth in money was not known: they are not in `fees`.
    package internal(set) var otherFees: [String: Quantity] = [:]
    /// The middle of the market when it began; zero before.
    package internal(set) var arrival = Price.zero
    /// Orders placed, moved, and those that were refused.
    package internal(set) var placed: Int64 = 0
    package internal(set) var moved: Int64 = 0
    package internal(set) var refused: Int64 = 0

    package init() {}

    /// Bought and sold together.
    package var traded: Quantity { bought + sold }
    package var tradedFor: Money { boughtFor + soldFor }
    /// What it has added to the position.
    package var net: Quantity { bought - sold - kept }

    /// The mean price of all it traded; nil before the first fill.
    package var averagePrice: Price? {
        traded.isZero ? nil : tradedFor.divided(by: traded, .nearestEven)
    }

    /// What it paid more than the middle at its start, in basis points; negative is better than that.
    package func slippage(_ side: Side) -> Ratio? {
        guard let averagePrice, arrival.isPositive else { return nil }
        let worse = side == .buy ? averagePrice - arrival : arrival - averagePrice
        return Ratio(units: worse.units * 10_000).ratio(to: Ratio(units: arrival.units), .nearestEven)
    }

    mutating func add(_ change: ChildChange) {
        switch change.child.side {
        case .buy:
            bought += change.executed
            boughtFor += change.notional
        case .sell:
            sold += change.executed
            soldFor += change.notional
        }
        fees += change.fees
        kept += change.kept
        for fee in change.unvalued { otherFees[fee.asset, default: .zero] += fee.amount }
    }
}

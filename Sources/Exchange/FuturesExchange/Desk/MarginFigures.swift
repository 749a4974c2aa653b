internal import ExchangeMarkets
package import Trading

/// The margin of one symbol, every amount truncated to 1e-8 (exchange-facts A6, E).
package struct MarginFigures: Equatable, Sendable {
    /// Signed: short is negative.
    package var notional = Money.zero
    package var unrealised = Money.zero
    package var maintenance = Money.zero
    package var positionInitial = Money.zero
    package var openOrderInitial = Money.zero
    package var bidNotional = Money.zero
    package var askNotional = Money.zero

    package var initial: Money { positionInitial + openOrderInitial }

    /// - Parameters:
    ///   - bids: price × open quantity of buy orders that may add to the position; `asks` likewise.
    init(holding: Holding, mark: Price, listing: Listing, bids: Money, asks: Money) {
        let size = mark.times(holding.quantity.magnitude, .down).cents
        notional = holding.quantity.isNegative ? -size : size
        unrealised = holding.unrealised(at: mark)
        maintenance = MarginFigures.maintenance(of: size, listing.brackets)
        bidNotional = bids
        askNotional = asks
        positionInitial = MarginFigures.initial(size, holding.leverage)
        let most = max(size, (notional + bids).magnitude, (notional - asks).magnitude)
        openOrderInitial = MarginFigures.initial(most, holding.leverage) - positionInitial
    }

    private static func initial(_ notional: Money, _ leverage: Int64) -> Money {
        Money(units: notional.units / Int128(leverage)).cents
    }

    /// The maintenance margin of a notional (not negative).
    static func maintenance(of notional: Money, _ brackets: [MarginBracket]) -> Money {
        guard notional.isPositive, let row = bracket(of: notional, brackets) else { return .zero }
        return (notional.scaled(by: row.rate, .down) - row.deduction).cents
    }

    static func bracket(of notional: Money, _ brackets: [MarginBracket]) -> MarginBracket? {
        brackets.first { notional <= $0.cap } ?? brackets.last
    }

    /// The mark at which the account's cross margin runs out if only this symbol moves; nil where
    /// there is none. The bracket is the one at that price, so the rows are tried in turn.
    ///
    /// - Parameters:
    ///   - wallet: the cross wallet; `otherMaintenance` and `otherUnrealised` are of all others.
    static func liquidationPrice(
        of holding: Holding, wallet: Money, otherMaintenance: Money, otherUnrealised: Money,
        brackets: [MarginBracket]
    ) -> Price? {
        let size = holding.quantity.magnitude
        guard size.isPositive else { return nil }
        let isLong = holding.quantity.isPositive
        let free = wallet - otherMaintenance + otherUnrealised
        for row in brackets {
            let equity = free + row.deduction + (isLong ? -holding.cost : holding.cost)
            let share = isLong ? row.rate.units - Ratio.one.units : row.rate.units + Ratio.one.units
            let divisor = size.scaled(by: Ratio(units: share), .nearestEven)
            if divisor.isZero { continue }
            let price = equity.divided(by: divisor, .nearestEven)
            guard price.isPositive else { continue }
            let notional = price.times(size, .down)
            if notional > row.floor, notional <= row.cap { return price }
        }
        return nil
    }
}

/// The account as a whole, in its margin asset.
package struct FuturesBalance: Equatable, Sendable {
    package var wallet = Money.zero
    package var unrealised = Money.zero
    package var maintenance = Money.zero
    package var positionInitial = Money.zero
    package var openOrderInitial = Money.zero

    package var initial: Money { positionInitial + openOrderInitial }
    package var marginBalance: Money { wallet + unrealised }
    /// What new orders may use; never below zero.
    package var available: Money { max(.zero, marginBalance - initial) }
    /// What could be taken out: open profits do not count.
    package var withdrawable: Money { max(.zero, min(available, wallet - initial)) }
}

/// One symbol's position with what the exchange computes about it.
package struct FuturesPosition: Equatable, Sendable {
    package var symbol: Symbol
    package var holding: Holding
    package var mark: Price
    package var margin: MarginFigures
    /// Nil where the account cannot be liquidated by this symbol alone.
    package var liquidation: Price?
    package var hasOpenOrders: Bool

    package var quantity: Quantity { holding.quantity }
    package var entryPrice: Price { holding.entryPrice }
}

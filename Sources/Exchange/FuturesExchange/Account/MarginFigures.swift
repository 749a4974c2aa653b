internal import ExchangeMarkets
package import Trading

/// The margin of one position, every amount truncated to 1e-8 (exchange-facts A6, E).
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
    init(
        holding: Holding, mark: Price, listing: Listing, leverage: Int64, bids: Money, asks: Money
    ) {
        let size = mark.times(holding.quantity.magnitude, .down).cents
        notional = holding.quantity.isNegative ? -size : size
        unrealised = holding.unrealised(at: mark)
        maintenance = MarginFigures.maintenance(of: size, listing.brackets)
        bidNotional = bids
        askNotional = asks
        positionInitial = size.over(leverage)
        let most = max(size, (notional + bids).magnitude, (notional - asks).magnitude)
        openOrderInitial = most.over(leverage) - positionInitial
    }

    /// The maintenance margin of a notional (not negative).
    static func maintenance(of notional: Money, _ brackets: [MarginBracket]) -> Money {
        guard notional.isPositive, let row = bracket(of: notional, brackets) else { return .zero }
        return (notional.scaled(by: row.rate, .down) - row.deduction).cents
    }

    static func bracket(of notional: Money, _ brackets: [MarginBracket]) -> MarginBracket? {
        brackets.first { notional <= $0.cap } ?? brackets.last
    }

    /// The mark at which the margin behind these positions of one symbol runs out if only this symbol
    /// moves; nil where there is none.
    ///
    /// - Parameter free: the wallet behind them, with what all other positions leave of it.
    static func liquidationPrice(
        of holdings: [Holding], free: Money, brackets: [MarginBracket]
    ) -> Price? {
        let open = holdings.filter { !$0.quantity.isZero }
        if open.count > 1 { return sharedPrice(open, free, brackets) }
        guard let holding = open.first else { return nil }
        for row in brackets {
            guard let price = zero([holding], [row], free), price.isPositive else { continue }
            let notional = price.times(holding.quantity.magnitude, .down)
            if notional > row.floor, notional <= row.cap { return price }
        }
        return nil
    }

    /// The one price of both legs of a symbol: rows and price are found in turn until they agree.
    private static func sharedPrice(
        _ holdings: [Holding], _ free: Money, _ brackets: [MarginBracket]
    ) -> Price? {
        var price = holdings[0].entryPrice
        for _ in 0..<16 {
            let rows = holdings.compactMap {
                bracket(of: price.times($0.quantity.magnitude, .down), brackets)
            }
            guard rows.count == holdings.count, let next = zero(holdings, rows, free),
                next.isPositive
            else { return nil }
            if next == price { return price }
            price = next
        }
        return price
    }

    /// Where balance and maintenance meet, if these rows hold there.
    private static func zero(
        _ holdings: [Holding], _ rows: [MarginBracket], _ free: Money
    ) -> Price? {
        var equity = free
        var divisor = Quantity.zero
        for (holding, row) in zip(holdings, rows) {
            let isLong = holding.quantity.isPositive
            equity += row.deduction + (isLong ? -holding.cost : holding.cost)
            let share = isLong ? row.rate.units - Ratio.one.units : row.rate.units + Ratio.one.units
            divisor += holding.quantity.magnitude.scaled(by: Ratio(units: share), .nearestEven)
        }
        if divisor.isZero { return nil }
        return equity.divided(by: divisor, .nearestEven)
    }
}

/// The account as a whole, in its margin asset.
package struct FuturesBalance: Equatable, Sendable {
    package var wallet = Money.zero
    /// The part of the wallet that is set aside for isolated positions.
    package var isolatedWallet = Money.zero
    package var unrealised = Money.zero
    package var crossUnrealised = Money.zero
    package var maintenance = Money.zero
    package var crossMaintenance = Money.zero
    package var positionInitial = Money.zero
    package var crossPositionInitial = Money.zero
    package var openOrderInitial = Money.zero

    package var initial: Money { positionInitial + openOrderInitial }
    package var marginBalance: Money { wallet + unrealised }
    package var crossWallet: Money { wallet - isolatedWallet }
    package var crossMarginBalance: Money { crossWallet + crossUnrealised }
    /// What positions and orders take of the cross wallet.
    package var crossInitial: Money { crossPositionInitial + openOrderInitial }
    /// What new orders may use; never below zero.
    package var available: Money { max(.zero, crossMarginBalance - crossInitial) }
    /// What could be taken out: open profits do not count.
    package var withdrawable: Money { max(.zero, min(available, crossWallet - crossInitial)) }
    /// Whether what cross positions need is no longer there.
    package var isBreached: Bool {
        crossMaintenance.isPositive && crossMarginBalance <= crossMaintenance
    }

    mutating func add(_ margin: MarginFigures, isolated: Money?) {
        unrealised += margin.unrealised
        maintenance += margin.maintenance
        positionInitial += margin.positionInitial
        openOrderInitial += margin.openOrderInitial
        if let isolated {
            isolatedWallet += isolated
        } else {
            crossUnrealised += margin.unrealised
            crossMaintenance += margin.maintenance
            crossPositionInitial += margin.positionInitial
        }
    }
}

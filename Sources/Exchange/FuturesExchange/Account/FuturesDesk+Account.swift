internal import ExchangeMarkets
internal import Matching
package import Trading

extension FuturesDesk {
    /// The positions a symbol has in the present mode.
    internal var legs: [PositionLeg] { mode.isHedge ? PositionLeg.hedge : PositionLeg.oneWay }

    /// The margin of one position.
    internal func margin(_ number: Int, _ leg: PositionLeg) -> MarginFigures {
        // Parts of the market are read where they are: a copy of it all has many.
        stakes[number].margin(
            leg, mark: floor.markets[number].mark, floor.markets[number].listing)
    }

    /// The account's balance and margin sums: only markets with a position or open orders are visited.
    package func balance() -> FuturesBalance {
        var balance = FuturesBalance(wallet: wallet)
        for number in active {
            for leg in legs {
                balance.add(
                    margin(number, leg),
                    isolated: stakes[number].isIsolated
                        ? stakes[number].holdings[leg].isolatedWallet : nil)
            }
        }
        return balance
    }

    /// Takes a market into the list of those that count for margin, or out of it.
    internal func refreshActive(_ number: Int) {
        let isActive = stakes[number].hasPosition || stakes[number].orders.openCount > 0
        let place = active.firstIndex { $0 >= number } ?? active.count
        let isListed = place < active.count && active[place] == number
        if isActive, !isListed { active.insert(number, at: place) }
        if !isActive, isListed { active.remove(at: place) }
    }

    internal func position(
        _ number: Int, _ leg: PositionLeg, _ balance: FuturesBalance
    ) -> FuturesPosition {
        FuturesPosition(
            symbol: floor.markets[number].symbol, leg: leg, holding: stakes[number].holdings[leg],
            mark: floor.markets[number].mark, margin: margin(number, leg),
            liquidation: liquidation(number, leg, balance),
            hasOpenOrders: stakes[number].open[leg].count > 0, leverage: stakes[number].leverage,
            isIsolated: stakes[number].isIsolated)
    }

    /// The price that ends an isolated position, or together with the rest the whole cross account.
    private func liquidation(
        _ number: Int, _ leg: PositionLeg, _ balance: FuturesBalance
    ) -> Price? {
        let holding = stakes[number].holdings[leg]
        if holding.quantity.isZero { return nil }
        let brackets = floor.markets[number].listing.brackets
        if stakes[number].isIsolated {
            return MarginFigures.liquidationPrice(
                of: [holding], free: holding.isolatedWallet, brackets: brackets)
        }
        var free = balance.crossMarginBalance - balance.crossMaintenance
        for leg in legs {
            let own = margin(number, leg)
            free += own.maintenance - own.unrealised
        }
        return MarginFigures.liquidationPrice(
            of: legs.map { stakes[number].holdings[$0] }, free: free, brackets: brackets)
    }

    /// Every symbol's positions, or one symbol's, flat ones included.
    package func positionRisk(_ symbol: Symbol? = nil) -> [FuturesPosition] {
        let balance = balance()
        return selected(symbol).flatMap { number in
            legs.map { position(number, $0, balance) }
        }
    }
}

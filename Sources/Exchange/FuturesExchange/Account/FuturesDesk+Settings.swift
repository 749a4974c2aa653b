package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
package import Matching
package import Trading

extension FuturesDesk {
    /// Sets a symbol's leverage and returns the largest position it allows.
    package func setLeverage(
        _ symbol: Symbol, _ leverage: Int64, wall: WallTime
    ) throws(ExchangeError) -> Money {
        let number = try market(symbol)
        guard let most = markets[number].listing.brackets.first?.leverage,
            (1...most).contains(leverage),
            let cap = markets[number].listing.notionalCap(leverage: leverage)
        else { throw .leverage(String(leverage)) }
        let before = stakes[number].leverage
        if stakes[number].isIsolated, stakes[number].hasPosition, leverage < before {
            throw .lowerLeverage
        }
        for leg in legs where margin(number, leg).notional.magnitude > cap {
            throw .positionTooLarge
        }
        stakes[number].leverage = leverage
        let balance = balance()
        if leverage < before, balance.crossMarginBalance < balance.crossInitial {
            stakes[number].leverage = before
            throw .marginInsufficient
        }
        noteHolding(number, legs[0])
        emit(.leverageChanged(symbol, leverage, at: wall.milliseconds))
        commit()
        return cap
    }

    /// Sets whether a symbol's positions have margin of their own.
    package func setIsolated(
        _ symbol: Symbol, _ isIsolated: Bool, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        if stakes[number].isIsolated == isIsolated { throw .marginTypeUnchanged }
        if isIsolated, mode.isMultiAssets { throw .isolatedWithMultiAssets }
        if stakes[number].orders.openCount > 0 || algos.hasOpen(number) {
            throw .marginTypeWithOrders
        }
        if stakes[number].hasPosition { throw .marginTypeWithPosition }
        stakes[number].isIsolated = isIsolated
        noteHolding(number, legs[0])
        tellAccount(.marginType, number, legs[0], wall: wall.milliseconds)
        commit()
    }

    /// Sets whether long and short positions stand side by side.
    package func setHedge(_ isHedge: Bool, wall: WallTime) throws(ExchangeError) {
        if mode.isHedge == isHedge { throw .positionModeUnchanged }
        if algos.openCount > 0 || stakes.contains(where: { $0.orders.openCount > 0 }) {
            throw .positionModeWithOrders
        }
        if stakes.contains(where: \.hasPosition) { throw .positionModeWithPosition }
        mode.isHedge = isHedge
        note(.mode)
        commit()
    }

    package func setMultiAssets(_ isMulti: Bool, wall: WallTime) throws(ExchangeError) {
        if mode.isMultiAssets == isMulti { throw .multiAssetsUnchanged }
        if isMulti, stakes.contains(where: \.isIsolated) { throw .multiAssetsWithIsolated }
        mode.isMultiAssets = isMulti
        note(.mode)
        emit(.multiAssetsChanged(isMulti, at: wall.milliseconds))
        commit()
    }

    package func setFeeBurn(_ isOn: Bool) {
        mode.isFeeBurn = isOn
        note(.mode)
        commit()
    }

    /// Adds to the margin of an isolated position, or takes back from it where the amount is negative.
    package func changeMargin(
        _ symbol: Symbol, _ leg: PositionLeg, by amount: Money, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        if mode.isHedge == (leg == .net) { throw .positionSide }
        guard stakes[number].isIsolated else { throw .addMarginToCross }
        if stakes[number].holdings[leg].quantity.isZero { throw .addMarginToNothing }
        if amount.isNegative {
            let figures = margin(number, leg)
            let after = stakes[number].holdings[leg].isolatedWallet + amount
            let least = max(figures.positionInitial, figures.positionInitial - figures.unrealised)
            if after < least { throw .isolatedBalance }
        } else if balance().available < amount {
            throw .crossBalance
        }
        stakes[number].holdings[leg].isolatedWallet += amount
        walletUpdatedAt = wall.milliseconds
        let change = MarginChange(
            leg: leg.text, amount: amount, timeMilliseconds: wall.milliseconds)
        stakes[number].marginChanges.keep(change, settings.limits.keptMarginChanges)
        note(.marginChange(number, change))
        noteHolding(number, leg)
        tellAccount(.marginTransfer, number, leg, wall: wall.milliseconds)
        commit()
    }

    // MARK: telling

    /// A position or how it is margined has changed, and the wallet with it.
    internal func noteHolding(_ number: Int, _ leg: PositionLeg) {
        note(.holding(number, leg))
        note(.wallet)
    }

    /// Tells the account's balance and one position.
    internal func tellAccount(
        _ reason: AccountUpdate.Reason, _ number: Int, _ leg: PositionLeg, wall: Int64
    ) {
        let balance = balance()
        emit(
            .accountUpdate(
                AccountUpdate(
                    reason: reason, wallet: balance.wallet, crossWallet: balance.crossWallet,
                    positions: [position(number, leg, balance)]), at: wall))
    }
}

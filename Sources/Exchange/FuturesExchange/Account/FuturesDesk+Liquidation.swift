internal import Chronology
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    /// The ratio of maintenance to margin balance from which the account is warned.
    private static let warningRatio = Ratio(units: 800_000_000_000)
    /// What a liquidation costs beside the taker fee: 1.25 % of what was closed (`liquidationFee`).
    internal static let liquidationFee = Ratio(units: 12_500_000_000)

    /// Looks whether the margin behind the account's positions still holds, and acts where it does not.
    internal func checkLiquidation(wall: WallTime) {
        if active.isEmpty { return }
        for number in active where stakes[number].isIsolated && stakes[number].hasPosition {
            for leg in legs { checkIsolated(number, leg, wall: wall) }
        }
        let balance = balance()
        if balance.isBreached { return liquidateCross(wall: wall) }
        let warning = balance.crossMarginBalance.scaled(by: FuturesDesk.warningRatio, .down)
        let isNear = balance.crossMaintenance.isPositive && balance.crossMaintenance > warning
        if isNear, !isWarned { warn(balance, wall: wall.milliseconds) }
        isWarned = isNear
    }

    private func warn(_ balance: FuturesBalance, wall: Int64) {
        let near = active.filter { !stakes[$0].isIsolated }.flatMap { number in
            legs.filter { !stakes[number].holdings[$0].quantity.isZero }
                .map { position(number, $0, balance) }
        }
        emit(.marginCall(near, crossWallet: balance.crossWallet, at: wall))
    }

    private func checkIsolated(_ number: Int, _ leg: PositionLeg, wall: WallTime) {
        let holding = stakes[number].holdings[leg]
        if holding.quantity.isZero { return }
        let figures = margin(number, leg)
        guard holding.isolatedWallet + figures.unrealised <= figures.maintenance else { return }
        liquidateIsolated(number, leg, wall: wall)
    }

    /// Ends an isolated position; it cannot cost more than what was set aside for it.
    internal func liquidateIsolated(_ number: Int, _ leg: PositionLeg, wall: WallTime) {
        removeAll(number, wall: wall.milliseconds)
        let stakeBefore = stakes[number].holdings[leg].isolatedWallet
        let walletBefore = wallet
        let quote = forceClose(number, leg, wall: wall)
        let left = stakeBefore - (walletBefore - wallet)
        clear(left.isNegative ? left.magnitude : .zero, number, wall: wall.milliseconds)
        chargeClearance(quote, atMost: left, number, wall: wall.milliseconds)
    }

    /// Ends cross positions, the one that needs most margin first, until the rest is backed.
    internal func liquidateCross(wall: WallTime) {
        for number in active where !stakes[number].isIsolated {
            removeAll(number, wall: wall.milliseconds)
        }
        while balance().isBreached, let (number, leg) = heaviest() {
            forceCloseCross(number, leg, wall: wall)
            let short = balance().crossWallet
            if short.isNegative, heaviest() == nil {
                clear(short.magnitude, number, wall: wall.milliseconds)
            }
        }
        isWarned = false
    }

    /// Ends all cross positions, backed or not.
    internal func liquidateAllCross(wall: WallTime) {
        for number in active where !stakes[number].isIsolated {
            removeAll(number, wall: wall.milliseconds)
        }
        while let (number, leg) = heaviest() { forceCloseCross(number, leg, wall: wall) }
        let short = balance().crossWallet
        if short.isNegative { clear(short.magnitude, 0, wall: wall.milliseconds) }
    }

    private func forceCloseCross(_ number: Int, _ leg: PositionLeg, wall: WallTime) {
        let quote = forceClose(number, leg, wall: wall)
        chargeClearance(
            quote, atMost: balance().crossMarginBalance, number, wall: wall.milliseconds)
    }

    /// The liquidation clearance fee goes to the insurance fund, as far as margin is left.
    private func chargeClearance(
        _ quote: Money, atMost left: Money, _ number: Int, wall: Int64
    ) {
        let fee = min(quote.scaled(by: FuturesDesk.liquidationFee, .down).cents, left)
        if fee.isPositive { clear(-fee, number, wall: wall) }
    }

    /// The cross position with the greatest maintenance margin.
    private func heaviest() -> (Int, PositionLeg)? {
        var found: (Int, PositionLeg)?
        var most = Money.zero
        for number in active where !stakes[number].isIsolated {
            for leg in legs where margin(number, leg).maintenance > most {
                most = margin(number, leg).maintenance
                found = (number, leg)
            }
        }
        return found
    }

    /// The insurance fund pays what the account cannot, or takes what it is due. What it lacks itself, for
    /// fees at most, is written off.
    private func clear(_ amount: Money, _ number: Int, wall: Int64) {
        if amount.isZero { return }
        insurance.balance = max(.zero, insurance.balance - amount)
        insurance.updatedAtMilliseconds = wall
        note(.insurance)
        changeWallet(.insurance, amount, markets[number].symbol, wall: wall)
        tellWallet(.insurance, amount, wall: wall)
    }

    /// Closes a position in the exchange's own name: in the book as far as it goes within the market
    /// order's bound and what the insurance fund can bear, the rest with the fund at mark, or where that
    /// cannot bear it with those who stand on the other side; returns what was closed for.
    private func forceClose(_ number: Int, _ leg: PositionLeg, wall: WallTime) -> Money {
        let holding = stakes[number].holdings[leg]
        let side: Side = holding.quantity.isPositive ? .sell : .buy
        let market = markets[number]
        let share =
            side == .buy
            ? Ratio.one + market.listing.takeBound
            : Ratio.one - market.listing.takeBound
        let bound = market.mark.scaled(by: share, .nearestEven)
            .rounded(side == .buy ? .floor : .ceiling, to: market.listing.instrument.tick)
        let bearable = exhaustion(number, leg, beside: insurance.balance)
        let limit = side == .buy ? min(bound, bearable) : max(bound, bearable)
        let order = forcedOrder(
            .liquidation, number, leg, side, holding.quantity.magnitude, wall: wall.milliseconds)
        _ = send(order, number, limit: limit, wall: wall)
        let quote = stakes[number].orders[order.orderID]?.cumulativeQuote ?? .zero
        let rest = stakes[number].holdings[leg].quantity.magnitude
        if rest.isZero { return quote }
        let last = forcedOrder(.liquidation, number, leg, side, rest, wall: wall.milliseconds)
        var price = markets[number].mark
        if backing(number, leg) + insurance.balance < .zero {
            price = exhaustion(number, leg, beside: .zero)
            closeAgainstOthers(last, number, at: price, wall: wall.milliseconds)
        } else {
            closeOutside(last, number, at: price, wall: wall.milliseconds)
        }
        return quote + price.times(rest, .down)
    }

    internal func forcedOrder(
        _ origin: OrderOrigin, _ number: Int, _ leg: PositionLeg, _ side: Side,
        _ quantity: Quantity, wall: Int64
    ) -> FuturesOrder {
        let orderID = markets[number].book.nextOrderID
        let name =
            switch origin {
            case .client: generatedID()
            case .liquidation: "autoclose-\(wall)\(orderID)"
            case .deleverage: "adl_autoclose"
            case .settlement: "settlement_autoclose-\(wall)\(orderID)"
            }
        var order = FuturesOrder(
            symbol: markets[number].symbol, orderID: orderID, clientOrderID: name, side: side,
            leg: leg, type: .market, timeInForce: .immediateOrCancel, quantity: quantity,
            price: .zero, isReduceOnly: leg == .net, selfTrade: .none,
            createdAtMilliseconds: wall, updatedAtMilliseconds: wall)
        order.origin = origin
        return order
    }

    /// Closes a position, or a part of it, at a price beside the book.
    internal func closeOutside(
        _ order: FuturesOrder, _ number: Int, at price: Price, wall: Int64
    ) {
        let tradeID = markets[number].book.nextTradeID
        let quantity = order.remaining
        stakes[number].put(order)
        let match = MatchTrade(
            tradeID: tradeID, price: price, quantity: quantity, takerSide: order.side,
            takerID: order.orderID, takerOwner: owner, takerRemaining: .zero,
            makerID: 0, makerOwner: .market, makerRemaining: .zero)
        var unannounced: FuturesOrder? = order
        fill(order.orderID, match, isMaker: false, number, wall: wall, &unannounced)
        syncBook(number, order.leg) {
            $0.raiseCounters(orderID: order.orderID + 1, tradeID: tradeID + 1)
        }
        refreshActive(number)
    }

    /// Tells the book the position that orders which only close are bound to.
    internal func syncBook(
        _ number: Int, _ leg: PositionLeg, _ change: (inout OrderBook) -> Void = { _ in }
    ) {
        let quantity = stakes[number].holdings[leg].quantity
        floor.restore(number) { market in
            market.restoreBook { book in
                book.setPosition(quantity, of: owner, leg: leg)
                change(&book)
            }
        }
    }
}

package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
package import Matching
package import Trading

/// Filters that an operator changes; nil leaves one as it is.
package struct FilterChange: Equatable, Sendable {
    package var step: Quantity?
    package var tick: Price?
    package var minimumNotional: Money?

    package init(step: Quantity? = nil, tick: Price? = nil, minimumNotional: Money? = nil) {
        self.step = step
        self.tick = tick
        self.minimumNotional = minimumNotional
    }
}

/// What the exchange does by itself, or its operator has it do.
extension FuturesDesk {
    /// Changes whether a symbol is traded.
    package func setStatus(
        _ symbol: Symbol, _ status: InstrumentStatus, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        changeListing(number) { $0.instrument.status = status }
        commit()
    }

    /// Changes a symbol's filters; what rests in its book stays.
    package func changeFilters(
        _ symbol: Symbol, _ change: FilterChange, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        if let step = change.step, !step.isPositive { throw .invalid("stepSize") }
        if let tick = change.tick, !tick.isPositive { throw .invalid("tickSize") }
        changeListing(number) { listing in
            if let step = change.step {
                listing.instrument.step = step
                listing.instrument.minimumQuantity = step
                listing.instrument.marketMinimumQuantity = step
            }
            if let tick = change.tick { listing.instrument.tick = tick }
            if let least = change.minimumNotional { listing.instrument.minimumNotional = least }
        }
        commit()
    }

    internal func changeListing(_ number: Int, _ change: (inout Listing) -> Void) {
        var listing = markets[number].listing
        change(&listing)
        floor.replaceListing(number, listing)
        note(.listing(number))
    }

    /// Ends a symbol: its orders are cancelled and its positions settled at mark.
    package func delist(_ symbol: Symbol, wall: WallTime) throws(ExchangeError) {
        let number = try market(symbol)
        changeListing(number) { $0.instrument.status = .other("SETTLING") }
        serveAll {
            endAlgos(number, .expired, wall: wall.milliseconds)
            removeAll(number, wall: wall.milliseconds)
        }
        serveAll {
            for leg in legs { closeAtMark(.settlement, number, leg, nil, wall: wall.milliseconds) }
        }
        commit()
    }

    /// Takes a position away at mark, as when somebody else's loss is shared out.
    ///
    /// - Parameter quantity: how much of it; nil takes all.
    package func deleverage(
        _ symbol: Symbol, _ leg: PositionLeg = .net, quantity: Quantity? = nil, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        if mode.isHedge == (leg == .net) { throw .positionSide }
        if stakes[number].holdings[leg].quantity.isZero { throw .reduceOnly }
        closeAtMark(.deleverage, number, leg, quantity, wall: wall.milliseconds)
        commit()
    }

    private func closeAtMark(
        _ origin: OrderOrigin, _ number: Int, _ leg: PositionLeg, _ quantity: Quantity?,
        wall: Int64
    ) {
        let position = stakes[number].holdings[leg].quantity
        let amount = min(quantity ?? position.magnitude, position.magnitude)
        guard amount.isPositive else { return }
        let order = forcedOrder(
            origin, number, leg, position.isPositive ? .sell : .buy, amount, wall: wall)
        closeOutside(order, number, at: markets[number].mark, wall: wall)
        gatherTold()
    }

    /// Liquidates the account as if its margin had run out.
    package func liquidate(wall: WallTime) {
        for number in active where stakes[number].isIsolated {
            for leg in legs where !stakes[number].holdings[leg].quantity.isZero {
                liquidateIsolated(number, leg, wall: wall)
            }
        }
        liquidateAllCross(wall: wall)
        commit()
    }

    /// Moves a position without order, trade or event, as only an exchange can.
    package func movePosition(
        _ symbol: Symbol, _ leg: PositionLeg = .net, by amount: Quantity, at price: Price? = nil,
        wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        if mode.isHedge == (leg == .net) { throw .positionSide }
        let after = stakes[number].holdings[leg].quantity + amount
        if leg == .long && after.isNegative || leg == .short && after.isPositive {
            throw .reduceOnly
        }
        if amount.isZero { throw .quantityNotPositive }
        let realised = stakes[number].holdings[leg].traded(
            amount.isPositive ? .buy : .sell, amount.magnitude,
            at: price ?? markets[number].mark,
            isolatedAt: stakes[number].isIsolated ? stakes[number].leverage : nil,
            wall: wall.milliseconds)
        wallet += realised
        walletUpdatedAt = wall.milliseconds
        noteHolding(number, leg)
        syncBook(number, leg)
        refreshActive(number)
        commit()
    }

    /// Somebody takes a part of a resting order of the account, whatever stands before it.
    package func fillPart(
        _ symbol: Symbol, orderID: Int64, quantity: Quantity, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        guard let order = stakes[number].orders[orderID], order.isOpen else { throw .unknownOrder }
        guard quantity.isPositive, quantity <= order.remaining else { throw .quantityTooLarge }
        let tradeID = markets[number].book.nextTradeID
        let match = MatchTrade(
            tradeID: tradeID, price: order.price, quantity: quantity,
            takerSide: order.side.opposite, takerID: 0, takerOwner: .market, takerRemaining: .zero,
            makerID: orderID, makerOwner: owner,
            makerRemaining: order.remaining - quantity)
        takeOffBook(order, number, wall: wall.milliseconds)
        var nobody: FuturesOrder?
        fill(orderID, match, isMaker: true, number, wall: wall.milliseconds, &nobody)
        syncBook(number, order.leg) { $0.raiseCounters(orderID: 0, tradeID: tradeID + 1) }
        putBackOnBook(orderID, number, wall: wall.milliseconds)
        refreshActive(number)
        gatherTold()
        commit()
    }

    private func takeOffBook(_ order: FuturesOrder, _ number: Int, wall: Int64) {
        matchEvents.removeAll(keepingCapacity: true)
        _ = floor.cancel(order.orderID, number, wall: wall, &matchEvents)
    }

    /// An order that lost its place to a fill by hand rests again, behind the others of its price.
    private func putBackOnBook(_ orderID: Int64, _ number: Int, wall: Int64) {
        guard var order = stakes[number].orders[orderID], order.isOpen else { return }
        order.laterTurn = lastTurn(number)
        stakes[number].put(order)
        note(.order(number, orderID))
        floor.restore(number) { market in
            market.restoreBook { book in _ = FuturesDesk.reopen(order, owner, in: &book) }
        }
        floor.changed(number, order.side, order.price, wall: wall)
    }

    /// Lets a market's prices jump: what it is worth, its mark, its last, and with the makers its book.
    package func movePrice(
        _ symbol: Symbol, to price: Price, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        guard price.isPositive else { throw .priceNotPositive }
        floor.jump(number, to: price)
        floor.restore(number) { market in
            var memory = market.memory
            memory.last = memory.fair
            market.restore(memory)
        }
        note(.prices(number))
        afterMoves(wall: wall)
        gatherTold()
        commit()
    }

    /// Ends every listen key, and says so on its stream.
    package func expireListenKeys(wall: WallTime) {
        for key in listenKeys.expire(wall: .max) {
            emit(.listenKeyExpired(key, at: wall.milliseconds))
        }
    }
}

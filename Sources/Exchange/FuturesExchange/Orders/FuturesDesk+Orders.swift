package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

extension FuturesDesk {
    internal var rules: AccountRules {
        AccountRules(isHedge: mode.isHedge, openOrders: settings.limits.openOrders)
    }

    /// Places an order; what it did at once is in the record that is returned.
    package func place(
        _ parameters: OrderParameters, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        do throws(ExchangeError) {
            let order = try enter(parameters, wall: wall)
            commit()
            arrivals.accepted(
                order.clientOrderID, order.symbol, orderID: order.orderID, wall: wall)
            return order
        } catch {
            if let id = parameters.clientOrderID {
                arrivals.refused(id, parameters.symbol, code: error.code, wall: wall)
            }
            throw error
        }
    }

    /// Checks an order and sends it into its book, without ending the journal line.
    internal func enter(
        _ parameters: OrderParameters, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        let number = try market(parameters.symbol)
        var wanted = parameters
        let price = try judge(&wanted, number, wall: wall)
        if !wanted.reduces {
            try checkMargin(
                number, wanted.leg, wanted.side, wanted.quantity, at: price.reference,
                replacing: .zero)
        }
        let order = record(wanted, number, wall: wall)
        switch send(order, number, limit: price.limit, wall: wall) {
        case .refused(.wouldTake): throw .postOnly
        case .refused(.notFillable): throw .fillOrKill
        case .refused(.nothingToReduce): throw .reduceOnly
        case .accepted(let orderID):
            if parameters.clientOrderID == nil { nextGeneratedID += 1 }
            guard let placed = stakes[number].orders[orderID] else {
                preconditionFailure("an accepted order is on record")
            }
            return placed
        }
    }

    /// Checks an order by the rules of its market, which is copied once for all of them and let go
    /// before the order changes it.
    ///
    /// - Returns: what its margin is counted at, and the limit it goes into its book with.
    private func judge(
        _ wanted: inout OrderParameters, _ number: Int, wall: WallTime
    ) throws(ExchangeError) -> (reference: Price, limit: Price?) {
        let market = floor.markets[number]
        try OrderRules.resolvePriceMatch(&wanted, market)
        try OrderRules.check(wanted, market, stakes[number], rules, wall: wall)
        return (
            OrderRules.referencePrice(of: wanted, market), OrderRules.limit(of: wanted, market)
        )
    }

    /// Hands an order to its book and settles what it does.
    internal func send(
        _ order: FuturesOrder, _ number: Int, limit: Price?, wall: WallTime
    ) -> Placement {
        let ticket = OrderTicket(
            owner: owner, side: order.side, type: order.type,
            timeInForce: order.timeInForce, quantity: order.quantity, limit: limit,
            isReduceOnly: order.isReduceOnly, selfTrade: order.selfTrade, leg: order.leg)
        matchEvents.removeAll(keepingCapacity: true)
        let placement = floor.place(ticket, number, wall: wall.milliseconds, &matchEvents)
        if case .accepted = placement {
            settle(number, wall: wall.milliseconds, incoming: order)
        }
        return placement
    }

    internal func record(_ wanted: OrderParameters, _ number: Int, wall: WallTime) -> FuturesOrder {
        FuturesOrder(
            symbol: wanted.symbol, orderID: markets[number].book.nextOrderID,
            clientOrderID: wanted.clientOrderID ?? generatedID(), side: wanted.side,
            leg: wanted.leg, type: wanted.type,
            timeInForce: wanted.timeInForce ?? .goodTillCancel,
            quantity: wanted.quantity, price: wanted.price ?? .zero,
            isReduceOnly: wanted.isReduceOnly, selfTrade: wanted.selfTrade,
            goodTillDate: wanted.goodTillDate / 1_000 * 1_000, priceMatch: wanted.priceMatch,
            createdAtMilliseconds: wall.milliseconds, updatedAtMilliseconds: wall.milliseconds,
            closesPosition: wanted.closesPosition)
    }

    internal func generatedID() -> String {
        let digits = String(nextGeneratedID)
        return "paper" + String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
    }

    /// Refuses what needs margin that is not free, or leads beyond the leverage's largest position.
    ///
    /// - Parameter former: what the order that it replaces counted for so far.
    internal func checkMargin(
        _ number: Int, _ leg: PositionLeg, _ side: Side, _ quantity: Quantity,
        at reference: Price, replacing former: Money
    ) throws(ExchangeError) {
        let (mark, listing) = (floor.markets[number].mark, floor.markets[number].listing)
        let leverage = stakes[number].leverage
        let before = margin(number, leg)
        let worth = reference.times(quantity, .up).cents - former
        let isBuy = side == .buy
        let after = MarginFigures(
            holding: stakes[number].holdings[leg], mark: mark, listing: listing,
            leverage: leverage, bids: before.bidNotional + (isBuy ? worth : .zero),
            asks: before.askNotional + (isBuy ? .zero : worth))
        guard after.initial > before.initial else { return }
        let reach = isBuy ? after.notional + after.bidNotional : after.askNotional - after.notional
        if let cap = listing.notionalCap(leverage: leverage), reach > cap {
            throw .positionTooLarge
        }
        let gap = isBuy ? reference - mark : mark - reference
        let loss = gap.isPositive ? gap.times(quantity, .up) : .zero
        if balance().available < after.initial - before.initial + loss { throw .marginInsufficient }
    }

    // MARK: cancelling

    /// Cancels an open order by number or client id; the number wins where both are given.
    package func cancel(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        let number = try market(symbol)
        try checkCancellable(number)
        guard let order = find(number, orderID, clientOrderID), order.isOpen else {
            throw .unknownOrder
        }
        remove(order.orderID, number, wall: wall.milliseconds)
        commit()
        return stakes[number].orders[order.orderID] ?? order
    }

    /// While a symbol is halted, its orders stand as they are.
    private func checkCancellable(_ number: Int) throws(ExchangeError) {
        if markets[number].listing.instrument.status == .halted { throw .symbolEnded }
    }

    /// The newest order under a number or a client id.
    internal func find(
        _ number: Int, _ orderID: Int64?, _ clientOrderID: String?
    ) -> FuturesOrder? {
        if let orderID { return stakes[number].orders[orderID] }
        return clientOrderID.flatMap { stakes[number].orders.order(clientOrderID: $0) }
    }

    /// Cancels all open orders of a symbol and returns how many there were.
    package func cancelAll(_ symbol: Symbol, wall: WallTime) throws(ExchangeError) -> Int {
        let number = try market(symbol)
        try checkCancellable(number)
        let count = removeAll(number, wall: wall.milliseconds)
        commit()
        return count
    }

    /// Takes all open orders of a market off its book, without ending the journal line.
    @discardableResult
    internal func removeAll(_ number: Int, wall: Int64) -> Int {
        let open = stakes[number].orders.openNumbers
        for orderID in open { remove(orderID, number, wall: wall) }
        return open.count
    }

    internal func remove(_ orderID: Int64, _ number: Int, wall: Int64) {
        matchEvents.removeAll(keepingCapacity: true)
        let wasResting = floor.cancel(orderID, number, wall: wall, &matchEvents)
        precondition(wasResting, "an open order rests in its book")
        settle(number, wall: wall, incoming: nil)
    }

    /// Ends good-till-date orders whose time has come.
    internal func expireDatedOrders(wall: Int64) {
        for number in active {
            for order in stakes[number].orders.open
            where order.goodTillDate > 0 && order.goodTillDate <= wall {
                remove(order.orderID, number, wall: wall)
            }
        }
    }

    // MARK: the dead man's switch

    /// Lets all open orders of a symbol end in `milliseconds` unless this is called again; 0 disarms.
    package func setCountdown(
        _ symbol: Symbol, milliseconds: Int64, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        guard milliseconds >= 0, milliseconds < Int64.max / 4 else {
            throw .invalid("countdownTime")
        }
        let end = milliseconds == 0 ? nil : wall.milliseconds + milliseconds
        setCountdownEnd(number, end)
        commit()
    }

    internal func setCountdownEnd(_ number: Int, _ end: Int64?) {
        stakes[number].countdownEnd = end
        nextCountdown = accounts.reduce(Int64.max) { next, account in
            account.stakes.reduce(next) { min($0, $1.countdownEnd ?? .max) }
        }
        note(.countdown(number))
    }

    /// Cancels where a switch was not held.
    internal func runCountdowns(wall: Int64) {
        while nextCountdown <= wall {
            let end = nextCountdown
            serveAll {
                for number in stakes.indices where stakes[number].countdownEnd == end {
                    setCountdownEnd(number, nil)
                    removeAll(number, wall: wall)
                }
            }
        }
    }
}

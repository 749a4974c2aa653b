package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

extension FuturesDesk {
    /// Places an order; what it did at once is in the record that is returned.
    package func place(
        _ parameters: OrderParameters, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        do throws(ExchangeError) {
            let order = try admitted(parameters, wall: wall)
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

    private func admitted(
        _ parameters: OrderParameters, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        let number = try market(parameters.symbol)
        var wanted = parameters
        try OrderRules.resolvePriceMatch(&wanted, markets[number])
        try OrderRules.check(wanted, markets[number], stakes[number], wall: wall)
        if !wanted.isReduceOnly { try checkMargin(wanted, number) }
        let order = record(wanted, number, wall: wall)
        let ticket = OrderTicket(
            owner: FuturesDesk.owner, side: order.side, type: order.type,
            timeInForce: order.timeInForce, quantity: order.quantity,
            limit: OrderRules.limit(of: wanted, markets[number]),
            isReduceOnly: order.isReduceOnly, selfTrade: order.selfTrade)
        matchEvents.removeAll(keepingCapacity: true)
        switch floor.place(ticket, number, wall: wall.milliseconds, &matchEvents) {
        case .refused(.wouldTake): throw .postOnly
        case .refused(.notFillable): throw .fillOrKill
        case .refused(.nothingToReduce): throw .reduceOnly
        case .accepted(let orderID):
            if parameters.clientOrderID == nil { nextGeneratedID += 1 }
            settle(number, wall: wall.milliseconds, incoming: order)
            commit()
            guard let placed = stakes[number].orders[orderID] else {
                preconditionFailure("an accepted order is on record")
            }
            return placed
        }
    }

    private func record(_ wanted: OrderParameters, _ number: Int, wall: WallTime) -> FuturesOrder {
        FuturesOrder(
            symbol: wanted.symbol, orderID: markets[number].book.nextOrderID,
            clientOrderID: wanted.clientOrderID ?? generatedID(), side: wanted.side,
            type: wanted.type, timeInForce: wanted.timeInForce ?? .goodTillCancel,
            quantity: wanted.quantity, price: wanted.price ?? .zero,
            isReduceOnly: wanted.isReduceOnly, selfTrade: wanted.selfTrade,
            goodTillDate: wanted.goodTillDate, priceMatch: wanted.priceMatch,
            createdAtMilliseconds: wall.milliseconds, updatedAtMilliseconds: wall.milliseconds)
    }

    private func generatedID() -> String {
        let digits = String(nextGeneratedID)
        return "paper" + String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
    }

    /// Refuses an order whose margin is not free, or that leads beyond the leverage's largest position.
    private func checkMargin(_ wanted: OrderParameters, _ number: Int) throws(ExchangeError) {
        let market = markets[number]
        let holding = stakes[number].holding
        let before = margin(number)
        let reference = OrderRules.referencePrice(of: wanted, market)
        let worth = reference.times(wanted.quantity, .up).cents
        let isBuy = wanted.side == .buy
        let after = MarginFigures(
            holding: holding, mark: market.mark, listing: market.listing,
            bids: before.bidNotional + (isBuy ? worth : .zero),
            asks: before.askNotional + (isBuy ? .zero : worth))
        let reach = isBuy ? after.notional + after.bidNotional : after.askNotional - after.notional
        if let cap = market.listing.notionalCap(leverage: holding.leverage), reach > cap,
            after.initial > before.initial
        {
            throw .positionTooLarge
        }
        guard after.initial > before.initial else { return }
        let gap = isBuy ? reference - market.mark : market.mark - reference
        let loss = gap.isPositive ? gap.times(wanted.quantity, .up) : .zero
        if balance().available < after.initial - before.initial + loss { throw .marginInsufficient }
    }

    /// Cancels an open order by number or client id; the number wins where both are given.
    package func cancel(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        let number = try market(symbol)
        let table = stakes[number].orders
        let found =
            orderID.map { table[$0] } ?? clientOrderID.flatMap { table.order(clientOrderID: $0) }
        guard let order = found, order.isOpen else { throw .unknownOrder }
        remove(order, number, wall: wall.milliseconds)
        commit()
        return stakes[number].orders[order.orderID] ?? order
    }

    /// Cancels all open orders of a symbol and returns how many there were.
    package func cancelAll(_ symbol: Symbol, wall: WallTime) throws(ExchangeError) -> Int {
        let number = try market(symbol)
        let open = stakes[number].orders.open
        for order in open { remove(order, number, wall: wall.milliseconds) }
        commit()
        return open.count
    }

    private func remove(_ order: FuturesOrder, _ number: Int, wall: Int64) {
        matchEvents.removeAll(keepingCapacity: true)
        let wasResting = floor.cancel(order.orderID, number, wall: wall, &matchEvents)
        precondition(wasResting, "an open order rests in its book")
        settle(number, wall: wall, incoming: nil)
    }

    /// Ends good-till-date orders whose time has come.
    internal func expireDatedOrders(wall: Int64) {
        for number in markets.indices {
            for order in stakes[number].orders.open
            where order.goodTillDate > 0 && order.goodTillDate <= wall {
                remove(order, number, wall: wall)
            }
        }
    }

    /// Sets a symbol's leverage.
    package func setLeverage(
        _ symbol: Symbol, _ leverage: Int64, wall: WallTime
    ) throws(ExchangeError) -> Money {
        let number = try market(symbol)
        guard let most = markets[number].listing.brackets.first?.leverage,
            (1...most).contains(leverage),
            let cap = markets[number].listing.notionalCap(leverage: leverage)
        else { throw .leverage(String(leverage)) }
        if margin(number).notional.magnitude > cap { throw .positionTooLarge }
        let before = stakes[number].holding.leverage
        stakes[number].holding.leverage = leverage
        let balance = balance()
        if leverage < before, balance.marginBalance < balance.initial {
            stakes[number].holding.leverage = before
            throw .marginInsufficient
        }
        journal.noteHolding(number)
        emit(.leverageChanged(symbol, leverage, at: wall.milliseconds))
        commit()
        return cap
    }
}

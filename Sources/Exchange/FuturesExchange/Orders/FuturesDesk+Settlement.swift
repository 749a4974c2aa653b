internal import Matching
internal import Trading

extension FuturesDesk {
    /// Carries out what a book said happened: order records, fees, position, wallet, and the events in
    /// the order the venue sends them (exchange-facts B5). `incoming` is the served account's order that
    /// caused it, if one did; its NEW is told before its first fill but after that fill's TRADE_LITE.
    internal func settle(_ number: Int, wall: Int64, incoming: FuturesOrder?) {
        var unannounced = incoming
        let events = matchEvents
        for event in events {
            switch event {
            case .accepted(_, let owner):
                if owner == self.owner, let order = unannounced {
                    stakes[number].put(order)
                    note(.order(number, order.orderID))
                }
            case .traded(let trade):
                traded(trade, number, wall: wall, &unannounced)
            case .prevented: break
            case .rested(let orderID, _, _, _):
                if unannounced?.orderID == orderID { announce(&unannounced, number, wall: wall) }
            case .expired(let orderID, let owner, _, _, _, let reason):
                guard let account = account(of: owner) else { continue }
                if unannounced?.orderID == orderID { announce(&unannounced, number, wall: wall) }
                serve(account) { ended(orderID, number, reason, wall: wall) }
            case .cancelled(let orderID, let owner, _, _, _):
                guard let account = account(of: owner) else { continue }
                serve(account) {
                    finish(orderID, number, .canceled, .canceled, reason: "0", wall: wall)
                }
            }
        }
        refreshActive(number)
        gatherTold()
    }

    internal func announce(_ unannounced: inout FuturesOrder?, _ number: Int, wall: Int64) {
        guard let order = unannounced else { return }
        unannounced = nil
        emitOrder(order, .new, nil, number, wall: wall)
    }

    // MARK: trades

    private func traded(
        _ trade: MatchTrade, _ number: Int, wall: Int64, _ unannounced: inout FuturesOrder?
    ) {
        if let maker = account(of: trade.makerOwner) {
            serve(maker) {
                var nobody: FuturesOrder?
                fill(trade.makerID, trade, isMaker: true, number, wall: wall, &nobody)
            }
        }
        if let taker = account(of: trade.takerOwner) {
            serve(taker) {
                fill(trade.takerID, trade, isMaker: false, number, wall: wall, &unannounced)
            }
        }
    }

    internal func fill(
        _ orderID: Int64, _ match: MatchTrade, isMaker: Bool, _ number: Int, wall: Int64,
        _ unannounced: inout FuturesOrder?
    ) {
        guard var order = stakes[number].orders[orderID] else {
            preconditionFailure("a trade of the account has its order on record")
        }
        order.executed += match.quantity
        order.cumulativeQuote += match.price.times(match.quantity, .down)
        order.status = order.remaining.isZero ? .filled : .partiallyFilled
        order.updatedAtMilliseconds = wall
        stakes[number].put(order)
        let trade = book(match, order, isMaker: isMaker, number, wall: wall)
        emit(.tradeLite(trade, order))
        announce(&unannounced, number, wall: wall)
        refreshActive(number)
        tellAccount(.order, number, order.leg, wall: wall)
        emitOrder(
            order, order.origin == .client ? .trade : .calculated, trade, number, wall: wall)
        note(.order(number, orderID))
        note(.trade(trade))
        noteHolding(number, order.leg)
        if order.status == .filled { algoOrderEnded(order, number, wall: wall) }
    }

    /// Books a trade: fee, realised result, wallet, position, and the account's trade list.
    private func book(
        _ match: MatchTrade, _ order: FuturesOrder, isMaker: Bool, _ number: Int, wall: Int64
    ) -> FuturesTrade {
        let quote = match.price.times(match.quantity, .down)
        let rate = order.hasFee ? isMaker ? settings.makerFee : settings.takerFee : .zero
        let fee = quote.scaled(by: rate, .down).cents
        let realised = stakes[number].holdings[order.leg].traded(
            order.side, match.quantity, at: match.price,
            isolatedAt: stakes[number].isIsolated ? stakes[number].leverage : nil, wall: wall)
        wallet += realised - fee
        walletUpdatedAt = wall
        let trade = FuturesTrade(
            symbol: order.symbol, tradeID: match.tradeID, orderID: order.orderID,
            clientOrderID: order.clientOrderID, side: order.side, price: match.price,
            quantity: match.quantity, fee: fee, realised: realised, isMaker: isMaker,
            timeMilliseconds: wall, leg: order.leg)
        stakes[number].trades.keep(trade, settings.limits.keptTrades)
        return trade
    }

    // MARK: endings

    private func ended(_ orderID: Int64, _ number: Int, _ reason: ExpiryReason, wall: Int64) {
        let order = stakes[number].orders[orderID]
        if order?.origin == .liquidation {
            return finish(orderID, number, .expired, .expired, reason: "5", wall: wall)
        }
        let code: String
        var status = VenueOrderStatus.expired
        switch reason {
        case .immediateRemainder: code = "2"
        case .marketRemainder: code = "9"
        case .nothingToReduce: code = "4"
        case .selfTrade:
            code = order?.timeInForce == .immediateOrCancel ? "3" : "1"
            status = .expiredInMatch
        }
        finish(orderID, number, status, .expired, reason: code, wall: wall)
    }

    private func finish(
        _ orderID: Int64, _ number: Int, _ status: VenueOrderStatus, _ execution: ExecutionType,
        reason: String, wall: Int64
    ) {
        guard var order = stakes[number].orders[orderID] else {
            preconditionFailure("an order of the account is on record")
        }
        order.status = status
        order.expiryReason = reason
        order.updatedAtMilliseconds = wall
        stakes[number].put(order)
        emitOrder(order, execution, nil, number, wall: wall)
        note(.order(number, orderID))
        refreshActive(number)
        algoOrderEnded(order, number, wall: wall)
    }

    internal func emitOrder(
        _ order: FuturesOrder, _ execution: ExecutionType, _ trade: FuturesTrade?, _ number: Int,
        wall: Int64
    ) {
        let open = stakes[number].open[order.leg]
        emit(.orderUpdate(order, execution, trade, bids: open.bids, asks: open.asks, at: wall))
    }
}

extension FuturesOrder {
    /// Deleveraging and settlement are free.
    fileprivate var hasFee: Bool { origin == .client || origin == .liquidation }
}

internal import ExchangeMarkets
internal import Matching
internal import Trading

extension SpotDesk {
    /// Sends an order to its book and settles what it did.
    internal func send(_ order: SpotOrder, wall: Int64) throws(SpotRefusal) {
        guard order.quantity.isPositive else {
            return takeEnded(order, .marketRemainder, wall: wall)
        }
        matchEvents.removeAll(keepingCapacity: true)
        switch floor.place(ticket(of: order), order.market, wall: wall, &matchEvents) {
        case .refused(.wouldTake):
            if settings.flavour == .binance { throw .wouldTake }
            takeEnded(order, .wouldTake, wall: wall)
        case .refused(.notFillable): takeEnded(order, .fillOrKill, wall: wall)
        case .refused(.nothingToReduce): preconditionFailure("spot orders reduce nothing")
        case .accepted: settle(order.market, wall: wall, incoming: order)
        }
    }

    internal func ticket(of order: SpotOrder) -> OrderTicket {
        var ticket = OrderTicket(
            owner: owner, side: order.side, type: order.kind.hasPrice ? .limit : .market,
            timeInForce: order.kind == .limitMaker ? .postOnly : order.timeInForce,
            quantity: order.remaining, limit: order.kind.hasPrice ? order.price : nil,
            selfTrade: order.selfTrade)
        ticket.display = order.icebergQuantity
        return ticket
    }

    /// Takes an order on record that does not go to its book now, under an id of the book's.
    internal func takeUnplaced(_ order: SpotOrder, wall: Int64) {
        useID(order)
        admit(order, wall: wall)
        if order.kind.isConditional { stakes[order.market].waiting.append(order.orderID) }
    }

    /// Takes an order on record that waits for another one, under an id of the book's.
    internal func takePending(_ order: SpotOrder, wall: Int64) {
        useID(order)
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        report(order, .new, wall: wall)
    }

    private func takeEnded(_ order: SpotOrder, _ expiry: SpotExpiry, wall: Int64) {
        useID(order)
        admit(order, wall: wall)
        finish(order, .expired, .expired, expiry, wall: wall)
    }

    private func useID(_ order: SpotOrder) {
        floor.restore(order.market) { market in
            market.restoreBook { $0.raiseCounters(orderID: order.orderID + 1, tradeID: 0) }
        }
    }

    /// Puts a new order on record, locks what it holds and tells of it.
    private func admit(_ order: SpotOrder, wall: Int64) {
        balances.lock(payingAsset(of: order), order.locked)
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        report(order, .new, wall: wall)
    }

    // MARK: events of a book

    /// Carries out what a book said happened: order records, balances, and the account's events.
    /// `incoming` is the account's order that caused it, if one did.
    internal func settle(
        _ number: Int, wall: Int64, incoming: SpotOrder? = nil, requestID: String? = nil
    ) {
        for event in matchEvents {
            switch event {
            case .accepted(_, let owner):
                if owner == self.owner, let incoming,
                    stakes[number].orders[incoming.orderID] == nil
                {
                    admit(incoming, wall: wall)
                }
            case .traded(let trade): traded(trade, number, wall: wall)
            case .prevented(let prevention):
                guard let account = account(of: prevention.owner) else { continue }
                serve(account) { prevented(prevention, number, wall: wall) }
            case .rested: break
            case .expired(let bookID, let owner, _, _, _, let reason):
                guard let account = account(of: owner) else { continue }
                serve(account) { ended(bookID, number, reason, wall: wall) }
            case .cancelled(let bookID, let owner, _, _, _):
                guard let account = account(of: owner) else { continue }
                serve(account) {
                    guard let order = stakes[number].orders.order(bookID: bookID) else { return }
                    finish(order, .canceled, .canceled, .none, requestID: requestID, wall: wall)
                }
            }
        }
        gatherTold()
    }

    private func traded(_ trade: MatchTrade, _ number: Int, wall: Int64) {
        clock.hasTraded = true
        follow(trade.price, number, wall: wall)
        if let maker = account(of: trade.makerOwner) {
            serve(maker) { fill(trade.makerID, trade, isMaker: true, number, wall: wall) }
        }
        if let taker = account(of: trade.takerOwner) {
            serve(taker) { fill(trade.takerID, trade, isMaker: false, number, wall: wall) }
        }
    }

    private func fill(
        _ bookID: Int64, _ match: MatchTrade, isMaker: Bool, _ number: Int, wall: Int64
    ) {
        guard let found = stakes[number].orders.order(bookID: bookID) else {
            preconditionFailure("a trade of the account has its order on record")
        }
        var order = leave(found, wall: wall)
        reason = .traded
        order.executed += match.quantity
        order.cumulativeQuote += match.price.times(match.quantity, .down)
        order.status = order.remaining.isZero ? .filled : .partiallyFilled
        order.updatedAtMilliseconds = wall
        let trade = book(match, &order, isMaker: isMaker, number, wall: wall)
        stakes[number].orders.put(order)
        keep(trade, number)
        noteOrder(number, order.orderID)
        noteTrade(trade)
        report(order, .trade, trade, wall: wall)
        if order.status == .filled { listOrderEnded(order, wall: wall) }
    }

    /// Moves the balances of a trade: what was paid leaves the order's hold, what the price left
    /// over of it becomes free, and what was received comes in less its fee.
    private func book(
        _ match: MatchTrade, _ order: inout SpotOrder, isMaker: Bool, _ number: Int, wall: Int64
    ) -> SpotTrade {
        let quote = AssetAmount(match.price.times(match.quantity, .down))
        let base = AssetAmount(match.quantity)
        let (paid, received) = order.side == .buy ? (quote, base) : (base, quote)
        let paying = payingAsset(of: order)
        let receiving = order.side == .buy ? assets[number].base : assets[number].quote
        let rate = isMaker ? settings.makerFee : settings.takerFee
        let fee = received.scaled(by: rate, .down).eightPlaces
        balances.spendLocked(paying, paid)
        order.locked -= paid
        if order.remaining.isZero {
            release(&order, all: true)
        } else if order.kind.hasPrice {
            release(&order, all: false)
        }
        balances.credit(receiving, received - fee)
        return SpotTrade(
            market: number, symbol: order.symbol, tradeID: match.tradeID, orderID: order.orderID,
            clientOrderID: order.clientOrderID, side: order.side, price: match.price,
            quantity: match.quantity, fee: fee, feeAsset: balances[receiving].asset,
            isMaker: isMaker, isSelfTrade: match.makerOwner == match.takerOwner,
            timeMilliseconds: wall)
    }

    /// Frees what an order holds beyond its need, or all of it.
    internal func release(_ order: inout SpotOrder, all: Bool) {
        let excess = all ? order.locked : order.locked - need(of: order)
        balances.lock(payingAsset(of: order), -excess)
        order.locked -= excess
    }

    /// Adds a trade to the account's list, and forgets the oldest where there are a fifth too many.
    internal func keep(_ trade: SpotTrade, _ number: Int) {
        stakes[number].trades.append(trade)
        let kept = settings.limits.keptTrades
        if stakes[number].trades.count > kept + kept / 5 {
            stakes[number].trades.removeFirst(stakes[number].trades.count - kept)
        }
    }

    // MARK: endings

    private func ended(_ bookID: Int64, _ number: Int, _ reason: ExpiryReason, wall: Int64) {
        guard let order = stakes[number].orders.order(bookID: bookID) else {
            preconditionFailure("an order of the account is on record")
        }
        switch reason {
        case .immediateRemainder:
            finish(order, .expired, .expired, .immediateRemainder, wall: wall)
        case .marketRemainder: finish(order, .expired, .expired, .marketRemainder, wall: wall)
        case .selfTrade:
            let prevention = stakes[number].preventions.last
            finish(
                order, .expiredInMatch, .prevented, .selfTrade, prevention: prevention, wall: wall)
            endList(of: order, wall: wall)
        case .nothingToReduce: preconditionFailure("spot orders reduce nothing")
        }
    }

    internal func finish(
        _ ending: SpotOrder, _ status: VenueOrderStatus, _ execution: SpotExecution,
        _ expiry: SpotExpiry, requestID: String? = nil, prevention: SpotPrevention? = nil,
        wall: Int64
    ) {
        var order = ending
        order.status = status
        order.expiry = expiry
        order.updatedAtMilliseconds = wall
        release(&order, all: true)
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        report(
            order, execution, requestID: requestID, prevention: prevention, wall: wall)
        listOrderEnded(order, wall: wall)
    }
}

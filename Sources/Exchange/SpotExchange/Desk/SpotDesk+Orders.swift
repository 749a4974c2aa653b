package import Chronology
internal import ExchangeMarkets
internal import Matching
package import Trading

/// An order that was taken, and what it traded at once.
package struct SpotPlacement: Equatable, Sendable {
    package let order: SpotOrder
    package let fills: [SpotTrade]
    /// Trades with itself that did not happen as it came.
    package var preventions: [SpotPrevention] = []
}

extension SpotDesk {
    /// Places an order; what it did at once is in the record that is returned.
    package func place(
        _ wanted: SpotOrderRequest, wall: WallTime
    ) throws(SpotRefusal) -> SpotPlacement {
        let draft = try draft(wanted, wall: wall.milliseconds)
        let number = draft.market
        let firstTrade = stakes[number].trades.last?.tradeID ?? 0
        reason = .placed
        if draft.kind.isConditional {
            takeUnplaced(draft, wall: wall.milliseconds)
        } else {
            try send(draft, wall: wall.milliseconds)
        }
        triggerWaiting(wall: wall.milliseconds)
        tellBalances(wall: wall.milliseconds)
        commit()
        guard let order = stakes[number].orders[draft.orderID] else {
            preconditionFailure("an accepted order is on record")
        }
        let preventions = Array(
            stakes[number].preventions.reversed().prefix { $0.takerOrderID == order.orderID }
                .reversed())
        if order.executed.isZero {
            return SpotPlacement(order: order, fills: [], preventions: preventions)
        }
        let fills = stakes[number].trades.reversed().prefix { $0.tradeID > firstTrade }
            .filter { $0.orderID == order.orderID }
        return SpotPlacement(order: order, fills: fills.reversed(), preventions: preventions)
    }

    /// Checks a request as `place` does, and changes nothing.
    package func test(_ wanted: SpotOrderRequest, wall: WallTime) throws(SpotRefusal) {
        _ = try draft(wanted, wall: wall.milliseconds)
    }

    // MARK: drafts

    /// The order a request asks for, checked, with what it has to lock.
    /// - Parameters:
    ///   - inList: whether it comes with another one, and its price is checked with that.
    ///   - isPending: whether it waits for another one, and is paid for when that is filled.
    internal func draft(
        _ wanted: SpotOrderRequest, inList: Bool = false, isPending: Bool = false, wall: Int64
    ) throws(SpotRefusal) -> SpotOrder {
        let number = try market(wanted.symbol)
        let rules = SpotRules(
            market: floor.markets[number], instrument: instruments[number],
            limits: settings.limits, flavour: settings.flavour,
            average: average(number, wall: wall))
        try rules.checkForm(wanted)
        guard instruments[number].status == .trading else { throw .closed }
        let selfTrade = wanted.selfTrade ?? defaultSelfTrade
        let quantity: Quantity
        if let wantedQuantity = wanted.quantity {
            quantity = wantedQuantity
        } else {
            quantity = try self.quantity(of: wanted, number, selfTrade)
        }
        try rules.checkFilters(
            wanted, quantity: quantity, openCount: openCount(number) + (inList ? 1 : 0),
            waitingCount: stakes[number].waiting.count,
            icebergCount: stakes[number].orders.open.count { $0.icebergQuantity.isPositive })
        if let id = wanted.clientOrderID,
            stakes[number].orders.order(clientOrderID: id)?.isOpen == true
        {
            throw .duplicateClientOrderID
        }
        if !inList, let stop = wanted.stopPrice, isMet(wanted.kind, wanted.side, stop, number) {
            throw .wouldTrigger
        }
        var order = SpotOrder(
            market: number, symbol: wanted.symbol,
            orderID: floor.markets[number].book.nextOrderID,
            bookID: floor.markets[number].book.nextOrderID, clientOrderID: "", side: wanted.side,
            kind: wanted.kind, timeInForce: wanted.timeInForce ?? .goodTillCancel,
            quantity: quantity, quoteQuantity: wanted.quoteQuantity ?? .zero,
            price: wanted.kind.hasPrice ? wanted.price ?? .zero : .zero,
            stopPrice: wanted.stopPrice ?? .zero, selfTrade: selfTrade,
            createdAtMilliseconds: wall, updatedAtMilliseconds: wall,
            workingAtMilliseconds: wanted.kind.isConditional || isPending ? 0 : wall)
        order.icebergQuantity = wanted.icebergQuantity ?? .zero
        order.trailingDelta = wanted.trailingDelta ?? 0
        if isPending {
            order.status = SpotOrder.pending
            order.clientOrderID = wanted.clientOrderID ?? generatedID()
            return order
        }
        if order.trailingDelta > 0, order.stopPrice.isZero { startTrailing(&order, wall: wall) }
        order.locked = need(of: order)
        if balances[payingAsset(of: order)].free < order.locked {
            throw .insufficientBalance(order.side)
        }
        order.clientOrderID = wanted.clientOrderID ?? generatedID()
        return order
    }

    private var defaultSelfTrade: SelfTradePrevention {
        switch settings.flavour {
        case .binance: .expireMaker
        case .mexc: .none
        }
    }

    /// Open orders that count against the limit: a symbol's, or all at MEXC.
    private func openCount(_ number: Int) -> Int {
        switch settings.flavour {
        case .binance: stakes[number].orders.openCount
        case .mexc: stakes.reduce(0) { $0 + $1.orders.openCount }
        }
    }

    /// A client id for an order that came without one; MEXC leaves it empty.
    internal func generatedID() -> String {
        guard settings.flavour == .binance else { return "" }
        defer { nextGeneratedID += 1 }
        let digits = String(nextGeneratedID)
        return "paper" + String(repeating: "0", count: max(0, 17 - digits.utf8.count)) + digits
    }

    // MARK: amounts

    internal func payingAsset(of order: SpotOrder) -> Int {
        order.side == .buy ? assets[order.market].quote : assets[order.market].base
    }

    private func walk(_ number: Int, _ side: Side, _ selfTrade: SelfTradePrevention) -> BookWalk {
        let skipsOwn = selfTrade == .expireMaker || selfTrade == .expireBoth
        return BookWalk(
            floor.markets[number], side, skipped: skipsOwn ? stakes[number].orders.open : [])
    }

    /// The quantity that a market order's amount pays for now; zero where the book is empty.
    private func quantity(
        of wanted: SpotOrderRequest, _ number: Int, _ selfTrade: SelfTradePrevention
    ) throws(SpotRefusal) -> Quantity {
        guard let amount = wanted.quoteQuantity, amount.isPositive else {
            throw .filter(.notional)
        }
        let quantity = walk(number, wanted.side, selfTrade)
            .quantity(for: amount, step: instruments[number].step)
        if quantity.isZero, floor.markets[number].book.best(wanted.side.opposite) != nil {
            throw .filter(.lotSize)
        }
        return quantity
    }

    /// What an order has to hold of the asset it pays with.
    internal func need(of order: SpotOrder) -> AssetAmount {
        if order.side == .sell { return AssetAmount(order.remaining) }
        if order.kind.hasPrice { return AssetAmount(order.price.times(order.remaining, .up)) }
        if order.kind.isConditional, !order.isWorking {
            let expected = order.stopPrice.isZero ? order.trigger : order.stopPrice
            return AssetAmount(expected.times(order.remaining, .up))
        }
        return AssetAmount(
            walk(order.market, .buy, order.selfTrade).quote(of: order.remaining))
    }

    // MARK: cancelling

    /// The state an order must be in to be cancelled.
    package enum CancelRestriction: String, Sendable {
        case onlyNew = "ONLY_NEW"
        case onlyPartiallyFilled = "ONLY_PARTIALLY_FILLED"
    }

    /// Cancels an open order by number or client id; the number wins where both are given. Both
    /// orders of a list end together.
    package func cancel(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil,
        requestID: String? = nil, only: CancelRestriction? = nil, wall: WallTime
    ) throws(SpotRefusal) -> SpotOrder {
        let number = try market(symbol)
        let table = stakes[number].orders
        let found =
            orderID.map { table[$0] } ?? clientOrderID.flatMap { table.order(clientOrderID: $0) }
        guard let order = found, order.isOpen else { throw .unknownOrder }
        switch only {
        case nil: break
        case .onlyNew: if order.status != .new { throw .cancelRestricted }
        case .onlyPartiallyFilled: if order.status != .partiallyFilled { throw .cancelRestricted }
        }
        if let list = openList(of: order) {
            cancel(list, requestID: requestID, wall: wall.milliseconds)
        } else {
            remove(order, requestID: requestID, wall: wall.milliseconds)
        }
        tellBalances(wall: wall.milliseconds)
        commit()
        return stakes[number].orders[order.orderID] ?? order
    }

    /// Cancels all open orders of a symbol and returns them as they are now.
    package func cancelAll(_ symbol: Symbol, wall: WallTime) throws(SpotRefusal) -> [SpotOrder] {
        let number = try market(symbol)
        let open = stakes[number].orders.open
        for order in open {
            if let list = openList(of: stakes[number].orders[order.orderID] ?? order) {
                cancel(list, requestID: nil, wall: wall.milliseconds)
            } else if stakes[number].orders[order.orderID]?.isOpen == true {
                remove(order, requestID: nil, wall: wall.milliseconds)
            }
        }
        tellBalances(wall: wall.milliseconds)
        commit()
        return open.compactMap { stakes[number].orders[$0.orderID] }
    }

    internal func remove(_ order: SpotOrder, requestID: String?, wall: Int64) {
        reason = .canceled
        guard order.isWorking else {
            released.removeAll { $0.account == serving && $0.listID == order.listID }
            stakes[order.market].waiting.removeAll { $0 == order.orderID }
            finish(order, .canceled, .canceled, .none, requestID: requestID, wall: wall)
            return
        }
        matchEvents.removeAll(keepingCapacity: true)
        let wasResting = floor.cancel(order.bookID, order.market, wall: wall, &matchEvents)
        precondition(wasResting, "an open order rests in its book")
        settle(order.market, wall: wall, requestID: requestID)
    }
}

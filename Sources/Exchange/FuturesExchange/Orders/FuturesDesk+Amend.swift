package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

/// What a client wants an open order to become.
package struct AmendParameters: Equatable, Sendable {
    package var symbol: Symbol
    package var side: Side
    package var orderID: Int64?
    package var clientOrderID: String?
    package var quantity: Quantity
    /// Nil only where a price match stands for it.
    package var price: Price?
    package var priceMatch = "NONE"

    package init(
        symbol: Symbol, side: Side, orderID: Int64? = nil, clientOrderID: String? = nil,
        quantity: Quantity, price: Price?
    ) {
        self.symbol = symbol
        self.side = side
        self.orderID = orderID
        self.clientOrderID = clientOrderID
        self.quantity = quantity
        self.price = price
    }
}

extension FuturesDesk {
    /// Most changes of one order (exchange-facts A5.2).
    private static let amendLimit: Int64 = 10_000

    /// Changes price and quantity of an open limit order; it goes to the end of its queue.
    ///
    /// It is cancelled instead where not more than its executed quantity is wanted, and where it is
    /// post-only and would take (exchange-facts A5.2); the record that is returned says so.
    package func amend(
        _ wanted: AmendParameters, wall: WallTime
    ) throws(ExchangeError) -> FuturesOrder {
        let number = try market(wanted.symbol)
        guard let order = find(number, wanted.orderID, wanted.clientOrderID), order.isOpen else {
            throw .noSuchOrder
        }
        let price = try checkAmend(order, wanted, number)
        matchEvents.removeAll(keepingCapacity: true)
        switch floor.amend(
            order.orderID, price: price, quantity: wanted.quantity, number,
            wall: wall.milliseconds, &matchEvents)
        {
        case .refused: throw .amendUnchanged
        case .cancelled: break
        case .amended: announceAmended(order, wanted, price, number, wall: wall.milliseconds)
        }
        settle(number, wall: wall.milliseconds, incoming: nil)
        commit()
        return stakes[number].orders[order.orderID] ?? order
    }

    private func checkAmend(
        _ order: FuturesOrder, _ wanted: AmendParameters, _ number: Int
    ) throws(ExchangeError) -> Price {
        let market = markets[number]
        guard market.listing.instrument.status == .trading else { throw .amendHalted }
        guard order.type == .limit else { throw .amendLimitOnly }
        guard wanted.side == order.side else { throw .side }
        var form = OrderParameters(
            symbol: wanted.symbol, side: order.side, type: .limit, quantity: wanted.quantity,
            price: wanted.price)
        form.priceMatch = wanted.priceMatch
        try OrderRules.resolvePriceMatch(&form, market)
        guard let price = form.price else { throw .missing("price") }
        try OrderRules.checkQuantity(form, market.listing)
        try OrderRules.checkPrice(price, order.side, market)
        if price == order.price, wanted.quantity == order.quantity { throw .amendUnchanged }
        if order.amendCount >= FuturesDesk.amendLimit { throw .amendTooOften }
        let least = market.listing.instrument.minimumNotional
        if order.mayAdd {
            if price.times(wanted.quantity, .down) < least { throw .amendNotional(least) }
            if wanted.quantity > order.executed {
                try checkMargin(
                    number, order.leg, order.side, wanted.quantity - order.executed, at: price,
                    replacing: order.price.times(order.remaining, .down).cents)
            }
        }
        return price
    }

    /// Behind all that rests in a market now.
    internal func lastTurn(_ number: Int) -> QueueTurn {
        nextTurn += 1
        return QueueTurn(before: floor.markets[number].book.nextOrderID, count: nextTurn)
    }

    private func announceAmended(
        _ order: FuturesOrder, _ wanted: AmendParameters, _ price: Price, _ number: Int,
        wall: Int64
    ) {
        var changed = order
        changed.price = price
        changed.quantity = wanted.quantity
        changed.priceMatch = wanted.priceMatch
        changed.selfTrade = .none
        changed.amendCount += 1
        changed.updatedAtMilliseconds = wall
        let amendment = OrderAmendment(
            number: nextAmendment, orderID: order.orderID, clientOrderID: order.clientOrderID,
            timeMilliseconds: wall, priceBefore: order.price, priceAfter: price,
            quantityBefore: order.quantity, quantityAfter: wanted.quantity,
            count: changed.amendCount)
        nextAmendment += 1
        changed.laterTurn = lastTurn(number)
        stakes[number].put(changed)
        stakes[number].amendments.keep(amendment, settings.limits.keptAmendments)
        note(.order(number, order.orderID))
        note(.amendment(number, amendment))
        emitOrder(changed, .amendment, nil, number, wall: wall)
    }
}

package import Trading

/// Changes to orders that rest already.
extension OrderBook {
    /// Takes an order off the book; false where none rests under this id.
    package mutating func cancel(_ orderID: Int64, _ events: inout [MatchEvent]) -> Bool {
        let slot = orders.slot(of: orderID)
        if slot < 0 { return false }
        cancel(slot: slot, &events)
        return true
    }

    private mutating func cancel(slot: Int32, _ events: inout [MatchEvent]) {
        let order = orders[slot]
        remove(slot)
        events.append(
            .cancelled(
                orderID: order.id, owner: order.owner, side: order.side, price: order.price,
                remaining: order.open))
    }

    /// Changes price and total quantity of a resting order as USD-M futures do (exchange-facts A5.2): it
    /// goes to the end of the queue at its price, and trades first where it meets the other side, without
    /// self-trade prevention.
    ///
    /// It is cancelled instead where not more than what has traded already is wanted, and where it is
    /// post-only and would take.
    /// - Parameter keepsPriority: refuse all but a lower quantity at the same price, and keep the order's
    ///   turn (spot `order/amend/keepPriority`).
    package mutating func amend(
        _ orderID: Int64, price: Price, quantity: Quantity, keepsPriority: Bool = false,
        _ events: inout [MatchEvent]
    ) -> Amendment {
        precondition(quantity.isPositive && price.isPositive, "an order has a price and a quantity")
        let slot = orders.slot(of: orderID)
        if slot < 0 { return .refused(.unknownOrder) }
        let order = orders[slot]
        if order.price == price, order.quantity == quantity { return .refused(.unchanged) }
        if keepsPriority, order.price != price || quantity > order.quantity {
            return .refused(.losesPriority)
        }
        if quantity <= order.executed {
            cancel(slot: slot, &events)
            return .cancelled(.nothingLeft)
        }
        if keepsPriority {
            // What is hidden goes first.
            let less = order.quantity - quantity
            let unseen = min(less, order.hidden)
            orders[slot].hidden -= unseen
            if less > unseen { change(order.side) { $0.reduce(slot, by: less - unseen, &$1) } }
            orders[slot].quantity = quantity
            return .amended(from: order.price, remaining: order.open)
        }
        if order.timeInForce == .postOnly, let other = front(order.side.opposite)?.price,
            order.side == .buy ? other <= price : other >= price
        {
            cancel(slot: slot, &events)
            return .cancelled(.wouldTake)
        }
        remove(slot)
        runAgain(order, price, quantity, &events)
        return .amended(from: order.price, remaining: order.open)
    }

    /// Sends an order that was taken off the book through the other side and back to rest.
    private mutating func runAgain(
        _ order: RestingOrder, _ price: Price, _ quantity: Quantity,
        _ events: inout [MatchEvent]
    ) {
        var taker = Taker(
            id: order.id, owner: order.owner, side: order.side, limit: price, selfTrade: .none,
            isReducing: order.isReducing, position: order.position,
            remaining: quantity - order.executed)
        taker.display = order.display
        switch match(&taker, &events) {
        case .filled: return
        case .noMatch: rest(taker, of: quantity, order.timeInForce, &events)
        case .stopped(let reason):
            events.append(
                .expired(
                    orderID: order.id, owner: order.owner, side: order.side, price: nil,
                    remaining: taker.remaining, reason: reason))
        }
    }

    /// Puts an order back that rested before a restart, without matching; oldest first, so that time
    /// priority is as it was. Refused (false) where it would cross the book or the id is in use.
    package mutating func restore(
        orderID: Int64, owner: OwnerID, side: Side, price: Price, remaining: Quantity,
        isReduceOnly: Bool, leg: PositionLeg = .net, executed: Quantity = .zero,
        timeInForce: TimeInForce = .goodTillCancel, display: Quantity = .zero
    ) -> Bool {
        precondition(remaining.isPositive, "an order that rests has something left")
        precondition(!executed.isNegative, "what was executed is not negative")
        if orders.slot(of: orderID) >= 0 { return false }
        if let other = front(side.opposite)?.price,
            side == .buy ? other <= price : other >= price
        {
            return false
        }
        let shown = display.isPositive ? min(display, remaining) : remaining
        add(
            RestingOrder(
                id: orderID, owner: owner, side: side, timeInForce: timeInForce,
                isReducing: isReduceOnly || leg.isClosed(by: side), price: price,
                quantity: executed + remaining, remaining: shown, display: display,
                hidden: remaining - shown, position: positionSlot(owner, leg)))
        raiseCounters(orderID: orderID + 1, tradeID: 0)
        return true
    }
}

package import Trading

/// An incoming order on its way through the other side.
private struct Taker {
    let ticket: OrderTicket
    let id: Int64
    var remaining: Quantity
}

extension OrderBook {
    /// Takes an order, or refuses it; what happened is appended to `events`, in order.
    package mutating func place(_ ticket: OrderTicket, _ events: inout [MatchEvent]) -> Placement {
        if ticket.isReduceOnly, reducible(by: ticket.side, of: ticket.owner).isZero {
            return .refused(.nothingToReduce)
        }
        if ticket.type == .limit {
            if ticket.timeInForce == .postOnly, let other = best(ticket.side.opposite),
                ticket.accepts(other.price)
            {
                return .refused(.wouldTake)
            }
            if ticket.timeInForce == .fillOrKill { return placeWhole(ticket, &events) }
        }
        let (id, _) = run(ticket, &events)
        return .accepted(orderID: id)
    }

    /// Runs a fill-or-kill order on a copy, and keeps the copy where nothing is left.
    private mutating func placeWhole(
        _ ticket: OrderTicket, _ events: inout [MatchEvent]
    ) -> Placement {
        var trial = self
        var trialEvents: [MatchEvent] = []
        let (id, remaining) = trial.run(ticket, &trialEvents)
        guard remaining.isZero else { return .refused(.notFillable) }
        self = trial
        events.append(contentsOf: trialEvents)
        return .accepted(orderID: id)
    }

    /// Matches an order and settles what is left of it.
    private mutating func run(
        _ ticket: OrderTicket, _ events: inout [MatchEvent]
    ) -> (id: Int64, remaining: Quantity) {
        var taker = Taker(ticket: ticket, id: takeOrderID(), remaining: ticket.quantity)
        events.append(.accepted(orderID: taker.id, owner: ticket.owner))
        let stop = match(&taker, &events)
        guard taker.remaining.isPositive else { return (taker.id, .zero) }
        if let reason = stop ?? remainderReason(ticket) {
            events.append(
                .expired(
                    orderID: taker.id, owner: ticket.owner, side: ticket.side, price: nil,
                    remaining: taker.remaining, reason: reason))
        } else {
            rest(taker, &events)
        }
        return (taker.id, taker.remaining)
    }

    private func remainderReason(_ ticket: OrderTicket) -> ExpiryReason? {
        if ticket.type == .market { return .marketRemainder }
        switch ticket.timeInForce {
        case .immediateOrCancel, .fillOrKill: return .immediateRemainder
        case .goodTillCancel, .goodTillDate, .postOnly: return nil
        }
    }

    private mutating func rest(_ taker: Taker, _ events: inout [MatchEvent]) {
        guard let price = taker.ticket.limit else {
            preconditionFailure("only an order with a price comes to rest")
        }
        let order = RestingOrder(
            id: taker.id, owner: taker.ticket.owner, side: taker.ticket.side, price: price,
            remaining: taker.remaining, isReduceOnly: taker.ticket.isReduceOnly)
        add(order)
        events.append(
            .rested(
                orderID: taker.id, side: order.side, price: price, remaining: taker.remaining))
    }

    private mutating func add(_ order: RestingOrder) {
        let slot = orders.insert(order)
        change(order.side) { $0.append(slot, &$1) }
        if order.isReduceOnly { reduceOnlyIDs.append(order.id) }
    }

    /// Trades until the order is done, prices no longer meet, or a rule stops it; the rule is returned.
    private mutating func match(_ taker: inout Taker, _ events: inout [MatchEvent]) -> ExpiryReason?
    {
        let ticket = taker.ticket
        let prevention = ticket.effectiveSelfTrade
        while taker.remaining.isPositive {
            var quantity = taker.remaining
            if ticket.isReduceOnly {
                let room = reducible(by: ticket.side, of: ticket.owner)
                if room.isZero { return .nothingToReduce }
                quantity = min(quantity, room)
            }
            guard let level = best(ticket.side.opposite), ticket.accepts(level.price) else {
                return nil
            }
            let maker = orders[level.first]
            if maker.owner == ticket.owner, prevention != .none {
                if prevention != .expireTaker {
                    expire(slot: level.first, .selfTrade, &events)
                }
                if prevention != .expireMaker { return .selfTrade }
                continue
            }
            quantity = min(quantity, maker.remaining)
            if maker.isReduceOnly {
                let room = reducible(by: maker.side, of: maker.owner)
                if room.isZero {
                    expire(slot: level.first, .nothingToReduce, &events)
                    continue
                }
                quantity = min(quantity, room)
            }
            trade(&taker, level.first, quantity, &events)
        }
        return nil
    }

    private mutating func trade(
        _ taker: inout Taker, _ slot: Int32, _ quantity: Quantity, _ events: inout [MatchEvent]
    ) {
        precondition(quantity.isPositive, "a trade has a quantity")
        let maker = orders[slot]
        taker.remaining -= quantity
        change(maker.side) { $0.reduce(slot, by: quantity, &$1) }
        let left = maker.remaining - quantity
        if left.isZero { remove(slot: slot) }
        events.append(
            .traded(
                MatchTrade(
                    tradeID: takeTradeID(), price: maker.price, quantity: quantity,
                    takerSide: taker.ticket.side, takerID: taker.id,
                    takerOwner: taker.ticket.owner, takerRemaining: taker.remaining,
                    makerID: maker.id, makerOwner: maker.owner, makerRemaining: left)))
        move(maker.owner, by: maker.side.signed(quantity))
        move(taker.ticket.owner, by: taker.ticket.side.signed(quantity))
        sweepReduceOnly(maker.owner, &events)
        if taker.ticket.owner != maker.owner { sweepReduceOnly(taker.ticket.owner, &events) }
    }

    // MARK: reduce-only

    /// How much an order of this side can take off the owner's position.
    internal func reducible(by side: Side, of owner: OwnerID) -> Quantity {
        let position = position(of: owner)
        let reduces = side == .buy ? position.isNegative : position.isPositive
        return reduces ? position.magnitude : .zero
    }

    private mutating func move(_ owner: OwnerID, by change: Quantity) {
        if owner == .market { return }
        positions[owner] = position(of: owner) + change
    }

    /// Ends the owner's resting reduce-only orders that have nothing left to reduce, oldest first.
    private mutating func sweepReduceOnly(_ owner: OwnerID, _ events: inout [MatchEvent]) {
        if reduceOnlyIDs.isEmpty || owner == .market { return }
        for id in reduceOnlyIDs {
            guard let slot = orders.slot(of: id), orders[slot].owner == owner,
                reducible(by: orders[slot].side, of: owner).isZero
            else { continue }
            expire(slot: slot, .nothingToReduce, &events)
        }
    }

    // MARK: leaving the book

    private mutating func expire(
        slot: Int32, _ reason: ExpiryReason, _ events: inout [MatchEvent]
    ) {
        let order = orders[slot]
        remove(slot: slot)
        events.append(
            .expired(
                orderID: order.id, owner: order.owner, side: order.side, price: order.price,
                remaining: order.remaining, reason: reason))
    }

    private mutating func remove(slot: Int32) {
        let order = orders[slot]
        change(order.side) { $0.unlink(slot, &$1) }
        orders.remove(slot)
        if order.isReduceOnly { reduceOnlyIDs.removeAll { $0 == order.id } }
    }

    /// Takes an order off the book; false where none rests under this id.
    package mutating func cancel(_ orderID: Int64, _ events: inout [MatchEvent]) -> Bool {
        guard let slot = orders.slot(of: orderID) else { return false }
        let order = orders[slot]
        remove(slot: slot)
        events.append(
            .cancelled(
                orderID: orderID, owner: order.owner, side: order.side, price: order.price,
                remaining: order.remaining))
        return true
    }

    /// Puts an order back that rested before a restart, without matching; oldest first, so that time
    /// priority is as it was. Refused (false) where it would cross the book or the id is in use.
    package mutating func restore(
        orderID: Int64, owner: OwnerID, side: Side, price: Price, remaining: Quantity,
        isReduceOnly: Bool
    ) -> Bool {
        precondition(remaining.isPositive, "an order that rests has something left")
        if orders.slot(of: orderID) != nil { return false }
        if let other = best(side.opposite),
            side == .buy ? other.price <= price : other.price >= price
        {
            return false
        }
        add(
            RestingOrder(
                id: orderID, owner: owner, side: side, price: price, remaining: remaining,
                isReduceOnly: isReduceOnly))
        raiseCounters(orderID: orderID + 1, tradeID: 0)
        return true
    }
}

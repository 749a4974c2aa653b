internal import Trading

/// An incoming order on its way through the other side.
internal struct Taker {
    let id: Int64
    let owner: OwnerID
    let side: Side
    let limit: Price?
    let selfTrade: SelfTradePrevention
    let isReducing: Bool
    /// The slot of the position it moves, or -1.
    let position: Int32
    /// What is left; zero for an order by amount.
    var remaining: Quantity
    /// What is left of the amount and the step of an order by amount.
    var amount: Money = .zero
    var step: Quantity = .zero
    /// What is shown of it where it comes to rest; zero for all.
    var display: Quantity = .zero
    var hasTraded = false

    /// The most it may trade at a price; zero where an order by amount is done.
    @inline(__always)
    func most(at price: Price) -> Quantity {
        if step.isZero { return remaining }
        return amount.divided(by: price, .down).down(to: step)
    }

    /// Whether a resting order at `price` is good enough.
    @inline(__always)
    func accepts(_ price: Price) -> Bool {
        guard let limit else { return true }
        return side == .buy ? price <= limit : price >= limit
    }
}

extension OrderBook {
    /// Takes an order, or refuses it; what happened is appended to `events`, in order.
    package mutating func place(_ ticket: OrderTicket, _ events: inout [MatchEvent]) -> Placement {
        if ticket.isReducing, room(of: ticket).isZero { return .refused(.nothingToReduce) }
        if ticket.type == .limit {
            if ticket.timeInForce == .postOnly, let other = front(ticket.side.opposite),
                ticket.accepts(other.price)
            {
                return .refused(.wouldTake)
            }
            if ticket.timeInForce == .fillOrKill, !isFillable(ticket) {
                return .refused(.notFillable)
            }
        }
        return .accepted(orderID: run(ticket, &events))
    }

    private func room(of ticket: OrderTicket) -> Quantity {
        room(ticket.side, positions.slot(ticket.owner, ticket.leg))
    }

    /// The slot of the position an order moves, or -1 where nobody counts.
    internal mutating func positionSlot(_ owner: OwnerID, _ leg: PositionLeg) -> Int32 {
        keepsPositions && owner != .market ? positions.open(owner, leg) : -1
    }

    /// Matches an order and settles what is left of it; returns its id.
    private mutating func run(_ ticket: OrderTicket, _ events: inout [MatchEvent]) -> Int64 {
        var taker = Taker(
            id: takeOrderID(), owner: ticket.owner, side: ticket.side, limit: ticket.limit,
            selfTrade: ticket.effectiveSelfTrade, isReducing: ticket.isReducing,
            position: positionSlot(ticket.owner, ticket.leg), remaining: ticket.quantity)
        taker.display = ticket.display
        if let quote = ticket.quote {
            taker.amount = quote.amount
            taker.step = quote.step
        }
        events.append(.accepted(orderID: taker.id, owner: ticket.owner))
        let end = match(&taker, &events)
        if end == .filled { return taker.id }
        if let reason = end.reason ?? remainderReason(ticket) {
            events.append(
                .expired(
                    orderID: taker.id, owner: ticket.owner, side: ticket.side, price: nil,
                    remaining: taker.remaining, reason: reason))
        } else {
            rest(taker, of: ticket.quantity, ticket.timeInForce, &events)
        }
        return taker.id
    }

    private func remainderReason(_ ticket: OrderTicket) -> ExpiryReason? {
        if ticket.type == .market { return .marketRemainder }
        switch ticket.timeInForce {
        case .immediateOrCancel, .fillOrKill: return .immediateRemainder
        case .goodTillCancel, .goodTillDate, .postOnly: return nil
        }
    }

    internal mutating func rest(
        _ taker: Taker, of quantity: Quantity, _ timeInForce: TimeInForce,
        _ events: inout [MatchEvent]
    ) {
        guard let price = taker.limit else {
            preconditionFailure("only an order with a price comes to rest")
        }
        let isHiding = taker.display.isPositive && taker.display < taker.remaining
        let shown = isHiding ? taker.display : taker.remaining
        add(
            RestingOrder(
                id: taker.id, owner: taker.owner, side: taker.side, timeInForce: timeInForce,
                isReducing: taker.isReducing, price: price, quantity: quantity,
                remaining: shown, display: taker.display, hidden: taker.remaining - shown,
                position: taker.position))
        events.append(
            .rested(
                orderID: taker.id, side: taker.side, price: price, remaining: taker.remaining))
    }

    internal mutating func add(_ order: RestingOrder) {
        let slot = orders.insert(order)
        change(order.side) { $0.append(slot, &$1) }
        if order.isReducing, order.position >= 0 { link(slot, order.position) }
    }

    /// How the way through the other side ended.
    internal enum End: Equatable {
        case filled
        /// Prices no longer meet, or there are none.
        case noMatch
        case stopped(ExpiryReason)

        var reason: ExpiryReason? {
            if case .stopped(let reason) = self { return reason }
            return nil
        }
    }

    /// Trades until the order is done, prices no longer meet, or a rule stops it.
    internal mutating func match(_ taker: inout Taker, _ events: inout [MatchEvent]) -> End {
        let makers = taker.side.opposite
        while true {
            let isDone = taker.step.isZero ? taker.remaining.isZero : taker.amount.isZero
            if isDone { return .filled }
            var reducible = Quantity.zero
            if taker.isReducing {
                reducible = room(taker.side, taker.position)
                if reducible.isZero { return .stopped(.nothingToReduce) }
            }
            guard let (price, slot) = front(makers), taker.accepts(price) else {
                return .noMatch
            }
            if orders[slot].owner == taker.owner, taker.selfTrade != .none {
                if prevent(&taker, slot, price, &events) { return .stopped(.selfTrade) }
                continue
            }
            if taker.position >= 0, orders[slot].position == taker.position {
                if taker.isReducing { return .stopped(.nothingToReduce) }
                if orders[slot].isReducing {
                    expire(slot, .nothingToReduce, &events)
                    continue
                }
            }
            var quantity = taker.most(at: price)
            if quantity.isZero { return taker.hasTraded ? .filled : .noMatch }
            if taker.isReducing { quantity = min(quantity, reducible) }
            quantity = min(quantity, orders[slot].remaining)
            if orders[slot].isReducing {
                let makerRoom = room(makers, orders[slot].position)
                if makerRoom.isZero {
                    expire(slot, .nothingToReduce, &events)
                    continue
                }
                quantity = min(quantity, makerRoom)
            }
            trade(&taker, slot, price, quantity, &events)
        }
    }

    /// Keeps an order from trading with another of its owner, by the taker's choice; true where the
    /// taker ends by it.
    private mutating func prevent(
        _ taker: inout Taker, _ slot: Int32, _ price: Price, _ events: inout [MatchEvent]
    ) -> Bool {
        let maker = orders[slot]
        var prevention = MatchPrevention(
            price: price, takerSide: taker.side, takerID: taker.id, makerID: maker.id,
            owner: taker.owner, takerQuantity: .zero, makerQuantity: .zero)
        switch taker.selfTrade {
        case .none: preconditionFailure("only what prevents self-trades comes here")
        case .decrement: return decrement(&taker, slot, &prevention, &events)
        case .expireTaker: prevention.takerQuantity = taker.remaining
        case .expireMaker: prevention.makerQuantity = maker.open
        case .expireBoth:
            prevention.takerQuantity = taker.remaining
            prevention.makerQuantity = maker.open
        }
        events.append(.prevented(prevention))
        if taker.selfTrade != .expireTaker { expire(slot, .selfTrade, &events) }
        return taker.selfTrade != .expireMaker
    }

    /// Takes what would have traded off both; an order by amount, which has no quantity to take it
    /// off, ends.
    private mutating func decrement(
        _ taker: inout Taker, _ slot: Int32, _ prevention: inout MatchPrevention,
        _ events: inout [MatchEvent]
    ) -> Bool {
        guard taker.step.isZero else {
            events.append(.prevented(prevention))
            return true
        }
        let quantity = min(taker.remaining, orders[slot].remaining)
        prevention.takerQuantity = quantity
        prevention.makerQuantity = quantity
        events.append(.prevented(prevention))
        taker.remaining -= quantity
        change(taker.side.opposite) { $0.reduce(slot, by: quantity, &$1) }
        if orders[slot].open.isZero {
            expire(slot, .selfTrade, &events)
        } else if orders[slot].remaining.isZero {
            change(taker.side.opposite) { $0.renew(slot, &$1) }
        }
        return taker.remaining.isZero
    }

    private mutating func trade(
        _ taker: inout Taker, _ slot: Int32, _ price: Price, _ quantity: Quantity,
        _ events: inout [MatchEvent]
    ) {
        precondition(quantity.isPositive, "a trade has a quantity")
        if taker.step.isZero {
            taker.remaining -= quantity
        } else {
            taker.amount -= price.times(quantity, .up)
            taker.hasTraded = true
        }
        change(taker.side.opposite) { $0.reduce(slot, by: quantity, &$1) }
        let left = orders[slot].open
        let position = orders[slot].position
        events.append(
            .traded(
                MatchTrade(
                    tradeID: takeTradeID(), price: price, quantity: quantity,
                    takerSide: taker.side, takerID: taker.id, takerOwner: taker.owner,
                    takerRemaining: taker.remaining, makerID: orders[slot].id,
                    makerOwner: orders[slot].owner, makerRemaining: left)))
        if left.isZero {
            remove(slot)
        } else if orders[slot].remaining.isZero {
            change(taker.side.opposite) { $0.renew(slot, &$1) }
        }
        move(position, by: taker.side.opposite.signed(quantity))
        move(taker.position, by: taker.side.signed(quantity))
        sweep(position, &events)
        if taker.position != position { sweep(taker.position, &events) }
    }

    internal mutating func expire(
        _ slot: Int32, _ reason: ExpiryReason, _ events: inout [MatchEvent]
    ) {
        let order = orders[slot]
        remove(slot)
        events.append(
            .expired(
                orderID: order.id, owner: order.owner, side: order.side, price: order.price,
                remaining: order.open, reason: reason))
    }

    internal mutating func remove(_ slot: Int32) {
        change(orders[slot].side) { $0.unlink(slot, &$1) }
        let position = orders[slot].position
        if orders[slot].isReducing, position >= 0 { unlink(slot, position) }
        orders.remove(slot)
    }
}

import Matching
import Trading

/// The slow, obviously right twin of `OrderBook`: one list of resting orders in order of arrival, and
/// every question answered by looking at all of it. A fill-or-kill order runs on a copy.
struct SlowBook {
    struct Resting {
        var id: Int64
        var ticket: OrderTicket
        var remaining: Quantity
        /// What is shown of it.
        var shown: Quantity
        var price: Price { ticket.limit! }
        var executed: Quantity { ticket.quantity - remaining }

        init(id: Int64, ticket: OrderTicket, remaining: Quantity) {
            self.id = id
            self.ticket = ticket
            self.remaining = remaining
            shown = ticket.display.isPositive ? min(ticket.display, remaining) : remaining
        }
    }

    /// Takes off an order what traded; an iceberg that has nothing to show goes behind all others.
    private mutating func reduce(_ id: Int64, by quantity: Quantity) {
        let index = resting.firstIndex { $0.id == id }!
        resting[index].remaining -= quantity
        resting[index].shown -= quantity
        if resting[index].shown.isZero, resting[index].remaining.isPositive {
            let order = resting.remove(at: index)
            resting.append(
                Resting(id: id, ticket: order.ticket, remaining: order.remaining))
        }
    }

    struct Holder: Hashable {
        var owner: OwnerID
        var leg: PositionLeg
    }

    var keepsPositions = true
    var nextOrderID: Int64 = 1
    var nextTradeID: Int64 = 1
    var resting: [Resting] = []
    var positions: [Holder: Quantity] = [:]

    // MARK: placing

    mutating func place(_ ticket: OrderTicket, _ events: inout [MatchEvent]) -> Placement {
        if onlyReduces(ticket), room(ticket).isZero { return .refused(.nothingToReduce) }
        if ticket.type == .limit, ticket.timeInForce == .postOnly,
            let maker = bestMaker(against: ticket.side), meets(ticket, maker.price)
        {
            return .refused(.wouldTake)
        }
        let before = self
        let eventCount = events.count
        let id = nextOrderID
        nextOrderID += 1
        events.append(.accepted(orderID: id, owner: ticket.owner))
        var way = Way(id: id, ticket: ticket, left: ticket.quantity)
        way.amount = ticket.quote?.amount
        let prevents = ticket.timeInForce != .fillOrKill && ticket.timeInForce != .postOnly
        walk(&way, prevents ? ticket.selfTrade : .none, &events)
        if way.isDone { return .accepted(orderID: id) }
        if ticket.type == .limit, ticket.timeInForce == .fillOrKill {
            self = before
            events.removeLast(events.count - eventCount)
            return .refused(.notFillable)
        }
        var reason = way.reason
        if reason == nil, ticket.type == .market { reason = .marketRemainder }
        if reason == nil, ticket.timeInForce == .immediateOrCancel { reason = .immediateRemainder }
        settle(way, reason, &events)
        return .accepted(orderID: id)
    }

    private mutating func settle(
        _ way: Way, _ reason: ExpiryReason?, _ events: inout [MatchEvent]
    ) {
        if let reason {
            events.append(
                .expired(
                    orderID: way.id, owner: way.ticket.owner, side: way.ticket.side, price: nil,
                    remaining: way.left, reason: reason))
        } else {
            resting.append(Resting(id: way.id, ticket: way.ticket, remaining: way.left))
            events.append(
                .rested(
                    orderID: way.id, side: way.ticket.side, price: way.ticket.limit!,
                    remaining: way.left))
        }
    }

    /// An order on its way through the other side.
    private struct Way {
        var id: Int64
        var ticket: OrderTicket
        var left: Quantity
        var amount: Money?
        var isDone = false
        var reason: ExpiryReason?
    }

    /// Strikes out what an owner would have traded with itself.
    private mutating func prevent(
        _ way: inout Way, _ maker: Resting, _ mode: SelfTradePrevention,
        _ events: inout [MatchEvent]
    ) {
        var both = min(way.left, maker.shown)
        if way.amount != nil { both = .zero }
        let losses: (taker: Quantity, maker: Quantity) =
            switch mode {
            case .none: (.zero, .zero)
            case .expireTaker: (way.left, .zero)
            case .expireMaker: (.zero, maker.remaining)
            case .expireBoth: (way.left, maker.remaining)
            case .decrement: (both, both)
            }
        events.append(
            .prevented(
                MatchPrevention(
                    price: maker.price, takerSide: way.ticket.side, takerID: way.id,
                    makerID: maker.id, owner: way.ticket.owner, takerQuantity: losses.taker,
                    makerQuantity: losses.maker)))
        if mode == .decrement {
            way.left -= both
            if !both.isZero { reduce(maker.id, by: both) }
            if !both.isZero, both == maker.remaining { expire(maker.id, .selfTrade, &events) }
            if way.left.isZero { way.reason = .selfTrade }
            return
        }
        if mode != .expireTaker { expire(maker.id, .selfTrade, &events) }
        if mode != .expireMaker { way.reason = .selfTrade }
    }

    private mutating func walk(
        _ way: inout Way, _ prevention: SelfTradePrevention, _ events: inout [MatchEvent]
    ) {
        let ticket = way.ticket
        var tradeCount = 0
        while true {
            if way.amount.map(\.isZero) ?? way.left.isZero {
                way.isDone = true
                return
            }
            if onlyReduces(ticket), room(ticket).isZero {
                way.reason = .nothingToReduce
                return
            }
            guard let maker = bestMaker(against: ticket.side), meets(ticket, maker.price) else {
                return
            }
            if maker.ticket.owner == ticket.owner, ticket.owner != .market, prevention != .none {
                prevent(&way, maker, prevention, &events)
                if way.reason != nil { return }
                continue
            }
            if ticket.owner != .market, keepsPositions, holder(maker.ticket) == holder(ticket) {
                if onlyReduces(ticket) {
                    way.reason = .nothingToReduce
                    return
                }
                if onlyReduces(maker.ticket) {
                    expire(maker.id, .nothingToReduce, &events)
                    continue
                }
            }
            var most = way.left
            if let amount = way.amount, let quote = ticket.quote {
                most = steps(quote.step, for: amount, at: maker.price)
                if most.isZero {
                    way.isDone = tradeCount > 0
                    return
                }
            }
            most = min(most, maker.shown)
            if onlyReduces(ticket) { most = min(most, room(ticket)) }
            if onlyReduces(maker.ticket) {
                if room(maker.ticket).isZero {
                    expire(maker.id, .nothingToReduce, &events)
                    continue
                }
                most = min(most, room(maker.ticket))
            }
            if way.amount == nil { way.left -= most }
            way.amount = way.amount.map { $0 - maker.price.times(most, .up) }
            tradeCount += 1
            trade(way, maker, most, &events)
        }
    }

    /// The most steps whose worth is within the amount, counted one by one.
    private func steps(_ step: Quantity, for amount: Money, at price: Price) -> Quantity {
        var quantity = Quantity.zero
        while (quantity + step).times(price, .up) <= amount { quantity += step }
        return quantity
    }

    private mutating func trade(
        _ way: Way, _ maker: Resting, _ quantity: Quantity, _ events: inout [MatchEvent]
    ) {
        reduce(maker.id, by: quantity)
        resting.removeAll { $0.remaining.isZero }
        events.append(
            .traded(
                MatchTrade(
                    tradeID: nextTradeID, price: maker.price, quantity: quantity,
                    takerSide: way.ticket.side, takerID: way.id, takerOwner: way.ticket.owner,
                    takerRemaining: way.left, makerID: maker.id, makerOwner: maker.ticket.owner,
                    makerRemaining: maker.remaining - quantity)))
        nextTradeID += 1
        for ticket in [maker.ticket, way.ticket] where keepsPositions && ticket.owner != .market {
            positions[holder(ticket), default: .zero] += ticket.side.signed(quantity)
        }
        for moved in [maker.ticket, way.ticket] {
            for order in resting
            where holder(order.ticket) == holder(moved) && onlyReduces(order.ticket) {
                if room(order.ticket).isZero { expire(order.id, .nothingToReduce, &events) }
            }
        }
    }

    // MARK: changing what rests

    mutating func cancel(_ id: Int64, _ events: inout [MatchEvent]) -> Bool {
        guard let order = resting.first(where: { $0.id == id }) else { return false }
        resting.removeAll { $0.id == id }
        events.append(
            .cancelled(
                orderID: id, owner: order.ticket.owner, side: order.ticket.side, price: order.price,
                remaining: order.remaining))
        return true
    }

    mutating func amend(
        _ id: Int64, price: Price, quantity: Quantity, keepsPriority: Bool,
        _ events: inout [MatchEvent]
    ) -> Amendment {
        guard let index = resting.firstIndex(where: { $0.id == id }) else {
            return .refused(.unknownOrder)
        }
        let order = resting[index]
        let isSamePrice = order.price == price
        if isSamePrice, order.ticket.quantity == quantity { return .refused(.unchanged) }
        if keepsPriority, !isSamePrice || quantity > order.ticket.quantity {
            return .refused(.losesPriority)
        }
        if quantity <= order.executed {
            _ = cancel(id, &events)
            return .cancelled(.nothingLeft)
        }
        var changed = order.ticket
        changed.quantity = quantity
        changed.limit = price
        if keepsPriority {
            // What is hidden goes first.
            resting[index].ticket = changed
            resting[index].remaining = quantity - order.executed
            resting[index].shown = min(order.shown, resting[index].remaining)
            return .amended(from: order.price, remaining: order.remaining)
        }
        if order.ticket.timeInForce == .postOnly, let maker = bestMaker(against: changed.side),
            meets(changed, maker.price)
        {
            _ = cancel(id, &events)
            return .cancelled(.wouldTake)
        }
        resting.remove(at: index)
        var way = Way(id: id, ticket: changed, left: quantity - order.executed)
        walk(&way, .none, &events)
        if !way.isDone { settle(way, way.reason, &events) }
        return .amended(from: order.price, remaining: order.remaining)
    }

    private mutating func expire(_ id: Int64, _ reason: ExpiryReason, _ events: inout [MatchEvent])
    {
        let order = resting.first { $0.id == id }!
        resting.removeAll { $0.id == id }
        events.append(
            .expired(
                orderID: id, owner: order.ticket.owner, side: order.ticket.side, price: order.price,
                remaining: order.remaining, reason: reason))
    }

    // MARK: questions

    func holder(_ ticket: OrderTicket) -> Holder { Holder(owner: ticket.owner, leg: ticket.leg) }

    func onlyReduces(_ ticket: OrderTicket) -> Bool {
        switch ticket.leg {
        case .net: ticket.isReduceOnly
        case .long: ticket.isReduceOnly || ticket.side == .sell
        case .short: ticket.isReduceOnly || ticket.side == .buy
        }
    }

    func room(_ ticket: OrderTicket) -> Quantity {
        let position = positions[holder(ticket)] ?? .zero
        if ticket.side == .buy { return position.isNegative ? -position : .zero }
        return position.isPositive ? position : .zero
    }

    func meets(_ ticket: OrderTicket, _ price: Price) -> Bool {
        guard let limit = ticket.limit else { return true }
        return ticket.side == .buy ? price <= limit : price >= limit
    }

    func bestMaker(against side: Side) -> Resting? {
        var best: Resting?
        for order in resting where order.ticket.side == side.opposite {
            guard let other = best else {
                best = order
                continue
            }
            let isBetter = side == .buy ? order.price < other.price : order.price > other.price
            if isBetter { best = order }
        }
        return best
    }

    /// Price and summed quantity of each level, best first.
    func depth(_ side: Side) -> [(Price, Quantity)] {
        let mine = resting.filter { $0.ticket.side == side }
        let prices = Set(mine.map(\.price)).sorted { side == .buy ? $0 > $1 : $0 < $1 }
        return prices.map { price in
            (price, mine.filter { $0.price == price }.reduce(.zero) { $0 + $1.shown })
        }
    }
}

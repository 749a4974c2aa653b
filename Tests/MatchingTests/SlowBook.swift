import Matching
import Trading

/// The slow, obviously right twin of `OrderBook`: one list of resting orders in order of arrival, and
/// every question answered by looking at all of it.
struct SlowBook {
    struct Resting {
        var id: Int64
        var ticket: OrderTicket
        var remaining: Quantity
        var price: Price { ticket.limit! }
    }

    var nextOrderID: Int64 = 1
    var nextTradeID: Int64 = 1
    var resting: [Resting] = []
    var positions: [OwnerID: Quantity] = [:]

    mutating func place(_ ticket: OrderTicket, _ events: inout [MatchEvent]) -> Placement {
        if ticket.isReduceOnly, room(ticket.owner, ticket.side).isZero {
            return .refused(.nothingToReduce)
        }
        let isLimit = ticket.type == .limit
        if isLimit, ticket.timeInForce == .postOnly, let maker = bestMaker(against: ticket.side),
            meets(ticket, maker.price)
        {
            return .refused(.wouldTake)
        }
        let before = self
        let eventCount = events.count
        let id = nextOrderID
        nextOrderID += 1
        events.append(.accepted(orderID: id, owner: ticket.owner))
        var left = ticket.quantity
        var reason: ExpiryReason?
        while left.isPositive {
            var most = left
            if ticket.isReduceOnly {
                most = min(most, room(ticket.owner, ticket.side))
                if most.isZero {
                    reason = .nothingToReduce
                    break
                }
            }
            guard let maker = bestMaker(against: ticket.side), meets(ticket, maker.price) else {
                break
            }
            if maker.ticket.owner == ticket.owner, ticket.owner != .market,
                preventsSelfTrade(ticket)
            {
                switch ticket.selfTrade {
                case .none: break
                case .expireTaker: reason = .selfTrade
                case .expireMaker: expire(maker.id, .selfTrade, &events)
                case .expireBoth:
                    expire(maker.id, .selfTrade, &events)
                    reason = .selfTrade
                }
                if reason != nil { break }
                if ticket.selfTrade != .none { continue }
            }
            most = min(most, maker.remaining)
            if maker.ticket.isReduceOnly {
                most = min(most, room(maker.ticket.owner, maker.ticket.side))
            }
            left -= most
            trade(ticket, id, left, maker, most, &events)
        }
        if left.isPositive {
            if reason == nil {
                if ticket.type == .market {
                    reason = .marketRemainder
                } else if ticket.timeInForce == .immediateOrCancel
                    || ticket.timeInForce == .fillOrKill
                {
                    reason = .immediateRemainder
                }
            }
            if isLimit, ticket.timeInForce == .fillOrKill {
                self = before
                events.removeLast(events.count - eventCount)
                return .refused(.notFillable)
            }
            if let reason {
                events.append(
                    .expired(
                        orderID: id, owner: ticket.owner, side: ticket.side, price: nil,
                        remaining: left, reason: reason))
            } else {
                resting.append(Resting(id: id, ticket: ticket, remaining: left))
                events.append(
                    .rested(orderID: id, side: ticket.side, price: ticket.limit!, remaining: left))
            }
        }
        return .accepted(orderID: id)
    }

    private func preventsSelfTrade(_ ticket: OrderTicket) -> Bool {
        ticket.timeInForce != .fillOrKill && ticket.timeInForce != .postOnly
    }

    private mutating func trade(
        _ ticket: OrderTicket, _ id: Int64, _ left: Quantity, _ maker: Resting,
        _ quantity: Quantity,
        _ events: inout [MatchEvent]
    ) {
        let index = resting.firstIndex { $0.id == maker.id }!
        resting[index].remaining -= quantity
        if resting[index].remaining.isZero { resting.remove(at: index) }
        events.append(
            .traded(
                MatchTrade(
                    tradeID: nextTradeID, price: maker.price, quantity: quantity,
                    takerSide: ticket.side, takerID: id, takerOwner: ticket.owner,
                    takerRemaining: left, makerID: maker.id, makerOwner: maker.ticket.owner,
                    makerRemaining: maker.remaining - quantity)))
        nextTradeID += 1
        if maker.ticket.owner != .market {
            positions[maker.ticket.owner, default: .zero] += maker.ticket.side.signed(quantity)
        }
        if ticket.owner != .market {
            positions[ticket.owner, default: .zero] += ticket.side.signed(quantity)
        }
        for owner in [maker.ticket.owner, ticket.owner] {
            for order in resting where order.ticket.owner == owner && order.ticket.isReduceOnly {
                if room(owner, order.ticket.side).isZero {
                    expire(order.id, .nothingToReduce, &events)
                }
            }
        }
    }

    func room(_ owner: OwnerID, _ side: Side) -> Quantity {
        let position = positions[owner] ?? .zero
        if side == .buy { return position.isNegative ? -position : .zero }
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

    private mutating func expire(_ id: Int64, _ reason: ExpiryReason, _ events: inout [MatchEvent])
    {
        let order = resting.first { $0.id == id }!
        resting.removeAll { $0.id == id }
        events.append(
            .expired(
                orderID: id, owner: order.ticket.owner, side: order.ticket.side, price: order.price,
                remaining: order.remaining, reason: reason))
    }

    mutating func cancel(_ id: Int64, _ events: inout [MatchEvent]) -> Bool {
        guard let order = resting.first(where: { $0.id == id }) else { return false }
        resting.removeAll { $0.id == id }
        events.append(
            .cancelled(
                orderID: id, owner: order.ticket.owner, side: order.ticket.side, price: order.price,
                remaining: order.remaining))
        return true
    }

    /// Price and summed quantity of each level, best first.
    func depth(_ side: Side) -> [(Price, Quantity)] {
        let mine = resting.filter { $0.ticket.side == side }
        let prices = Set(mine.map(\.price)).sorted { side == .buy ? $0 > $1 : $0 < $1 }
        return prices.map { price in
            (price, mine.filter { $0.price == price }.reduce(.zero) { $0 + $1.remaining })
        }
    }
}

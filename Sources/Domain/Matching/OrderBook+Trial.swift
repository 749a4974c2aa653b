internal import Trading

/// Whether all of a fill-or-kill order can trade, found by walking the orders it would meet.
///
/// Each maker gives what it has left, or less where it only reduces a position. The positions that the
/// trades before it have moved are kept beside the real ones and forgotten afterwards.
extension OrderBook {
    internal mutating func isFillable(_ ticket: OrderTicket) -> Bool {
        trial += 1
        let own = positions.slot(ticket.owner, ticket.leg)
        let makers = ticket.side.opposite
        var open = ticket.quantity
        for rank in 0..<levelCount(makers) {
            let level = makers == .buy ? bids.level(rank) : asks.level(rank)
            guard ticket.accepts(level.price) else { return false }
            var slot = level.first
            while slot >= 0 {
                var quantity = min(open, orders[slot].open)
                if ticket.isReducing {
                    if orders[slot].position == own { return false }
                    quantity = min(quantity, trialRoom(own, ticket.side))
                    if quantity.isZero { return false }
                }
                if orders[slot].isReducing {
                    let position = orders[slot].position
                    let room = position == own ? .zero : trialRoom(position, makers)
                    quantity = min(quantity, room)
                }
                open -= quantity
                if open.isZero { return true }
                moveInTrial(orders[slot].position, by: makers.signed(quantity))
                moveInTrial(own, by: ticket.side.signed(quantity))
                slot = orders[slot].next
            }
        }
        return false
    }

    private func trialRoom(_ position: Int32, _ side: Side) -> Quantity {
        if position < 0 { return .zero }
        let entry = positions[position]
        let moved = entry.trial == trial ? entry.trialMove : .zero
        return PositionTable.Position.room(side, entry.quantity + moved)
    }

    private mutating func moveInTrial(_ position: Int32, by change: Quantity) {
        if position < 0 { return }
        if positions[position].trial != trial {
            positions[position].trial = trial
            positions[position].trialMove = .zero
        }
        positions[position].trialMove += change
    }
}

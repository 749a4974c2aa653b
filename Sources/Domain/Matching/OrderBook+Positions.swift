internal import Trading

/// Positions, and the resting orders that may only take off them.
extension OrderBook {
    /// How much an order of this side can take off a position; nothing where nobody counts it (-1).
    @inline(__always)
    internal func room(_ side: Side, _ position: Int32) -> Quantity {
        position < 0 ? .zero : positions[position].room(side)
    }

    @inline(__always)
    internal mutating func move(_ position: Int32, by change: Quantity) {
        if position >= 0 { positions[position].quantity += change }
    }

    /// Ends the resting orders of a position that have nothing left to reduce, oldest first.
    @inline(__always)
    internal mutating func sweep(_ position: Int32, _ events: inout [MatchEvent]) {
        if position >= 0, positions[position].firstReducing >= 0 {
            sweepReducing(position, &events)
        }
    }

    private mutating func sweepReducing(_ position: Int32, _ events: inout [MatchEvent]) {
        var slot = positions[position].firstReducing
        while slot >= 0 {
            let next = orders[slot].nextReducing
            if positions[position].room(orders[slot].side).isZero {
                expire(slot, .nothingToReduce, &events)
            }
            slot = next
        }
    }

    /// Puts an order at the end of its position's list of reducing orders.
    internal mutating func link(_ slot: Int32, _ position: Int32) {
        let last = positions[position].lastReducing
        orders[slot].previousReducing = last
        if last >= 0 {
            orders[last].nextReducing = slot
        } else {
            positions[position].firstReducing = slot
        }
        positions[position].lastReducing = slot
    }

    internal mutating func unlink(_ slot: Int32, _ position: Int32) {
        let previous = orders[slot].previousReducing
        let next = orders[slot].nextReducing
        if previous >= 0 {
            orders[previous].nextReducing = next
        } else {
            positions[position].firstReducing = next
        }
        if next >= 0 {
            orders[next].previousReducing = previous
        } else {
            positions[position].lastReducing = previous
        }
    }
}

package import Trading

/// Which of an owner's positions in a symbol an order moves.
///
/// In one-way mode there is one signed position. In hedge mode a long and a short one stand side by
/// side: a buy opens the long leg and a sell closes it, a sell opens the short leg and a buy closes it.
package enum PositionLeg: UInt8, Sendable, CaseIterable {
    case net
    case long
    case short

    /// Whether an order of this side on this leg takes off it.
    package func isClosed(by side: Side) -> Bool {
        switch self {
        case .net: false
        case .long: side == .sell
        case .short: side == .buy
        }
    }
}

/// The positions owners have gained in one book, in slots that stay.
internal struct PositionTable: Sendable {
    struct Position: Sendable {
        let owner: OwnerID
        let leg: PositionLeg
        /// Signed: the long leg is never negative, the short leg never positive.
        var quantity: Quantity = .zero
        /// The oldest and newest resting order that only reduces this position.
        var firstReducing: Int32 = -1
        var lastReducing: Int32 = -1
        /// What a trial of a fill-or-kill order has moved so far; counts while `trial` is current.
        var trialMove: Quantity = .zero
        var trial: UInt64 = 0

        /// How much an order of this side can take off.
        func room(_ side: Side) -> Quantity { Position.room(side, quantity) }

        static func room(_ side: Side, _ quantity: Quantity) -> Quantity {
            if side == .sell { return quantity.isPositive ? quantity : .zero }
            return quantity.isNegative ? -quantity : .zero
        }
    }

    private var slots: ContiguousArray<Position> = []
    private var index = OrderIndex()

    private static func key(_ owner: OwnerID, _ leg: PositionLeg) -> Int64 {
        Int64(owner.number) << 2 | Int64(leg.rawValue)
    }

    subscript(slot: Int32) -> Position {
        @inline(__always) _read { yield slots[Int(slot)] }
        @inline(__always) _modify { yield &slots[Int(slot)] }
    }

    /// The slot of a position, or -1 where none was opened.
    func slot(_ owner: OwnerID, _ leg: PositionLeg) -> Int32 {
        index.slot(of: PositionTable.key(owner, leg))
    }

    /// The slot of a position, opened flat where there was none.
    mutating func open(_ owner: OwnerID, _ leg: PositionLeg) -> Int32 {
        let known = slot(owner, leg)
        if known >= 0 { return known }
        let slot = Int32(slots.count)
        slots.append(Position(owner: owner, leg: leg))
        index.insert(PositionTable.key(owner, leg), slot)
        return slot
    }
}

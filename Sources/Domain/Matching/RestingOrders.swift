internal import Trading

/// One order at rest, with its neighbours in its level's queue (-1: none).
internal struct RestingOrder: Sendable {
    var id: Int64
    var owner: OwnerID
    var side: Side
    var timeInForce: TimeInForce
    /// It may only take off its owner's position: reduce-only, or closing a leg.
    var isReducing: Bool
    var price: Price
    /// What the order was for.
    var quantity: Quantity
    /// What is shown and open.
    var remaining: Quantity
    /// What an iceberg shows at a time; zero for other orders.
    var display: Quantity = .zero
    /// What is open besides, and comes forward when what is shown has traded.
    var hidden: Quantity = .zero
    /// The slot of the position its trades move, or -1.
    var position: Int32
    /// The slot of its level, set when it comes to rest.
    var level: Int32 = -1
    var previous: Int32 = -1
    var next: Int32 = -1
    /// Neighbours among the reducing orders of the same position, oldest first.
    var previousReducing: Int32 = -1
    var nextReducing: Int32 = -1

    var open: Quantity { remaining + hidden }
    var executed: Quantity { quantity - open }
}

/// All resting orders in slots that are used again, found by id.
internal struct RestingOrders: Sendable {
    private var slots: ContiguousArray<RestingOrder> = []
    private var free: ContiguousArray<Int32> = []
    private var index = OrderIndex(capacity: 256)

    var count: Int { index.count }

    subscript(slot: Int32) -> RestingOrder {
        @inline(__always) _read { yield slots[Int(slot)] }
        @inline(__always) _modify { yield &slots[Int(slot)] }
    }

    /// The slot of an order, or -1.
    func slot(of id: Int64) -> Int32 { index.slot(of: id) }

    mutating func insert(_ order: RestingOrder) -> Int32 {
        let slot: Int32
        if let used = free.popLast() {
            slot = used
            slots[Int(used)] = order
        } else {
            slot = Int32(slots.count)
            slots.append(order)
        }
        index.insert(order.id, slot)
        return slot
    }

    mutating func remove(_ slot: Int32) {
        index.remove(slots[Int(slot)].id)
        free.append(slot)
    }
}

internal import Trading

/// One order at rest, with its neighbours in its level's queue (-1: none).
internal struct RestingOrder: Sendable {
    var id: Int64
    var owner: OwnerID
    var side: Side
    var price: Price
    var remaining: Quantity
    var isReduceOnly: Bool
    var previous: Int32 = -1
    var next: Int32 = -1
}

/// All resting orders in slots that are used again, found by id.
internal struct RestingOrders: Sendable {
    private var slots: [RestingOrder] = []
    private var free: [Int32] = []
    private var index: [Int64: Int32] = [:]

    var count: Int { index.count }

    subscript(slot: Int32) -> RestingOrder {
        _read { yield slots[Int(slot)] }
        _modify { yield &slots[Int(slot)] }
    }

    func slot(of id: Int64) -> Int32? { index[id] }

    func order(_ id: Int64) -> RestingOrder? { index[id].map { slots[Int($0)] } }

    mutating func insert(_ order: RestingOrder) -> Int32 {
        let slot: Int32
        if let used = free.popLast() {
            slot = used
            slots[Int(used)] = order
        } else {
            slot = Int32(slots.count)
            slots.append(order)
        }
        let previous = index.updateValue(slot, forKey: order.id)
        precondition(previous == nil, "an order rests once")
        return slot
    }

    mutating func remove(_ slot: Int32) {
        index[slots[Int(slot)].id] = nil
        free.append(slot)
    }
}

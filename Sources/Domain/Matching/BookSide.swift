package import Trading

/// All that rests at one price.
package struct PriceLevel: Equatable, Sendable {
    package let price: Price
    package internal(set) var quantity: Quantity
    /// The slots of the oldest and the newest order here.
    internal var first: Int32
    internal var last: Int32

    package static func == (a: PriceLevel, b: PriceLevel) -> Bool {
        a.price == b.price && a.quantity == b.quantity
    }
}

/// The levels of one side, worst first and best last, so that the ends that change most move least.
internal struct BookSide: Sendable {
    let side: Side
    var levels: [PriceLevel] = []

    init(_ side: Side) { self.side = side }

    var best: PriceLevel? { levels.last }

    /// Where the level of a price is, or would be put.
    func search(_ price: Price) -> (index: Int, found: Bool) {
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) / 2
            let other = levels[middle].price
            if other == price { return (middle, true) }
            let isWorse = side == .buy ? other < price : other > price
            if isWorse { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    func quantity(at price: Price) -> Quantity {
        let (index, found) = search(price)
        return found ? levels[index].quantity : .zero
    }

    /// Puts an order at the end of its level's queue.
    mutating func append(_ slot: Int32, _ orders: inout RestingOrders) {
        let order = orders[slot]
        let (index, found) = search(order.price)
        guard found else {
            let level = PriceLevel(
                price: order.price, quantity: order.remaining, first: slot, last: slot)
            levels.insert(level, at: index)
            return
        }
        let last = levels[index].last
        orders[last].next = slot
        orders[slot].previous = last
        levels[index].last = slot
        levels[index].quantity += order.remaining
    }

    /// Takes `quantity` off an order that rests here.
    mutating func reduce(_ slot: Int32, by quantity: Quantity, _ orders: inout RestingOrders) {
        orders[slot].remaining -= quantity
        let (index, found) = search(orders[slot].price)
        precondition(found, "a resting order has a level")
        levels[index].quantity -= quantity
    }

    /// Takes an order out of its queue; its slot stays for the caller to free.
    mutating func unlink(_ slot: Int32, _ orders: inout RestingOrders) {
        let order = orders[slot]
        let (index, found) = search(order.price)
        precondition(found, "a resting order has a level")
        if order.previous >= 0 {
            orders[order.previous].next = order.next
        } else {
            levels[index].first = order.next
        }
        if order.next >= 0 {
            orders[order.next].previous = order.previous
        } else {
            levels[index].last = order.previous
        }
        levels[index].quantity -= order.remaining
        if levels[index].first < 0 { levels.remove(at: index) }
    }
}

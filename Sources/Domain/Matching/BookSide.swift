package import Trading

/// All that rests at one price.
package struct PriceLevel: Equatable, Sendable {
    package let price: Price
    package let quantity: Quantity
}

/// One side's prices, worst first and best last, so that the ends that change most move least.
///
/// Prices lie next to each other for the search; a level's queue stays in its slot, which its orders
/// know, so that only the first and the last order of a price search and shift. Shifting moves 20 bytes
/// for each better price: nothing at the depth accounts can build (`OrderBook.Limits`).
internal struct BookSide: Sendable {
    struct Level: Sendable {
        var quantity: Quantity
        /// The slots of the oldest and the newest order here.
        var first: Int32
        var last: Int32
    }

    let side: Side
    /// Prices, negated where lower is better: the larger key is the better one on both sides.
    private var keys: ContiguousArray<Int128> = []
    private var places: ContiguousArray<Int32> = []
    private var levels: ContiguousArray<Level> = []
    private var free: ContiguousArray<Int32> = []

    init(_ side: Side) { self.side = side }

    var levelCount: Int { keys.count }

    @inline(__always)
    private func key(_ price: Price) -> Int128 { side == .buy ? price.units : -price.units }

    @inline(__always)
    private func price(_ key: Int128) -> Price { Price(units: side == .buy ? key : -key) }

    /// The best price with the oldest order there, or nil where nothing rests.
    @inline(__always)
    var front: (price: Price, order: Int32)? {
        guard let key = keys.last, let place = places.last else { return nil }
        return (price(key), levels[Int(place)].first)
    }

    var best: PriceLevel? {
        guard let key = keys.last, let place = places.last else { return nil }
        return PriceLevel(price: price(key), quantity: levels[Int(place)].quantity)
    }

    /// The level `rank` places behind the best, which is 0.
    func level(_ rank: Int) -> (price: Price, quantity: Quantity, first: Int32) {
        let index = keys.count - 1 - rank
        let level = levels[Int(places[index])]
        return (price(keys[index]), level.quantity, level.first)
    }

    /// Where the level of a price is, or would be put.
    private func search(_ price: Price) -> (index: Int, found: Bool) {
        let wanted = key(price)
        var low = 0
        var length = keys.count
        // Without a branch in the loop: which half it is cannot be foretold.
        while length > 0 {
            let half = length / 2
            let isWorse = keys[low + half] < wanted
            low = isWorse ? low + half + 1 : low
            length = isWorse ? length - half - 1 : half
        }
        return (low, low < keys.count && keys[low] == wanted)
    }

    func quantity(at price: Price) -> Quantity {
        let (index, found) = search(price)
        return found ? levels[Int(places[index])].quantity : .zero
    }

    /// How many levels are better than a price.
    func levels(betterThan price: Price) -> Int {
        let (index, found) = search(price)
        return keys.count - index - (found ? 1 : 0)
    }

    /// Puts an order at the end of its level's queue.
    mutating func append(_ slot: Int32, _ orders: inout RestingOrders) {
        let price = orders[slot].price
        let remaining = orders[slot].remaining
        let (index, found) = search(price)
        guard found else {
            let place = open(Level(quantity: remaining, first: slot, last: slot))
            keys.insert(key(price), at: index)
            places.insert(place, at: index)
            orders[slot].level = place
            return
        }
        let place = places[index]
        let last = levels[Int(place)].last
        orders[last].next = slot
        orders[slot].previous = last
        orders[slot].level = place
        levels[Int(place)].last = slot
        levels[Int(place)].quantity += remaining
    }

    private mutating func open(_ level: Level) -> Int32 {
        guard let used = free.popLast() else {
            levels.append(level)
            return Int32(levels.count - 1)
        }
        levels[Int(used)] = level
        return used
    }

    /// Takes `quantity` off an order that rests here.
    mutating func reduce(_ slot: Int32, by quantity: Quantity, _ orders: inout RestingOrders) {
        orders[slot].remaining -= quantity
        levels[Int(orders[slot].level)].quantity -= quantity
    }

    /// Puts an order whose shown part has traded behind the others of its level, with its next part.
    mutating func renew(_ slot: Int32, _ orders: inout RestingOrders) {
        unlink(slot, &orders)
        let shown = min(orders[slot].display, orders[slot].hidden)
        orders[slot].remaining = shown
        orders[slot].hidden -= shown
        append(slot, &orders)
    }

    /// Takes an order out of its queue; its slot stays for the caller to free.
    mutating func unlink(_ slot: Int32, _ orders: inout RestingOrders) {
        let previous = orders[slot].previous
        let next = orders[slot].next
        let place = orders[slot].level
        if previous >= 0 {
            orders[previous].next = next
        } else {
            levels[Int(place)].first = next
        }
        if next >= 0 {
            orders[next].previous = previous
        } else {
            levels[Int(place)].last = previous
        }
        levels[Int(place)].quantity -= orders[slot].remaining
        orders[slot].previous = -1
        orders[slot].next = -1
        orders[slot].level = -1
        if levels[Int(place)].first < 0 { close(place, orders[slot].price) }
    }

    private mutating func close(_ place: Int32, _ price: Price) {
        if places.last == place {
            keys.removeLast()
            places.removeLast()
        } else {
            let (index, found) = search(price)
            precondition(found, "a resting order has a level")
            keys.remove(at: index)
            places.remove(at: index)
        }
        free.append(place)
    }
}

internal import Trading

/// The levels of one side, worst first and best last, so that the ends that change most move least.
struct BookSide: Sendable {
    private let isBid: Bool
    private(set) var levels: ContiguousArray<BookLevel>
    private let capacity: Int
    /// The worst price up to which every level is held; nil where all levels are. Behind it only
    /// those are held that have changed since the snapshot.
    private(set) var horizon: Price?

    init(isBid: Bool, capacity: Int) {
        self.isBid = isBid
        self.capacity = capacity
        levels = []
        // One more than is kept: a level is put in before the worst is taken away.
        levels.reserveCapacity(capacity + 1)
    }

    var best: BookLevel? { levels.last }

    mutating func removeAll() {
        levels.removeAll(keepingCapacity: true)
        horizon = nil
    }

    /// Takes a snapshot's levels, in any order.
    /// - Parameter isWhole: whether the market has no more levels than these.
    mutating func fill(_ source: ContiguousArray<BookLevel>, isWhole: Bool) {
        removeAll()
        for level in source { set(level) }
        if !isWhole, horizon == nil { horizon = levels.first?.price }
    }

    /// Whether one of the best `count` levels may be missing.
    func isShallow(_ count: Int) -> Bool {
        guard let horizon else { return false }
        guard count <= levels.count else { return true }
        return isBetter(horizon, than: levels[levels.count - count].price)
    }

    /// Sets what rests at a price; a quantity of zero removes the level, known or not.
    @inline(__always)
    mutating func set(_ level: BookLevel) {
        let index = place(of: level.price)
        let isHeld = index < levels.count && levels[index].price == level.price
        if level.quantity.isZero {
            if isHeld { levels.remove(at: index) }
        } else if isHeld {
            levels[index].quantity = level.quantity
        } else {
            levels.insert(level, at: index)
            if levels.count > capacity { cut() }
        }
    }

    private mutating func cut() {
        levels.removeFirst()
        let end = levels[0].price
        if let horizon, isBetter(horizon, than: end) { return }
        horizon = end
    }

    @inline(__always)
    private func isBetter(_ price: Price, than other: Price) -> Bool {
        isBid ? price > other : price < other
    }

    /// Where the level of a price is, or would be put.
    @inline(__always)
    private func place(of price: Price) -> Int {
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low &+ high) >> 1
            let isPassed = isBetter(price, than: levels[middle].price)
            if isPassed { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}

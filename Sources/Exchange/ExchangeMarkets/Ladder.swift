internal import Trading

/// The background's own orders of one side, best first.
internal struct Ladder: Sendable {
    struct Rung: Sendable {
        let orderID: Int64
        let price: Price
    }

    let side: Side
    private(set) var rungs: [Rung] = []

    init(_ side: Side) { self.side = side }

    func isBetter(_ a: Price, than b: Price) -> Bool { side == .buy ? a > b : a < b }

    mutating func insert(_ rung: Rung) {
        let index = rungs.firstIndex { isBetter(rung.price, than: $0.price) } ?? rungs.count
        rungs.insert(rung, at: index)
    }

    mutating func remove(at index: Int) -> Rung { rungs.remove(at: index) }

    mutating func remove(orderID: Int64) { rungs.removeAll { $0.orderID == orderID } }
}

/// Both sides' ladders.
internal struct Ladders: Sendable {
    var bids = Ladder(.buy)
    var asks = Ladder(.sell)

    subscript(side: Side) -> Ladder {
        get { side == .buy ? bids : asks }
        set { if side == .buy { bids = newValue } else { asks = newValue } }
    }
}

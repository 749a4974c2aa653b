internal import Trading

/// The account's orders in one symbol: found by id and by client id, open ones at hand.
///
/// Ids only grow, so the list stays sorted by appending.
internal struct OrderTable: Sendable {
    private var records: [PaperOrder] = []
    /// The newest order under each client id; older ones with the same id stay reachable by number.
    private var byClientID: [String: Int64] = [:]
    private var openIDs: [Int64] = []

    var all: [PaperOrder] { records }
    var open: [PaperOrder] { openIDs.compactMap { self[$0] } }
    var openCount: Int { openIDs.count }

    private func index(of orderID: Int64) -> Int? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].orderID < orderID { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].orderID == orderID ? low : nil
    }

    subscript(orderID: Int64) -> PaperOrder? { index(of: orderID).map { records[$0] } }

    func order(clientOrderID: String) -> PaperOrder? {
        byClientID[clientOrderID].flatMap { self[$0] }
    }

    /// Adds an order with a higher id than all others, or replaces the one with this id.
    mutating func put(_ order: PaperOrder) {
        let wasOpen: Bool
        if let index = index(of: order.orderID) {
            wasOpen = records[index].isOpen
            records[index] = order
        } else {
            precondition(
                order.orderID > records.last?.orderID ?? 0, "order ids grow within a symbol")
            wasOpen = false
            records.append(order)
            byClientID[order.clientOrderID] = order.orderID
        }
        if order.isOpen, !wasOpen { openIDs.append(order.orderID) }
        if !order.isOpen, wasOpen { openIDs.removeAll { $0 == order.orderID } }
    }

    /// Forgets the oldest finished orders once there are a fifth more than `kept`.
    mutating func prune(kept: Int) {
        guard records.count - openIDs.count > kept + kept / 5 else { return }
        var excess = records.count - openIDs.count - kept
        var remaining: [PaperOrder] = []
        remaining.reserveCapacity(kept + openIDs.count)
        for order in records {
            if excess > 0, !order.isOpen {
                excess -= 1
                if byClientID[order.clientOrderID] == order.orderID {
                    byClientID[order.clientOrderID] = nil
                }
            } else {
                remaining.append(order)
            }
        }
        records = remaining
    }
}

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

internal import Trading

/// The account's orders in one symbol: found by id and by client id, open ones at hand.
///
/// Ids only grow, so the list stays sorted by appending.
package struct OrderTable: Sendable {
    private var records: [FuturesOrder] = []
    /// The newest order under each client id; older ones with the same id stay reachable by number.
    private var byClientID: [String: Int64] = [:]
    private var openIDs: [Int64] = []

    package var all: [FuturesOrder] { records }
    /// The numbers of open orders, in the order in which they came.
    internal var openNumbers: [Int64] { openIDs }
    package var open: [FuturesOrder] { openIDs.compactMap { self[$0] } }
    package var openCount: Int { openIDs.count }

    private func index(of orderID: Int64) -> Int? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].orderID < orderID { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].orderID == orderID ? low : nil
    }

    package subscript(orderID: Int64) -> FuturesOrder? { index(of: orderID).map { records[$0] } }

    package func order(clientOrderID: String) -> FuturesOrder? {
        byClientID[clientOrderID].flatMap { self[$0] }
    }

    /// Adds an order with a higher id than all others, or replaces the one with this id.
    mutating func put(_ order: FuturesOrder) {
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
        var remaining: [FuturesOrder] = []
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

internal import Trading

/// The account's orders in one symbol: found by id and by client id, open ones at hand.
///
/// Ids only grow, so the list stays sorted by appending.
package struct SpotOrderTable: Sendable {
    private var records: [SpotOrder] = []
    /// The newest order under each client id; older ones with the same id stay reachable by number.
    private var byClientID: [String: Int64] = [:]
    /// Orders whose id in the book is not their own.
    private var byBookID: [Int64: Int64] = [:]
    private var openIDs: [Int64] = []

    package var all: [SpotOrder] { records }
    package var open: [SpotOrder] { openIDs.compactMap { self[$0] } }
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

    package subscript(orderID: Int64) -> SpotOrder? { index(of: orderID).map { records[$0] } }

    package func order(clientOrderID: String) -> SpotOrder? {
        byClientID[clientOrderID].flatMap { self[$0] }
    }

    /// The order that is in the book under this id.
    func order(bookID: Int64) -> SpotOrder? { self[byBookID[bookID] ?? bookID] }

    /// Forgets which order was to be in the book under an id.
    mutating func unbind(_ bookID: Int64) { byBookID[bookID] = nil }

    /// Adds an order with a higher id than all others, or replaces the one with this id.
    mutating func put(_ order: SpotOrder) {
        let wasOpen: Bool
        if let index = index(of: order.orderID) {
            wasOpen = records[index].isOpen
            if records[index].clientOrderID != order.clientOrderID { name(order) }
            records[index] = order
        } else {
            precondition(
                order.orderID > records.last?.orderID ?? 0, "order ids grow within a symbol")
            wasOpen = false
            records.append(order)
            name(order)
        }
        if order.bookID != order.orderID { byBookID[order.bookID] = order.orderID }
        if order.isOpen, !wasOpen { openIDs.append(order.orderID) }
        if !order.isOpen, wasOpen { openIDs.removeAll { $0 == order.orderID } }
    }

    private mutating func name(_ order: SpotOrder) {
        if !order.clientOrderID.isEmpty { byClientID[order.clientOrderID] = order.orderID }
    }

    /// Forgets the oldest finished orders once there are a fifth more than `kept`.
    mutating func prune(kept: Int) {
        guard records.count - openIDs.count > kept + kept / 5 else { return }
        var excess = records.count - openIDs.count - kept
        var remaining: [SpotOrder] = []
        remaining.reserveCapacity(kept + openIDs.count)
        for order in records {
            if excess > 0, !order.isOpen {
                excess -= 1
                forget(order)
            } else {
                remaining.append(order)
            }
        }
        records = remaining
    }

    private mutating func forget(_ order: SpotOrder) {
        if byClientID[order.clientOrderID] == order.orderID {
            byClientID[order.clientOrderID] = nil
        }
        byBookID[order.bookID] = nil
    }
}

/// What the account has in one symbol: its orders and its trades.
package struct SpotStake: Sendable {
    package internal(set) var orders = SpotOrderTable()
    package internal(set) var trades: [SpotTrade] = []
    /// Self-trades that were prevented, and changes in place; oldest first.
    package internal(set) var preventions: [SpotPrevention] = []
    package internal(set) var amendments: [SpotAmendment] = []
    /// Open orders that wait for a price, oldest first.
    internal var waiting: [Int64] = []
}

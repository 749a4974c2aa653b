package import Chronology
internal import ExchangeMarkets
internal import Matching
package import Trading

extension SpotDesk {
    /// Lowers the quantity of a resting order, which keeps its turn and gets another client id.
    ///
    /// - Returns: the order before and after.
    package func amend(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil,
        to quantity: Quantity, newClientOrderID: String, wall: WallTime
    ) throws(SpotRefusal) -> (old: SpotOrder, new: SpotOrder) {
        let old = try query(symbol, orderID: orderID, clientOrderID: clientOrderID)
        guard old.isOpen, old.isWorking else { throw .unknownOrder }
        let rules = instruments[old.market]
        guard quantity < old.quantity, quantity > old.executed + old.prevented else {
            throw .amendment
        }
        let past = stakes[old.market].amendments.count { $0.orderID == old.orderID }
        if past >= settings.limits.amendments { throw .tooManyAmendments }
        guard quantity.isMultiple(of: rules.step), quantity >= rules.minimumQuantity else {
            throw .filter(.lotSize)
        }
        if let other = stakes[old.market].orders.order(clientOrderID: newClientOrderID),
            other.isOpen, other.orderID != old.orderID
        {
            throw .duplicateClientOrderID
        }
        matchEvents.removeAll(keepingCapacity: true)
        let amendment = floor.amend(
            old.bookID, price: old.price, quantity: quantity, keepsPriority: true, old.market,
            wall: wall.milliseconds, &matchEvents)
        guard case .amended = amendment else { throw .amendment }
        var order = old
        order.quantity = quantity
        order.clientOrderID = newClientOrderID
        order.updatedAtMilliseconds = wall.milliseconds
        reason = .canceled
        // The orders of a list hold together what the dearer one needs, until one goes ahead.
        if openList(of: order)?.isPair != true { release(&order, all: false) }
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        report(order, .replaced, formerID: old.clientOrderID, wall: wall.milliseconds)
        keep(
            SpotAmendment(
                market: old.market, symbol: symbol, orderID: old.orderID,
                executionID: lastExecutionID, formerClientID: old.clientOrderID,
                clientID: newClientOrderID, formerQuantity: old.quantity, quantity: quantity,
                timeMilliseconds: wall.milliseconds))
        gatherTold()
        tellBalances(wall: wall.milliseconds)
        commit()
        return (old, order)
    }
}

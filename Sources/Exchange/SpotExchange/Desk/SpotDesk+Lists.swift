package import Chronology
internal import ExchangeMarkets
internal import Matching
package import Trading

/// Order lists of which one cancels the other.
///
/// The two hold together what the dearer one needs: only one of them can trade. At most one is in the
/// book; the other waits for its price. The first that trades or is triggered ends the other before
/// anything else is said of it.
extension SpotDesk {
    /// Places both orders of a list, or neither.
    package func placeList(
        _ wanted: SpotListRequest, wall: WallTime
    ) throws(SpotRefusal) -> SpotListRecord {
        let now = wall.milliseconds
        var below = try draft(wanted.below, inList: true, wall: now)
        var above = try draft(wanted.above, inList: true, wall: now)
        let number = below.market
        try checkPrices(above: above, below: below)
        try checkList(
            [wanted.above.clientOrderID, wanted.below.clientOrderID], wanted.clientListID, number)
        above.locked = max(.zero, above.locked - below.locked)
        let paying = payingAsset(of: below)
        if balances[paying].free < below.locked + above.locked {
            throw .insufficientBalance(below.side)
        }
        reason = .placed
        let listID = nextListID
        nextListID += 1
        var list = SpotOrderList(
            listID: listID, market: number, symbol: below.symbol,
            clientID: wanted.clientListID ?? generatedID(), orderIDs: [],
            createdAtMilliseconds: now, updatedAtMilliseconds: now)
        below.listID = listID
        above.listID = listID
        for var order in [below, above] {
            order.orderID = floor.markets[number].book.nextOrderID
            order.bookID = order.orderID
            list.orderIDs.append(order.orderID)
            if order.kind.isConditional {
                takeUnplaced(order, wall: now)
            } else {
                try send(order, wall: now)
            }
        }
        put(list)
        emit(.list(record(of: list), at: now))
        triggerWaiting(wall: now)
        tellBalances(wall: now)
        commit()
        return try record(listID: listID)
    }

    internal func checkPrices(above: SpotOrder, below: SpotOrder) throws(SpotRefusal) {
        // An order that follows the price from now on has none to compare.
        func level(_ order: SpotOrder) -> Price? {
            guard order.kind.isConditional else { return order.price }
            return order.stopPrice.isPositive ? order.stopPrice : nil
        }
        let last = floor.markets[above.market].last
        guard level(above).map({ $0 > last }) ?? true, level(below).map({ $0 < last }) ?? true
        else { throw .listPrices }
        for order in [above, below] where order.kind == .limitMaker {
            if let other = floor.markets[order.market].book.best(order.side.opposite),
                order.side == .buy ? other.price <= order.price : other.price >= order.price
            {
                throw .wouldTake
            }
        }
    }

    internal func checkList(
        _ orderIDs: [String?], _ clientListID: String?, _ number: Int
    ) throws(SpotRefusal) {
        let named = orderIDs.compactMap { $0 }
        if Set(named).count < named.count { throw .duplicateClientOrderID }
        if let id = clientListID {
            if !SpotRules.isClientOrderID(id, settings.flavour) { throw .clientOrderID }
            if lists.contains(where: { $0.clientID == id && !$0.isDone }) {
                throw .duplicateClientOrderID
            }
        }
        let open = lists.count { $0.market == number && !$0.isDone }
        if open >= settings.limits.orderLists { throw .filter(.orderLists) }
    }

    // MARK: reading

    /// Where a list is among those kept, by its number.
    internal func index(ofList listID: Int64) -> Int? {
        lists.lastIndex { $0.listID == listID }
    }

    internal func record(of list: SpotOrderList) -> SpotListRecord {
        SpotListRecord(
            list: list, orders: list.orderIDs.compactMap { stakes[list.market].orders[$0] })
    }

    internal func record(listID: Int64) throws(SpotRefusal) -> SpotListRecord {
        guard let index = index(ofList: listID) else { throw .noSuchList }
        return record(of: lists[index])
    }

    /// A list under its number or its client id.
    package func list(
        listID: Int64?, clientID: String?, in symbol: Symbol? = nil
    ) throws(SpotRefusal) -> SpotListRecord {
        let found = lists.last { list in
            (symbol == nil || list.symbol == symbol)
                && (listID.map { $0 == list.listID } ?? (list.clientID == clientID))
        }
        guard let found else { throw .noSuchList }
        return record(of: found)
    }

    /// The list an open order belongs to, as long as its orders depend on each other.
    package func openList(of order: SpotOrder) -> SpotOrderList? {
        guard order.listID >= 0, order.isOpen, let index = index(ofList: order.listID),
            !lists[index].isDone
        else { return nil }
        return lists[index]
    }

    // MARK: ending

    /// Cancels both orders of a list.
    package func cancelList(
        listID: Int64?, clientID: String?, in symbol: Symbol, requestID: String? = nil,
        wall: WallTime
    ) throws(SpotRefusal) -> SpotListRecord {
        _ = try market(symbol)
        guard
            let found = try? list(listID: listID, clientID: clientID, in: symbol).list,
            !found.isDone
        else { throw .unknownList }
        cancel(found, requestID: requestID, wall: wall.milliseconds)
        tellBalances(wall: wall.milliseconds)
        commit()
        return try record(listID: found.listID)
    }

    internal func cancel(_ list: SpotOrderList, requestID: String?, wall: Int64) {
        // Done first: then each is an order like others.
        var done = list
        done.isDone = true
        done.updatedAtMilliseconds = wall
        put(done)
        for order in record(of: list).orders where order.isOpen {
            remove(order, requestID: requestID, wall: wall)
        }
        emit(.list(record(of: done), at: wall))
    }

    /// One order of a list goes ahead: the other expires, and the hold is this one's alone.
    /// - Returns: the order as it is then.
    internal func leave(_ order: SpotOrder, wall: Int64) -> SpotOrder {
        guard var list = openList(of: order), list.isPair else { return order }
        list.isDone = true
        list.updatedAtMilliseconds = wall
        put(list)
        for other in record(of: list).orders where other.orderID != order.orderID && other.isOpen {
            expire(other, wall: wall)
        }
        var order = stakes[order.market].orders[order.orderID] ?? order
        let paying = payingAsset(of: order)
        let more = min(need(of: order) - order.locked, balances[paying].free)
        balances.lock(paying, more)
        order.locked += more
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        emit(.list(record(of: list), at: wall))
        return order
    }

    internal func expire(_ order: SpotOrder, wall: Int64) {
        guard order.isWorking else {
            stakes[order.market].waiting.removeAll { $0 == order.orderID }
            return finish(order, .expired, .expired, .otherOrder, wall: wall)
        }
        var events: [MatchEvent] = []
        let wasResting = floor.cancel(order.bookID, order.market, wall: wall, &events)
        precondition(wasResting, "an open order rests in its book")
        finish(order, .expired, .expired, .otherOrder, wall: wall)
        gatherTold()
    }

    /// Ends a list of which an order has ended by itself, as by self-trade prevention: the other
    /// one goes too.
    internal func endList(of order: SpotOrder, wall: Int64) {
        guard order.listID >= 0, let index = index(ofList: order.listID), !lists[index].isDone,
            lists[index].isPair
        else { return }
        var list = lists[index]
        list.isDone = true
        list.updatedAtMilliseconds = wall
        put(list)
        for other in record(of: list).orders where other.orderID != order.orderID && other.isOpen {
            expire(other, wall: wall)
        }
        emit(.list(record(of: list), at: wall))
    }

    // MARK: keeping

    /// Keeps a list, in place of what was known of it.
    internal func put(_ list: SpotOrderList) {
        if let index = index(ofList: list.listID) {
            lists[index] = list
        } else {
            lists.append(list)
        }
        nextListID = max(nextListID, list.listID + 1)
        noteList(list.listID)
        let kept = settings.limits.keptOrders
        guard lists.count > kept + kept / 5 else { return }
        var excess = lists.count - kept
        lists.removeAll { list in
            guard excess > 0, list.isDone else { return false }
            excess -= 1
            return true
        }
    }
}

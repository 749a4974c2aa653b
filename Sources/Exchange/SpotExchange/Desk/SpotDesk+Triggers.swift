package import Chronology
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// Order lists of which one order brings about the others (OTO, OTOCO).
///
/// The others are on record from the beginning (`PENDING_NEW`), hold nothing, and go to their book when the
/// first is filled to the last; where it ends otherwise they end with it.
extension SpotDesk {
    /// Places a list: its first order now, the others when that is filled.
    package func placeTriggers(
        _ wanted: SpotTriggerRequest, wall: WallTime
    ) throws(SpotRefusal) -> SpotListRecord {
        let now = wall.milliseconds
        var working = try draft(wanted.working, wall: now)
        let number = working.market
        var pending: [SpotOrder] = []
        for one in wanted.pending {
            pending.append(try draft(one, inList: true, isPending: true, wall: now))
        }
        try checkList(
            [wanted.working.clientOrderID] + wanted.pending.map(\.clientOrderID),
            wanted.clientListID, number)
        if working.kind == .limitMaker, wouldTake(working) { throw .wouldTake }
        reason = .placed
        let listID = nextListID
        nextListID += 1
        let first = floor.markets[number].book.nextOrderID
        let list = SpotOrderList(
            listID: listID, market: number, symbol: working.symbol,
            clientID: wanted.clientListID ?? generatedID(), contingency: .oneTriggersOther,
            orderIDs: (0...pending.count).map { first + Int64($0) },
            createdAtMilliseconds: now, updatedAtMilliseconds: now)
        // On record before its orders: the first may be filled at once.
        put(list)
        working.listID = listID
        working.orderID = first
        working.bookID = first
        try send(working, wall: now)
        for (place, var order) in pending.enumerated() {
            order.listID = listID
            order.orderID = first + Int64(place) + 1
            order.bookID = order.orderID
            takePending(order, wall: now)
        }
        emit(.list(record(of: list), at: now))
        if let now = stakes[number].orders[first], !now.isOpen, now.status != .filled {
            listOrderEnded(now, wall: wall.milliseconds)
        }
        let placed = try record(listID: listID)
        triggerWaiting(wall: now)
        tellBalances(wall: now)
        commit()
        return placed
    }

    private func wouldTake(_ order: SpotOrder) -> Bool {
        guard let other = floor.markets[order.market].book.best(order.side.opposite) else {
            return false
        }
        return order.side == .buy ? other.price <= order.price : other.price >= order.price
    }

    /// An order of a list has ended: where it was the first, filled, the others are next.
    internal func listOrderEnded(_ order: SpotOrder, wall: Int64) {
        guard order.listID >= 0, let index = index(ofList: order.listID) else { return }
        let list = lists[index]
        guard !list.isDone, list.contingency == .oneTriggersOther else { return }
        let isFirst = order.orderID == list.orderIDs.first
        if isFirst, order.status == .filled {
            released.append((serving, list.listID))
        } else {
            // Of a pair, the one that goes ahead ends the list itself.
            endTriggers(list, wall: wall)
        }
    }

    /// Ends a list whose first order has ended unfilled, or whose last one is over.
    private func endTriggers(_ list: SpotOrderList, wall: Int64) {
        // As it is being placed its others are not on record yet.
        guard record(of: list).orders.count == list.orderIDs.count else { return }
        var done = list
        done.isDone = true
        done.updatedAtMilliseconds = wall
        put(done)
        for order in record(of: done).orders where order.isOpen { expire(order, wall: wall) }
        emit(.list(record(of: done), at: wall))
    }

    /// The first order of a list is filled: the others go where they belong.
    internal func release(listID: Int64, wall: Int64) {
        guard let index = index(ofList: listID), !lists[index].isDone, !lists[index].isReleased
        else { return }
        lists[index].isReleased = true
        lists[index].updatedAtMilliseconds = wall
        noteList(listID)
        var held = AssetAmount.zero
        for orderID in lists[index].orderIDs.dropFirst() {
            // An order of a pair may have ended the other as it came.
            guard var order = stakes[lists[index].market].orders[orderID], order.isPending,
                !lists[index].isDone
            else { continue }
            order.status = .new
            order.updatedAtMilliseconds = wall
            if order.kind.isConditional {
                held += take(&order, besides: held, wall: wall)
            } else {
                sendLate(order, besides: held, wall: wall)
                held = stakes[order.market].orders[orderID]?.locked ?? .zero
            }
        }
        clock.hasTraded = true
    }

    /// Lets an order that was triggered wait for its price; of a pair both hold together what the dearer
    /// one needs.
    private func take(
        _ order: inout SpotOrder, besides held: AssetAmount, wall: Int64
    ) -> AssetAmount {
        if order.trailingDelta > 0, order.stopPrice.isZero { startTrailing(&order, wall: wall) }
        let asset = payingAsset(of: order)
        let more = max(.zero, need(of: order) - held)
        guard more <= balances[asset].free else {
            finish(order, .expired, .expired, .insufficientBalance, wall: wall)
            return .zero
        }
        balances.lock(asset, more)
        order.locked = more
        stakes[order.market].orders.put(order)
        stakes[order.market].waiting.append(order.orderID)
        noteOrder(order.market, order.orderID)
        report(order, .new, wall: wall)
        return more
    }
}

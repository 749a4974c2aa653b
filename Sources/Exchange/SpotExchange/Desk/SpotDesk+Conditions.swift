internal import ExchangeMarkets
internal import Matching
internal import Trading

extension SpotDesk {
    /// Whether the last price is where an order of this kind waits for it to be.
    internal func isMet(_ kind: SpotOrderKind, _ side: Side, _ stop: Price, _ number: Int) -> Bool {
        let last = floor.markets[number].last
        return kind.waitsForRise(side) ? last >= stop : last <= stop
    }

    /// Sends the orders whose price has come to their books, as long as there are any.
    internal func triggerWaiting(wall: Int64) {
        while clock.hasTraded {
            clock.hasTraded = false
            for number in stakes.indices where !stakes[number].waiting.isEmpty {
                for orderID in stakes[number].waiting {
                    // The other order of its list may have ended it meanwhile.
                    guard let order = stakes[number].orders[orderID], order.isOpen,
                        isMet(order.kind, order.side, order.stopPrice, number)
                    else { continue }
                    stakes[number].waiting.removeAll { $0 == orderID }
                    trigger(order, wall: wall)
                }
            }
        }
    }

    private func trigger(_ waiting: SpotOrder, wall: Int64) {
        var order = leave(waiting, wall: wall)
        order.workingAtMilliseconds = wall
        order.updatedAtMilliseconds = wall
        let asset = payingAsset(of: order)
        let more = need(of: order) - order.locked
        if more > balances[asset].free {
            return finish(order, .expired, .expired, .insufficientBalance, wall: wall)
        }
        balances.lock(asset, more)
        order.locked += more
        order.bookID = floor.markets[order.market].book.nextOrderID
        stakes[order.market].orders.put(order)
        journal.noteOrder(order.market, order.orderID)
        report(order, .new, wall: wall)
        matchEvents.removeAll(keepingCapacity: true)
        switch floor.place(bookTicket(of: order), order.market, wall: wall, &matchEvents) {
        case .refused:
            // The book has not used the id: the next order will have it.
            stakes[order.market].orders.unbind(order.bookID)
            order.bookID = order.orderID
            finish(order, .expired, .expired, .fillOrKill, wall: wall)
        case .accepted: settle(order.market, wall: wall, incoming: order)
        }
    }

    private func bookTicket(of order: SpotOrder) -> OrderTicket {
        OrderTicket(
            owner: SpotDesk.owner, side: order.side, type: order.kind.hasPrice ? .limit : .market,
            timeInForce: order.timeInForce, quantity: order.remaining,
            limit: order.kind.hasPrice ? order.price : nil, selfTrade: order.selfTrade)
    }
}

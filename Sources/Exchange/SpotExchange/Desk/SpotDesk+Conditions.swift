internal import ExchangeMarkets
internal import Matching
internal import Trading

extension SpotDesk {
    /// Whether the last price is where an order of this kind waits for it to be.
    internal func isMet(_ kind: SpotOrderKind, _ side: Side, _ stop: Price, _ number: Int) -> Bool {
        let last = floor.markets[number].last
        return kind.waitsForRise(side) ? last >= stop : last <= stop
    }

    // MARK: trailing

    /// Lets an order follow the price from the last one on.
    internal func startTrailing(_ order: inout SpotOrder, wall: Int64) {
        order.trailingAtMilliseconds = wall
        order.extreme = floor.markets[order.market].last
    }

    /// Shows a trade's price to the orders that follow the price, or may begin to by it.
    internal func follow(_ price: Price, _ number: Int, wall: Int64) {
        for account in accounts.indices where !accounts[account].stakes[number].waiting.isEmpty {
            serve(account) {
                for orderID in stakes[number].waiting {
                    guard var order = stakes[number].orders[orderID], order.trailingDelta > 0,
                        order.follows(price, wall: wall)
                    else { continue }
                    stakes[number].orders.put(order)
                    noteOrder(number, orderID)
                }
            }
        }
    }

    // MARK: triggering

    /// Whether what an order waits for has come.
    private func isDue(_ order: SpotOrder) -> Bool {
        guard order.trailingDelta > 0 else {
            return isMet(order.kind, order.side, order.stopPrice, order.market)
        }
        return order.isTrailed(by: floor.markets[order.market].last)
    }

    /// Sends the orders whose price has come to their books, as long as there are any, and those whose
    /// turn it is because another one of their list is filled.
    internal func triggerWaiting(wall: Int64) {
        while clock.hasTraded || !released.isEmpty {
            while let next = released.first {
                released.removeFirst()
                serve(next.account) { release(listID: next.listID, wall: wall) }
            }
            guard clock.hasTraded else { continue }
            clock.hasTraded = false
            serveAll {
                for number in stakes.indices where !stakes[number].waiting.isEmpty {
                    triggerWaiting(number, wall: wall)
                }
            }
        }
    }

    private func triggerWaiting(_ number: Int, wall: Int64) {
        for orderID in stakes[number].waiting {
            // The other order of its list may have ended it meanwhile.
            guard let order = stakes[number].orders[orderID], order.isOpen, isDue(order) else {
                continue
            }
            stakes[number].waiting.removeAll { $0 == orderID }
            sendLate(leave(order, wall: wall), wall: wall)
        }
    }

    /// Sends an order that has waited to its book, under an id of the book's.
    /// - Parameter held: what the other of its pair holds already.
    internal func sendLate(
        _ waiting: SpotOrder, besides held: AssetAmount = .zero, wall: Int64
    ) {
        var order = waiting
        order.workingAtMilliseconds = wall
        order.updatedAtMilliseconds = wall
        let asset = payingAsset(of: order)
        let more = max(.zero, need(of: order) - order.locked - held)
        if more > balances[asset].free {
            return finish(order, .expired, .expired, .insufficientBalance, wall: wall)
        }
        balances.lock(asset, more)
        order.locked += more
        order.bookID = floor.markets[order.market].book.nextOrderID
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        report(order, .new, wall: wall)
        matchEvents.removeAll(keepingCapacity: true)
        switch floor.place(ticket(of: order), order.market, wall: wall, &matchEvents) {
        case .refused(let refusal):
            // The book has not used the id: the next order will have it.
            stakes[order.market].orders.unbind(order.bookID)
            order.bookID = order.orderID
            let why = refusal == .wouldTake ? SpotExpiry.wouldTake : .fillOrKill
            finish(order, .expired, .expired, why, wall: wall)
        case .accepted: settle(order.market, wall: wall, incoming: order)
        }
    }
}

extension SpotOrder {
    /// How far the price has to come back, as a share.
    private var trail: Ratio { Ratio(units: Int128(trailingDelta) * 100_000_000) }

    /// The price at which an order that follows the price goes to its book.
    internal var trigger: Price {
        extreme.scaled(by: side == .buy ? .one + trail : .one - trail, .nearestEven)
    }

    internal func isTrailed(by last: Price) -> Bool {
        guard trailingAtMilliseconds > 0 else { return false }
        return side == .buy ? last >= trigger : last <= trigger
    }

    /// Takes in a price: the order begins to follow where its stop price is met, and the best price is
    /// remembered; false where nothing changed.
    internal mutating func follows(_ price: Price, wall: Int64) -> Bool {
        if trailingAtMilliseconds == 0 {
            guard kind.waitsForRise(side) ? price >= stopPrice : price <= stopPrice else {
                return false
            }
            trailingAtMilliseconds = wall
            extreme = price
            return true
        }
        guard side == .buy ? price < extreme : price > extreme else { return false }
        extreme = price
        return true
    }
}

package import Bytes
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    /// How far ids jump after a restart: beyond all that was used after the last line on file, which
    /// is at most a second old.
    private static let idJump: Int64 = 10_000

    /// Writes what was noted as one journal line.
    internal func commit() { journal.commit(self) }

    /// The whole state as journal lines; from now on changes are gathered as lines that follow them.
    package func startJournal() -> [UInt8] {
        var bytes: [UInt8] = []
        startJournal { bytes += $0 }
        return bytes
    }

    /// The same in pieces, for a file.
    package func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        journal.isOn = true
        try journal.snapshot(self, sink)
    }

    /// Takes one fact of a journal line back.
    package func replay(_ fact: JSONValue) throws(JSONError) {
        guard let member = fact.members?.first else { throw JSONError(.wrongType, offset: 0) }
        let value = member.value
        switch member.key {
        case "journal":
            guard try value.field("version", \.integer) == JournalFacts.version else {
                throw JSONError(.badValue, offset: 0, field: "version")
            }
        case "wallet":
            wallet = try JournalFacts.decimal(value, "amount")
            walletUpdatedAt = try value.field("at", \.integer)
        case "counters":
            floor.raiseUpdateID(
                to: try value.field("update", \.integer) + FuturesDesk.idJump)
            nextGeneratedID = try value.field("generated", \.integer) + FuturesDesk.idJump
        case "holding":
            stakes[try known(value)].holding = try JournalFacts.holding(value)
        case "market": try replayPrices(value)
        case "order":
            let number = try known(value)
            stakes[number].orders.put(try JournalFacts.order(value))
            stakes[number].orders.prune(kept: settings.limits.keptOrders)
        case "trade":
            let number = try known(value)
            let trade = try JournalFacts.trade(value)
            keep(trade, number)
            floor.restore(number) { market in
                market.restoreBook { $0.raiseCounters(orderID: 0, tradeID: trade.tradeID + 1) }
            }
        case _:
            throw JSONError(.badValue, offset: 0, field: member.key)
        }
    }

    private func replayPrices(_ value: JSONValue) throws(JSONError) {
        let number = try known(value)
        let fair: Price = try JournalFacts.decimal(value, "fair")
        let mark: Price = try JournalFacts.decimal(value, "mark")
        let last: Price = try JournalFacts.decimal(value, "last")
        let orderID = try value.field("order", \.integer)
        let tradeID = try value.field("trade", \.integer)
        floor.restore(number) { market in
            market.restore(fair: fair, mark: mark, last: last)
            market.restoreBook { $0.raiseCounters(orderID: orderID, tradeID: tradeID) }
        }
    }

    private func known(_ value: JSONValue) throws(JSONError) -> Int {
        guard let number = floor.number(of: try JournalFacts.symbol(value)) else {
            throw JSONError(.badValue, offset: 0, field: "symbol")
        }
        return number
    }

    /// Puts open orders back into their books, behind the position they may be bound to.
    package func reopen(after line: Int) throws(JournalProblem) {
        journal.resume(after: Int64(line))
        if line == 0 { return }
        for number in stakes.indices {
            let orders = stakes[number].orders
            let last = orders.all.last?.orderID ?? 0
            let position = stakes[number].holding.quantity
            var unfit: Int64?
            floor.restore(number) { market in
                market.restoreBook { book in
                    book.raiseCounters(
                        orderID: max(book.nextOrderID, last + 1) + FuturesDesk.idJump,
                        tradeID: book.nextTradeID + FuturesDesk.idJump)
                    book.setPosition(position, of: FuturesDesk.owner)
                    for order in orders.open where !FuturesDesk.reopen(order, in: &book) {
                        unfit = unfit ?? order.orderID
                    }
                }
            }
            if let unfit {
                throw JournalProblem(
                    line: line, reason: "open order does not fit its book: \(unfit)")
            }
        }
        floor.touchAll()
    }

    private static func reopen(_ order: FuturesOrder, in book: inout OrderBook) -> Bool {
        order.remaining.isPositive
            && book.restore(
                orderID: order.orderID, owner: FuturesDesk.owner, side: order.side,
                price: order.price, remaining: order.remaining, isReduceOnly: order.isReduceOnly)
    }
}

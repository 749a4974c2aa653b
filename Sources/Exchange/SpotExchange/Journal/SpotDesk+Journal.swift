package import Bytes
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension SpotDesk {
    /// How far ids jump after a restart: beyond all that was used after they were last on file,
    /// which is a second ago, or a minute for the ids of a book, where some 25 orders a second come
    /// and go.
    private static let idJump: Int64 = 10_000

    /// Writes what was noted as one journal line.
    internal func commit() { journal.commit(self) }

    /// The whole state as journal lines; from now on changes are gathered as lines that follow
    /// them.
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
        case "journal": try replayHeader(value)
        case "counters":
            floor.raiseUpdateID(to: try value.field("update", \.integer) + SpotDesk.idJump)
            nextGeneratedID = try value.field("generated", \.integer) + SpotDesk.idJump
            nextExecutionID = try value.field("execution", \.integer) + SpotDesk.idJump
            accounts[0].updatedAt = try value.field("at", \.integer)
            if value["list"] != nil {
                nextListID = max(nextListID, try value.field("list", \.integer))
            }
        case "account": try replayAccount(value)
        case "balance":
            balances.restore(
                try value.field("asset", \.text), free: try SpotFacts.decimal(value, "free"),
                locked: try SpotFacts.decimal(value, "locked"))
        case "instrument":
            let number = try known(value)
            instruments[number].status = InstrumentStatus(try value.field("status", \.text))
            floor.setStatus(number, instruments[number].status)
            instruments[number].step = try SpotFacts.decimal(value, "step")
        case "market": try replayPrices(value)
        case "candles":
            var problem: JSONError?
            floor.restore(try known(value)) { market in
                do throws(JSONError) { try market.takeCandles(value) } catch { problem = error }
            }
            if let problem { throw problem }
        case "order":
            let number = try known(value)
            stakes[number].orders.put(try SpotFacts.order(value, market: number))
            stakes[number].orders.prune(kept: settings.limits.keptOrders)
        case "trade":
            let number = try known(value)
            let trade = try SpotFacts.trade(value, market: number)
            keep(trade, number)
            raiseCounters(number, orderID: 0, tradeID: trade.tradeID + 1)
        case "list": put(try SpotFacts.list(value, market: try known(value)))
        case "prevention": keep(try SpotFacts.prevention(value, market: try known(value)))
        case "amendment": keep(try SpotFacts.amendment(value, market: try known(value)))
        case _:
            throw JSONError(.badValue, offset: 0, field: member.key)
        }
    }

    private func replayHeader(_ value: JSONValue) throws(JSONError) {
        guard (1...SpotFacts.version).contains(try value.field("version", \.integer)) else {
            throw JSONError(.badValue, offset: 0, field: "version")
        }
        guard try value.field("flavour", \.text) == settings.flavour.rawValue else {
            throw JSONError(.badValue, offset: 0, field: "flavour")
        }
        forgetBalances()
    }

    /// What the account has is in the lines that follow, also where it was given less at first.
    private func forgetBalances() {
        if accounts[serving].isReplayed { return }
        accounts[serving].isReplayed = true
        for balance in balances.rows {
            balances.restore(balance.asset, free: .zero, locked: .zero)
        }
    }

    /// The facts that follow are of this account; one that no key reaches any more keeps what it has.
    private func replayAccount(_ value: JSONValue) throws(JSONError) {
        let name = try value.field("name", \.text)
        if account(named: name) == nil {
            accounts.append(SpotAccount(name, settings, accounts[0].balances))
        }
        serving = account(named: name) ?? 0
        forgetBalances()
        updatedAt = try value.field("at", \.integer)
    }

    private func replayPrices(_ value: JSONValue) throws(JSONError) {
        let number = try known(value)
        let memory = try MarketMemory(value)
        floor.restore(number) { $0.restore(memory) }
    }

    private func raiseCounters(_ number: Int, orderID: Int64, tradeID: Int64) {
        floor.restore(number) { market in
            market.restoreBook { $0.raiseCounters(orderID: orderID, tradeID: tradeID) }
        }
    }

    private func known(_ value: JSONValue) throws(JSONError) -> Int {
        guard let number = floor.number(of: try SpotFacts.symbol(value)) else {
            throw JSONError(.badValue, offset: 0, field: "symbol")
        }
        return number
    }

    /// Puts open orders back into their books, or among those that wait for a price.
    package func reopen(after line: Int) throws(JournalProblem) {
        journal.resume(after: Int64(line), of: serving)
        serving = 0
        if line == 0 { return }
        for number in floor.markets.indices { try reopen(number, line) }
        for account in accounts.indices {
            try serve(account) { () throws(JournalProblem) in
                for list in lists where isReleasable(list) {
                    released.append((account, list.listID))
                }
                try checkLocks(line)
            }
        }
        floor.touchAll()
    }

    /// Whether a list's first order is filled and the others have not gone where they belong.
    private func isReleasable(_ list: SpotOrderList) -> Bool {
        guard list.contingency == .oneTriggersOther, !list.isDone, !list.isReleased else {
            return false
        }
        return list.orderIDs.first.flatMap { stakes[list.market].orders[$0] }?.status == .filled
    }

    private func reopen(_ number: Int, _ line: Int) throws(JournalProblem) {
        var last: Int64 = 0
        var queue: [(account: Int, order: SpotOrder)] = []
        for account in accounts.indices {
            let orders = accounts[account].stakes[number].orders
            last = orders.all.reduce(last) { max($0, $1.orderID, $1.bookID) }
            accounts[account].stakes[number].waiting =
                orders.open.filter { !$0.isWorking && !$0.isPending }.map(\.orderID)
            queue += orders.open.filter(\.isWorking).map { (account, $0) }
        }
        // By the book's ids: an order that waited for a price came to rest late.
        queue.sort { $0.order.bookID < $1.order.bookID }
        var unfit: Int64?
        floor.restore(number) { market in
            market.restoreBook { book in
                book.raiseCounters(
                    orderID: max(book.nextOrderID, last + 1) + SpotDesk.idJump,
                    tradeID: book.nextTradeID + SpotDesk.idJump)
                for (account, order) in queue
                where !SpotDesk.reopen(order, SpotDesk.owner(account), in: &book) {
                    unfit = unfit ?? order.orderID
                }
            }
        }
        if let unfit {
            throw JournalProblem(line: line, reason: "open order does not fit its book: \(unfit)")
        }
    }

    /// What is locked is what open orders hold: a journal that says otherwise is not to be trusted.
    private func checkLocks(_ line: Int) throws(JournalProblem) {
        var held: [Int: AssetAmount] = [:]
        for order in stakes.flatMap(\.orders.open) {
            held[payingAsset(of: order), default: .zero] += order.locked
        }
        for (number, balance) in balances.rows.enumerated()
        where balance.locked != held[number] ?? .zero || balance.free.isNegative {
            throw JournalProblem(
                line: line, reason: "balance does not fit the open orders: \(balance.asset)")
        }
    }

    private static func reopen(
        _ order: SpotOrder, _ owner: OwnerID, in book: inout OrderBook
    ) -> Bool {
        order.remaining.isPositive
            && book.restore(
                orderID: order.bookID, owner: owner, side: order.side,
                price: order.price, remaining: order.remaining, isReduceOnly: false,
                executed: order.executed + order.prevented,
                timeInForce: order.kind == .limitMaker ? .postOnly : order.timeInForce,
                display: order.icebergQuantity)
    }
}

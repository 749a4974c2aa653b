package import Bytes
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    /// How far order and trade ids jump after a restart: beyond all that was used after the last line
    /// on file, which is at most ten seconds old for a symbol.
    private static let idJump: Int64 = 10_000
    /// The same for update ids, which all symbols share, and whose last line is at most a second old.
    private static let updateJump: Int64 = 1_000_000

    /// Writes what was noted as one journal line.
    internal func commit() { journal.commit(self) }

    /// Something of the served account, or of a market, is to be on file.
    internal func note(_ note: JournalNote) { journal.note(note, of: serving) }

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
            guard (1...JournalFacts.version).contains(try value.field("version", \.integer)) else {
                throw JSONError(.badValue, offset: 0, field: "version")
            }
        case "account":
            // One that no key reaches any more keeps what it has.
            let name = try value.field("name", \.text)
            if account(named: name) == nil { accounts.append(FuturesAccount(name, settings)) }
            serving = account(named: name) ?? 0
        case "wallet":
            wallet = try JournalFacts.decimal(value, "amount")
            walletUpdatedAt = try value.field("at", \.integer)
        case "counters":
            floor.raiseUpdateID(
                to: try value.field("update", \.integer) + FuturesDesk.updateJump)
            nextGeneratedID = try value.field("generated", \.integer) + FuturesDesk.idJump
        case "insurance":
            // A fund that nobody has drawn on is as large as it is set.
            let at = try value.field("at", \.integer)
            guard at > 0 else { break }
            insurance = InsuranceFund(
                balance: try JournalFacts.decimal(value, "amount"), updatedAtMilliseconds: at)
        case "mode": mode = try JournalFacts.mode(value)
        case "algo":
            let number = try known(value)
            algos.put(try JournalFacts.algo(value), number)
            algos.prune(kept: settings.limits.keptAlgos)
        case "income":
            let income = try JournalFacts.income(value)
            nextIncome = max(nextIncome, income.number + 1)
            incomes.keep(income, settings.limits.keptIncomes)
        case "holding", "market", "listing", "countdown", "order", "trade", "amendment", "margin",
            "funding", "candles", "interest":
            try replayMarket(member.key, value, try known(value))
        case _:
            throw JSONError(.badValue, offset: 0, field: member.key)
        }
    }

    /// Takes back a fact that is of one symbol.
    private func replayMarket(
        _ key: String, _ value: JSONValue, _ number: Int
    ) throws(JSONError) {
        let limits = settings.limits
        switch key {
        case "holding":
            stakes[number].holdings[try JournalFacts.leg(value)] = try JournalFacts.holding(value)
            stakes[number].leverage = try value.field("leverage", \.integer)
            stakes[number].isIsolated = value["isolated"] != nil
        case "market": try replayPrices(value, number)
        case "listing": try replayListing(value, number)
        case "countdown":
            let end = try value.field("end", \.integer)
            setCountdownEnd(number, end == 0 ? nil : end)
        case "order":
            let order = try JournalFacts.order(value)
            nextTurn = max(nextTurn, order.laterTurn?.count ?? 0)
            stakes[number].put(order)
            stakes[number].prune(kept: limits.keptOrders)
        case "trade":
            let trade = try JournalFacts.trade(value)
            stakes[number].trades.keep(trade, limits.keptTrades)
            floor.restore(number) { market in
                market.restoreBook { $0.raiseCounters(orderID: 0, tradeID: trade.tradeID + 1) }
            }
        case "amendment":
            let amendment = try JournalFacts.amendment(value)
            nextAmendment = max(nextAmendment, amendment.number + 1)
            stakes[number].amendments.keep(amendment, limits.keptAmendments)
        case "margin":
            stakes[number].marginChanges.keep(
                try JournalFacts.marginChange(value), limits.keptMarginChanges)
        case "candles":
            var problem: JSONError?
            floor.restore(number) { market in
                do throws(JSONError) { try market.takeCandles(value) } catch { problem = error }
            }
            if let problem { throw problem }
        case "interest":
            for sample in try JournalFacts.interests(value) { keep(sample, number) }
        case "funding":
            fundings[number].keep(try JournalFacts.funding(value), limits.keptFundings)
        case _:
            throw JSONError(.badValue, offset: 0, field: key)
        }
    }

    private func replayPrices(_ value: JSONValue, _ number: Int) throws(JSONError) {
        if value["home"] != nil {
            let memory = try MarketMemory(value)
            return floor.restore(number) { $0.restore(memory) }
        }
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

    private func replayListing(_ value: JSONValue, _ number: Int) throws(JSONError) {
        var listing = markets[number].listing
        listing.instrument.status = InstrumentStatus(try value.field("status", \.text))
        listing.instrument.step = try JournalFacts.decimal(value, "step")
        listing.instrument.minimumQuantity = try JournalFacts.decimal(value, "least")
        listing.instrument.marketMinimumQuantity = try JournalFacts.decimal(value, "marketLeast")
        listing.instrument.tick = try JournalFacts.decimal(value, "tick")
        listing.instrument.minimumNotional = try JournalFacts.decimal(value, "notional")
        floor.replaceListing(number, listing)
    }

    private func known(_ value: JSONValue) throws(JSONError) -> Int {
        guard let number = floor.number(of: try JournalFacts.symbol(value)) else {
            throw JSONError(.badValue, offset: 0, field: "symbol")
        }
        return number
    }

    /// Puts open orders back into their books, behind the positions they may be bound to.
    package func reopen(after line: Int) throws(JournalProblem) {
        journal.resume(after: Int64(line), of: serving)
        serving = 0
        if line == 0 { return }
        for number in markets.indices {
            let held = stakes(of: number)
            let last = held.compactMap { $0.orders.all.last?.orderID }.max() ?? 0
            let queue = held.enumerated().flatMap { account, stake in
                stake.orders.open.map { (account: account, order: $0) }
            }.sorted { $0.order.turn < $1.order.turn }
            var unfit: Int64?
            floor.restore(number) { market in
                market.restoreBook { book in
                    book.raiseCounters(
                        orderID: max(book.nextOrderID, last + 1) + FuturesDesk.idJump,
                        tradeID: book.nextTradeID + FuturesDesk.idJump)
                    for (account, stake) in held.enumerated() {
                        FuturesDesk.restorePositions(stake, FuturesDesk.owner(account), in: &book)
                    }
                    for (account, order) in queue
                    where !FuturesDesk.reopen(order, FuturesDesk.owner(account), in: &book) {
                        unfit = unfit ?? order.orderID
                    }
                }
            }
            if let unfit {
                throw JournalProblem(
                    line: line, reason: "open order does not fit its book: \(unfit)")
            }
            serveAll { refreshActive(number) }
        }
        floor.touchAll()
    }

    private static func restorePositions(
        _ stake: Stake, _ owner: OwnerID, in book: inout OrderBook
    ) {
        for leg in PositionLeg.allCases {
            book.setPosition(stake.holdings[leg].quantity, of: owner, leg: leg)
        }
    }

    internal static func reopen(
        _ order: FuturesOrder, _ owner: OwnerID, in book: inout OrderBook
    ) -> Bool {
        order.remaining.isPositive
            && book.restore(
                orderID: order.orderID, owner: owner, side: order.side,
                price: order.price, remaining: order.remaining, isReduceOnly: order.isReduceOnly,
                leg: order.leg, executed: order.executed, timeInForce: order.timeInForce)
    }
}

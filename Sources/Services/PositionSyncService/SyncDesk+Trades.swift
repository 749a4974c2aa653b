import BusProtocol
import Chronology
import Positions
import Trading

/// How missed trades are found and brought into the books.
extension SyncDesk {
    func search(
        _ symbols: [Symbol], _ books: SyncBooks, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        load(books)
        searchFirst(TradeSearch(books: books, symbols: symbols), now, wall, &out)
        // A dry run sends nothing, not even what an earlier round left waiting.
        if !isDry { perform(ledger.resume(), now, wall, &out) }
    }

    /// Takes over how the books stand.
    func load(_ books: SyncBooks) {
        for (account, balance) in books.balances {
            var positions = books.positions[account] ?? [:]
            // A flat book is not read; it keeps the version it is known by.
            for symbol in watch.symbols where positions[symbol] == nil {
                var flat = ledger.position(account, symbol)
                flat.quantity = .zero
                flat.entryPrice = .zero
                positions[symbol] = flat
            }
            ledger.load(account, balance: balance, positions: positions)
        }
    }

    private func searchFirst(
        _ search: TradeSearch, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard let symbol = search.symbol else {
            searched(search, now, wall, &out)
            return
        }
        step = .searching(search)
        ask(now, &out) {
            .readAnchors($0, symbol, writtenBefore: wall - SyncLimits.searchDepth)
        }
    }

    /// Where the search begins: behind what was settled long ago, or, for a difference that an
    /// earlier search did not explain, with the newest trades and then the first the ledger has, or
    /// where an earlier search had come to.
    func anchorsRead(_ anchors: TradeAnchors, _ now: Instant, _ out: inout [SyncAction]) {
        guard case .searching(var search) = step, let symbol = search.symbol else { return }
        search.anchors = anchors
        search.fromID = isLasting(symbol, now) ? nil : anchors.settled
        search.backFrom = [anchors.first, lookedUpTo[symbol]].compactMap { $0 }.max()
        step = .searching(search)
        ask(now, &out) { .askTrades($0, symbol, fromID: search.fromID) }
    }

    func tradesRead(
        _ fills: [Fill], isFull: Bool, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .searching(var search) = step, let symbol = search.symbol else { return }
        let legs = search.pageReceived(fills, isFull: isFull) {
            wall - WallTime(milliseconds: $0.timeMilliseconds) >= SyncLimits.graceOfTrades
        }
        step = .searching(search)
        if !legs.isEmpty {
            ask(now, &out) { .checkTrades($0, symbol, legs) }
        } else {
            readOn(search, now, wall, &out)
        }
    }

    /// Asks for the next page, or goes on with what was found.
    private func readOn(
        _ search: TradeSearch, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        if let symbol = search.symbol, let next = search.nextPage {
            ask(now, &out) { .askTrades($0, symbol, fromID: next) }
        } else {
            resolveOwners(search, now, wall, &out)
        }
    }

    func tradesChecked(
        _ applied: Set<TradeLeg>, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .searching(var search) = step else { return }
        search.pageChecked(applied: applied)
        step = .searching(search)
        readOn(search, now, wall, &out)
    }

    private func resolveOwners(
        _ search: TradeSearch, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        var search = search
        guard let symbol = search.symbol else { return }
        if let orderID = search.nextOrder() {
            step = .searching(search)
            ask(now, &out) { .askOrder($0, symbol, orderID: orderID) }
        } else {
            applyMissing(search, now, wall, &out)
        }
    }

    func orderRead(
        _ text: String?, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .searching(var search) = step else { return }
        if let id = text.flatMap({ ClientOrderID($0) }) {
            search.clientOrderID = id
            step = .searching(search)
            ask(now, &out) { .readRecord($0, id) }
        } else {
            search.settle(.stranger(TradeOrigin(clientOrderID: text ?? "")))
            resolveOwners(search, now, wall, &out)
        }
    }

    /// The record decides; without one, an id of our form still names the account (S8).
    func recordRead(
        _ record: OrderRecord?, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .searching(var search) = step else { return }
        if let record, record.intent.symbol == search.symbol {
            search.settle(.order(record))
        } else if let id = search.clientOrderID, let parts = ClientOrderID.parts(of: id.text),
            let account = search.books.accountsByCode[parts.account]
        {
            search.settle(.account(account))
        } else {
            // An id of our form that is nobody's: somebody else's program made it.
            search.settle(.stranger(.manual))
        }
        resolveOwners(search, now, wall, &out)
    }

    // MARK: applying

    private func applyMissing(
        _ search: TradeSearch, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        var search = search
        if isDry {
            tellMissing(search)
            search.advance()
            return searchFirst(search, now, wall, &out)
        }
        search.isApplying = true
        step = .searching(search)
        let changes = search.missing.compactMap { change(for: $0, search) }
        let trades = search.missing.compactMap { sharedTrade(for: $0, search) }
        if changes.isEmpty, trades.isEmpty, search.isExhaustive, let symbol = search.symbol {
            searchFoundNothing(symbol)
        }
        var actions: [LedgerMachine.Action] = []
        for change in changes { actions += ledger.submit(change).actions }
        perform(actions, now, wall, &out)
        // Beyond the limit the next round finds them.
        var shares: [SharedTrades.Action] = []
        for trade in trades { shares += shared.submit(trade, ledger).actions }
        perform(shares, now, wall, &out)
        finishSymbolIfDone(now, wall, &out)
    }

    /// What a dry run found and would have brought in.
    private func tellMissing(_ search: TradeSearch) {
        guard let symbol = search.symbol, !search.missing.isEmpty else { return }
        let trades = search.missing.map { fill in
            let what = "trade \(fill.tradeID) \(fill.side.rawValue) \(fill.quantity)"
            switch search.owner(of: fill) {
            case .order(let record): return "\(what) to \(record.intent.account)"
            case .account(let account): return "\(what) to \(account)"
            case .stranger: return "\(what) of nobody's order, split over the books"
            case nil: return what
            }
        }
        findings[symbol, default: ""] += "; missed: " + trades.joined(separator: ", ")
    }

    private func change(for fill: Fill, _ search: TradeSearch) -> LedgerChange? {
        switch search.owner(of: fill) {
        case .order(let record):
            let id = record.intent.clientOrderID
            ledger.load(
                id,
                OrderTotals(
                    executed: record.executed, notional: record.executedNotional,
                    fees: record.fees, feeAsset: record.feeAsset, otherFees: record.otherFees,
                    tradeIDs: record.tradeIDs))
            return .fill(fill, account: record.intent.account, order: id, cause: "sync")
        case .account(let account):
            return .fill(fill, account: account, order: nil, cause: "sync")
        case .stranger, nil: return nil
        }
    }

    /// A trade that is not ours, made since the books are kept.
    private func sharedTrade(for fill: Fill, _ search: TradeSearch) -> SharedTrade? {
        guard case .stranger(let origin)? = search.owner(of: fill), search.isWithinBooks(fill)
        else { return nil }
        return SharedTrade(
            fill: fill, origin: origin, step: search.books.steps[fill.symbol] ?? .zero,
            cause: "sync")
    }

    func sharedReplied(
        _ token: Int64, _ reply: SharedReply, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        perform(shared.replied(token, reply, &ledger), now, wall, &out)
        finishSymbolIfDone(now, wall, &out)
        finishSettling(now, wall, &out)
    }

    func perform(
        _ actions: [SharedTrades.Action], _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        for action in actions {
            switch action {
            case .apply(let command):
                if let fence { out.append(.applyShared(command, fence: fence)) }
            case .booked(let trade, let shares, let sequence):
                sharedBooked(trade, shares, sequence, wall, &out)
            case .settled(let subject, let parts, let sequence):
                settled(subject, parts, sequence, wall, &out)
            case .retryLater: isSharedRetryDue = true
            case .fenced:
                fence = nil
                failed("a newer position-sync has taken over", retryAfter: .zero, now, wall, &out)
                step = .standby
            case .stuck(let what):
                failed("ledger cannot be written: \(what)", retryAfter: .zero, now, wall, &out)
            }
        }
    }

    private func sharedBooked(
        _ trade: SharedTrade, _ shares: [TradeShare], _ sequence: Int64?, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        if case .searching(var search) = step {
            search.appliedAny = true
            step = .searching(search)
        }
        guard sequence != nil else { return }
        tradesApplied += 1
        let split = shares.map { "\($0.account) \($0.quantity)" }.joined(separator: ", ")
        let maker = trade.origin == .exchange ? "the exchange" : "someone else"
        alert(
            "trade_shared",
            "trade \(trade.fill.tradeID) of \(maker) split over the books: \(split)",
            trade.fill.symbol, wall, &out)
    }

    func ledgerReplied(
        _ token: Int64, _ reply: LedgerReply, _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        perform(ledger.replied(token, reply), now, wall, &out)
        finishSymbolIfDone(now, wall, &out)
        finishSettling(now, wall, &out)
    }

    func perform(
        _ actions: [LedgerMachine.Action], _ now: Instant, _ wall: WallTime,
        _ out: inout [SyncAction]
    ) {
        for action in actions {
            switch action {
            case .apply(let command):
                if let fence { out.append(.apply(command, fence: fence)) }
            case .booked(let change, _, let sequence): booked(change, sequence, wall, &out)
            // Closes of orders are order-gateway's.
            case .outdated: continue
            case .retryLater(let account): retries.append(account)
            case .fenced:
                // The lease itself says when it is ours again.
                fence = nil
                failed("a newer position-sync has taken over", retryAfter: .zero, now, wall, &out)
                step = .standby
            case .stuck(_, let what):
                failed("ledger cannot be written: \(what)", retryAfter: .zero, now, wall, &out)
            }
        }
    }

    private func booked(
        _ change: LedgerChange, _ sequence: Int64?, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard let symbol = change.symbol else { return }
        if case .searching(var search) = step {
            search.appliedAny = true
            step = .searching(search)
        }
        guard sequence != nil else { return }
        tradesApplied += 1
        alert(
            "trade_missed",
            "missed trade \(change.identity) applied to \(change.account): \(symbol)",
            symbol, wall, &out)
    }

    private func finishSymbolIfDone(
        _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .searching(var search) = step, search.isApplying, ledger.pendingCount == 0,
            shared.pendingCount == 0
        else { return }
        if let symbol = search.symbol {
            if search.isThrough { gate.searched(symbol, begunAt: roundBegunAt) }
            if search.fromID == nil { lookedUpTo[symbol] = search.lookedUpTo }
        }
        search.advance()
        searchFirst(search, now, wall, &out)
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Bringing each trade of the venue into exactly one book.
extension GatewayDesk {
    mutating func userEventReceived(_ event: VenueEvent, _ turn: inout Turn) {
        switch event {
        case .order(let update): orderUpdated(update, &turn)
        case .fill(let fill): dealReceived(fill, &turn)
        case .streamEnded: turn.act(.openStream)
        case .holdings(let list):
            for holding in list { holdings[holding.asset] = holding }
            if fence != nil { turn.act(.saveHoldings(list, isWhole: false)) }
        case .futures(.tradeLite(let trade)): earlyTrade(trade, &turn)
        // Balances of a margin account are position-sync's to compare.
        case .futures(.account(let update)):
            for position in update.positions where position.positionSide == "BOTH" {
                nets.told(position.symbol, position.quantity, now: turn.now)
            }
        case .futures, .transfer, .control, .other: break
        }
    }

    /// A trade without its fee, ahead of the order's own event: counted now, booked with that (F1).
    private mutating func earlyTrade(_ trade: TradeLite, _ turn: inout Turn) {
        guard let id = ClientOrderID(trade.clientOrderID) else { return }
        unheard.set(id, nil)
        guard let order = orders[id] else { return }
        let action =
            orders[id]?.life.earlyFillReceived(trade: trade.tradeID, trade.lastQuantity)
            ?? .nothing
        proved(id, order, &turn)
        perform(action, id, &turn)
        // Where the full event does not come, the trade is fetched.
        if orders[id]?.life.early[trade.tradeID] != nil, collectAt[trade.symbol] == nil {
            collectAt[trade.symbol] = turn.now + .seconds(2)
        }
    }

    /// A trade told by itself, as MEXC does.
    private mutating func dealReceived(_ fill: Fill, _ turn: inout Turn) {
        guard let id = ClientOrderID(fill.clientOrderID) else { return listedTrade(fill, &turn) }
        unheard.set(id, nil)
        if orders[id] != nil {
            book(fill, id, "stream", &turn)
        } else if isLeading {
            parked[id, default: []].append(fill)
            lookUp(id, &turn)
        }
    }

    private mutating func orderUpdated(_ update: OrderUpdate, _ turn: inout Turn) {
        let order = update.order
        if let id = ClientOrderID(order.clientOrderID) {
            unheard.set(id, nil)
            if orders[id] != nil {
                // The size first: whether a fill is the last one depends on it.
                orders[id]?.life.noted(VenueOrderReport(order))
                if let fill = update.fill { book(fill, id, "stream", &turn) }
                reported(id, order, &turn)
                amendMoved(id, &turn)
            } else if let fill = update.fill, isLeading {
                // C4, S8: not on the desk; its record says whether it is ours.
                parked[id, default: []].append(fill)
                lookUp(id, &turn)
            }
        } else if let fill = update.fill, isLeading {
            bookExternal(fill, &turn)
        }
    }

    /// What is missed while not leading is found by the one who leads, or by our own next recovery.
    private var isLeading: Bool { phase != .idle && phase != .loading }

    /// A trade from a list, which names only the venue's order id.
    mutating func listedTrade(_ fill: Fill, _ turn: inout Turn) {
        let key = VenueOrderKey(symbol: fill.symbol, orderID: fill.orderID)
        if let name = namesByVenueID[key] {
            guard let id = ClientOrderID(name) else { return bookExternal(fill, &turn) }
            if orders[id] != nil {
                book(fill, id, "recovery", &turn)
                return
            }
            parked[id, default: []].append(fill)
            lookUp(id, &turn)
            return
        }
        let isWaiting = unowned[fill.symbol, default: []].contains { $0.leg == fill.leg }
        if !isWaiting { unowned[fill.symbol, default: []].append(fill) }
        releaseUnowned(fill.symbol, &turn)
    }

    /// Trades of an order nobody knows go to the external book, once the symbol's orders are known and
    /// none is left in doubt that they might belong to.
    mutating func releaseUnowned(_ symbol: Symbol?, _ turn: inout Turn) {
        guard let symbol, let waiting = unowned[symbol], !waiting.isEmpty else { return }
        if isLeading, fence != nil { verify(symbol, &turn) }
        unowned[symbol] = nil
        for fill in waiting {
            let key = VenueOrderKey(symbol: symbol, orderID: fill.orderID)
            let isDoubtful = !isKnown(symbol) || orders.ids(of: symbol).contains { id in
                guard let order = orders[id] else { return false }
                return order.life.orderID == 0 && order.life.intent.side == fill.side
                    && !order.awaitsFacts && !order.life.isFinal
            }
            if namesByVenueID[key] != nil {
                listedTrade(fill, &turn)
            } else if isDoubtful {
                unowned[symbol, default: []].append(fill)
            } else {
                bookExternal(fill, &turn)
            }
        }
    }

    // MARK: booking

    /// A trade of an order on the desk goes to its book, once.
    private mutating func book(
        _ fill: Fill, _ id: ClientOrderID, _ cause: String, _ turn: inout Turn
    ) {
        guard let order = orders[id], !order.life.knows(trade: fill.tradeID) else { return }
        guard ledger.hasRoom(for: order.account) else {
            fetchLater(fill.symbol, order.account, &turn)
            return
        }
        let action = orders[id]?.life.fillReceived(trade: fill.tradeID, fill.quantity) ?? .nothing
        proved(id, order, &turn)
        submit(.fill(fill, account: order.account, order: id, cause: cause), &turn)
        perform(action, id, &turn)
    }

    /// A trade proves that an order of unknown outcome lives; how large it is, and whether it is over,
    /// only its record says.
    private mutating func proved(
        _ id: ClientOrderID, _ before: WorkingOrder, _ turn: inout Turn
    ) {
        guard before.life.isUnknown, orders[id]?.life.isFinal == false else { return }
        orders[id]?.mustAsk = true
        query(id, &turn)
        check(id, by: turn.now + .seconds(1))
    }

    /// A trade of no order of ours: what the exchange did itself and what somebody did by hand is split
    /// over the books that hold the position (B4f).
    mutating func bookExternal(_ fill: Fill, _ turn: inout Turn) {
        guard applied[fill.symbol]?.contains(fill.leg) != true else { return }
        let trade = SharedTrade(
            fill: fill, origin: TradeOrigin(clientOrderID: fill.clientOrderID),
            step: instruments[fill.symbol]?.step ?? .zero, cause: "stream")
        let (isTaken, actions) = shared.submit(trade, ledger)
        guard isTaken else { return fetchLater(fill.symbol, .external, &turn) }
        turn.act(
            .alert(
                code: "external_trade", "a trade of no order of ours was split over the books",
                [
                    "symbol": fill.symbol.name, "trade": "\(fill.tradeID)",
                    "order": fill.clientOrderID, "venue_order": "\(fill.orderID)",
                    "side": fill.side.rawValue, "qty": fill.quantity.text,
                    "by": trade.origin == .exchange ? "the exchange" : "hand",
                ]))
        performShared(actions, &turn)
    }

    mutating func performShared(_ actions: [SharedTrades.Action], _ turn: inout Turn) {
        for action in actions {
            switch action {
            case .apply(let command):
                guard let fence else { continue }
                turn.act(.applyShared(command, fence: fence))
            case .booked(let trade, _, _):
                applied[trade.fill.symbol, default: []].insert(trade.fill.leg)
                prune(trade.fill.symbol)
            // Funding, transfers and corrections are position-sync's to make.
            case .settled: continue
            case .retryLater: retrySharedAt = turn.now + .milliseconds(250)
            case .fenced: fenced(&turn)
            case .stuck(let what):
                turn.act(.alert(code: "ledger_stuck", what, ["account": "shared"]))
            }
        }
    }

    /// The account's queue is full: the trade is taken from the venue's list when there is room.
    private mutating func fetchLater(
        _ symbol: Symbol, _ account: AccountID, _ turn: inout Turn
    ) {
        guard collectAt[symbol] == nil else { return }
        collectAt[symbol] = turn.now + .seconds(1)
        turn.act(
            .alert(
                code: "ledger_full", "trades wait at the venue until the ledger has room",
                ["account": account.name, "symbol": symbol.name]))
    }

    mutating func submit(_ change: LedgerChange, _ turn: inout Turn) {
        let (isTaken, actions) = ledger.submit(change)
        if !isTaken {
            turn.act(
                .alert(
                    code: "ledger_full", "a change waits for the next recovery",
                    ["account": change.account.name, "identity": change.identity]))
        }
        perform(actions, &turn)
    }

    mutating func perform(_ actions: [LedgerMachine.Action], _ turn: inout Turn) {
        for action in actions {
            switch action {
            case .apply(let command):
                guard let fence else { continue }
                turn.act(.applyLedger(command, fence: fence))
            case .booked(let change, let totals, let sequence):
                booked(change, totals, sequence, &turn)
            case .outdated(let change, let totals): closeOutdated(change, totals, &turn)
            case .retryLater(let account):
                retryLedgerAt[account] = turn.now + .milliseconds(250)
            case .fenced: fenced(&turn)
            case .stuck(let account, let what):
                turn.act(.alert(code: "ledger_stuck", what, ["account": account.name]))
                retryLedgerAt[account] = turn.now + .seconds(5)
            }
        }
    }

    private mutating func booked(
        _ change: LedgerChange, _ totals: OrderTotals?, _ sequence: Int64?, _ turn: inout Turn
    ) {
        switch change.subject {
        case .fill(let fill, let id):
            applied[fill.symbol, default: []].insert(fill.leg)
            prune(fill.symbol)
            guard let id, orders[id] != nil else { return }
            if let totals { orders[id]?.totals = totals }
            let total = total(totals, of: id, with: fill)
            let action = orders[id]?.life.fillBooked(trade: fill.tradeID, total: total) ?? .nothing
            releaseMargin(id, sequence)
            countFill(id, &turn)
            perform(action, id, &turn)
        case .deposit: depositBooked(change, &turn)
        case .adjustment: closeBooked(change, totals, &turn)
        case .funding, .transfer: break
        }
    }

    private mutating func countFill(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let slot = orders[id]?.burstSlot, burst.filled(slot, now: turn.now) else { return }
        turn.act(
            .alert(
                code: "fill_burst", "a side was filled too often in a minute, and pauses",
                [
                    "account": slot.account.name, "symbol": slot.symbol.name,
                    "side": slot.side.rawValue,
                ]))
    }

    /// What is booked of an order now. Where Redis lost the order's record and kept its trade, the
    /// totals do not count the trade, and it is added.
    private func total(
        _ totals: OrderTotals?, of id: ClientOrderID, with fill: Fill
    ) -> Quantity {
        guard let life = orders[id]?.life else { return .zero }
        guard let totals else { return life.executedByTrades }
        let isMissing =
            !totals.tradeIDs.contains(fill.tradeID) && life.unbooked[fill.tradeID] != nil
        return isMissing ? max(totals.executed, life.booked + fill.quantity) : totals.executed
    }

    private mutating func prune(_ symbol: Symbol) {
        guard let trades = applied[symbol], trades.count > 20_000 else { return }
        applied[symbol] = Set(trades.sorted().suffix(10_000))
    }

    /// Of a final order the margin is kept until the risk snapshot counts what it became.
    private mutating func releaseMargin(_ id: ClientOrderID, _ sequence: Int64?) {
        guard let order = orders[id], order.life.isFinal, order.reserved.isPositive else { return }
        if let sequence { lingering[order.account, default: []].append((sequence, order.reserved)) }
        orders[id]?.reserved = .zero
    }

    // MARK: orders that are not on the desk

    mutating func lookUp(_ id: ClientOrderID, _ turn: inout Turn) {
        if lookups[id] != nil { return }
        lookups[id] = []
        turn.act(.readOrder(id))
    }

    mutating func orderRead(_ id: ClientOrderID, _ reading: OrderReading, _ turn: inout Turn) {
        guard let commands = lookups.removeValue(forKey: id) else { return }
        let fills = parked.removeValue(forKey: id) ?? []
        let stray = strays.removeValue(forKey: id)
        switch reading {
        case .found(let record):
            let name = OrderStateName(rawValue: record.status)
            if orders[id] == nil, !fills.isEmpty || name?.isFinal != true {
                orders[id] = WorkingOrder(restoring: record, now: turn.now)
                watchTerms(of: id, turn)
                ledger.load(id, OrderTotals(record))
                if name?.isFinal != true { query(id, &turn) }
            } else {
                recordRead(id, record, &turn)
            }
            for fill in fills { book(fill, id, "stream", &turn) }
            // Trades that were booked before bring no order back.
            if orders[id]?.life.isFinal == true { foundAgain(id, &turn) }
            releaseUnowned(stray?.symbol, &turn)
            for command in commands { orderFound(command, id, record, &turn) }
        case .missing:
            recordMissing(id, stray, fills, &turn)
            for command in commands {
                answer(command, refusing: .orderNotFound, id.text, &turn)
            }
            releaseUnowned(stray?.symbol, &turn)
        case .failed:
            // What the venue has of it is listed again.
            if let stray { doubt(stray.symbol, turn.now + .seconds(1)) }
            // The trades come again with the reconciliation that follows an outage.
            if !fills.isEmpty { parked[id] = fills }
            if !fills.isEmpty, let symbol = fills.first?.symbol {
                collectAt[symbol] = turn.now + .seconds(1)
            }
            for command in commands {
                answer(command, refusing: .redisDown, "look-up failed", &turn)
            }
        }
    }
}

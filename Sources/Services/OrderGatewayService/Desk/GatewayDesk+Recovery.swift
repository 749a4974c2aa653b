import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Taking the venue over: at the start, after an outage of Redis, and after one of the user stream.
///
/// lease → load → user stream → open orders → doubtful orders → trades → ready.
extension GatewayDesk {
    mutating func leaseGained(_ number: Int64, _ turn: inout Turn) {
        fence = number
        // Another may have led until now: what is in memory says nothing before Redis is read.
        memoryIsOurs = false
        leaseLostAt = nil
        dropUnsaved(&turn)
        startLoading(&turn)
    }

    /// Orders that are on no record yet are not sent under another lease: whoever led meanwhile has found
    /// that they never left, and an algorithm has gone on without them (S4).
    private mutating func dropUnsaved(_ turn: inout Turn) {
        for id in orders.keys.sorted()
        where orders.read(id, { $0.awaitsFacts || $0.awaitsVerdict }) == true {
            drop(id, .leaseLost, "the lease was lost before it was saved: ask again", &turn)
        }
    }

    mutating func leaseLost(_ turn: inout Turn) {
        fence = nil
        if memoryIsOurs { leaseLostAt = turn.now }
        stopWriting(&turn)
    }

    mutating func leaseTaken(_ turn: inout Turn) {
        memoryIsOurs = false
        leaseLostAt = nil
        leaseLost(&turn)
    }

    mutating func redisLost(_ turn: inout Turn) {
        isRedisUp = false
        leftAlone(turn)
        stopWriting(&turn)
        storageLost(&turn)
    }

    mutating func redisReturned(_ turn: inout Turn) {
        isRedisUp = true
        if fence != nil { startLoading(&turn) }
    }

    /// From here on nothing is written; what was in flight is repeated after the next load.
    private mutating func stopWriting(_ turn: inout Turn) {
        phase = .idle
        generation += 1
        tradesAskedAt = [:]
        retryAt = nil
        ledger.suspend()
        withheld += shared.withdraw()
        retrySharedAt = nil
        retryLedgerAt = [:]
        for id in orders.keys {
            if orders[id]?.saving != nil { orders[id]?.needsSave = true }
            orders[id]?.saving = nil
        }
        let code: RefusalCode = isRedisUp ? .leaseLost : .redisDown
        for request in pendingCommands.keys.sorted() {
            guard let command = pendingCommands.removeValue(forKey: request) else { continue }
            answer(command, refusing: code, "not confirmed by redis", &turn)
        }
    }

    /// A newer writer was met.
    mutating func fenced(_ turn: inout Turn) {
        guard fence != nil else { return }
        fence = nil
        memoryIsOurs = false
        leaseLostAt = nil
        stopWriting(&turn)
        turn.act(.surrenderLease("a newer fence was met"))
    }

    private mutating func startLoading(_ turn: inout Turn) {
        isRedisUp = true
        stopWriting(&turn)
        phase = .loading
        retryAt = turn.now + .seconds(10)
        turn.act(.load(generation: generation, known: orders.keys.sorted()))
    }

    mutating func loadFailed(_ number: Int64, _ reason: String, _ turn: inout Turn) {
        guard number == generation, phase == .loading else { return }
        turn.act(.alert(code: "gateway_load", "state could not be loaded", ["reason": reason]))
        retryAt = turn.now + .milliseconds(500)
    }

    mutating func loaded(_ number: Int64, _ snapshot: GatewaySnapshot, _ turn: inout Turn) {
        guard number == generation, phase == .loading else { return }
        retryAt = nil
        accounts = [:]
        for account in snapshot.accounts { accounts[account.id] = account }
        venueState = snapshot.venueState
        accountStates = snapshot.accountStates
        memoryIsOurs = true
        leaseLostAt = nil
        for found in snapshot.instruments { adopt(found, readAt: snapshot.readAt, turn) }
        applied = snapshot.appliedTrades.mapValues { Set($0) }
        startDoubting(newest: snapshot.newestMilliseconds, wall: turn.wall)
        readIDs(&turn)
        for account in Set(snapshot.balances.keys).union(snapshot.positions.keys).sorted() {
            ledger.load(
                account, balance: snapshot.balances[account] ?? BookBalance(),
                positions: snapshot.positions[account] ?? [:])
        }
        phase = .openingStream
        adoptOrders(snapshot, &turn)
        watchTerms(&turn)
        keepUnsavedStates(&turn)
        loadAlgos(snapshot, &turn)
        for id in orders.keys.sorted() { saveIfNeeded(id, &turn) }
        // Another gateway may have placed the orders of these meanwhile: nothing is known of them yet.
        let strangers = ledger.withdrawUnowned(.external) + withheld
        withheld = []
        ledger.withdrawCloses { orders[$0]?.hold?.booking != nil }
        perform(ledger.resume(), &turn)
        for fill in strangers { listedTrade(fill, &turn) }
        if isStreamOpen { startListing(&turn) } else { turn.act(.openStream) }
    }

    /// Joins what Redis holds of orders with what is in memory.
    private mutating func adoptOrders(_ snapshot: GatewaySnapshot, _ turn: inout Turn) {
        let known = orders.keys.sorted()
        var open: Set<ClientOrderID> = []
        for record in snapshot.openOrders {
            let id = record.intent.clientOrderID
            open.insert(id)
            if orders[id] == nil {
                orders[id] = WorkingOrder(restoring: record, now: turn.now)
                // Done before its last save: that save is made now.
                let isDone = orders[id]?.life.isDone ?? false
                orders[id]?.needsSave = isDone
            } else {
                reload(id, OrderTotals(record))
            }
            if record.venueOrderID != 0 { remember(id) }
            ledger.load(id, OrderTotals(record))
        }
        var closed: [ClientOrderID: OrderRecord] = [:]
        for record in snapshot.closedOrders { closed[record.intent.clientOrderID] = record }
        for id in known where !open.contains(id) {
            if orders[id]?.awaitsFacts == true || orders[id]?.life.name == .intent { continue }
            if let record = closed[id], OrderStateName(rawValue: record.status)?.isFinal == true {
                seenThrough(id, record, &turn)
            } else if let record = closed[id] {
                reload(id, OrderTotals(record))
                orders[id]?.needsSave = true
            } else {
                // Redis has lost it: what was booked went with it.
                reload(id, OrderTotals())
                ledger.load(id, OrderTotals())
                orders[id]?.needsSave = true
                orders[id]?.isLost = true
            }
        }
        for record in snapshot.openOrders + snapshot.closedOrders {
            strike(record.intent.clientOrderID.text, &turn)
        }
    }

    /// Redis has it as done: our last save arrived, or another holder of the lease made one.
    private mutating func seenThrough(
        _ id: ClientOrderID, _ record: OrderRecord, _ turn: inout Turn
    ) {
        let waiters = orders[id]?.waiters ?? []
        for waiter in waiters { reply(waiter, record, &turn) }
        abandonAmends(id, &turn)
        ledger.forget(id)
        orders[id] = nil
        ahead.use(id, now: turn.now)
        ahead.kept(id)
    }

    mutating func reload(_ id: ClientOrderID, _ totals: OrderTotals) {
        orders[id]?.totals = totals
        orders[id]?.life.reloaded(booked: totals.executed, trades: totals.tradeIDs)
    }

    // MARK: the user stream

    mutating func streamOpened(_ turn: inout Turn) {
        isStreamOpen = true
        streamChangedAt = turn.now
        nets.forget()
        switch phase {
        case .idle, .loading: break
        case .openingStream, .listing, .asking, .collecting, .ready: startListing(&turn)
        }
    }

    mutating func streamClosed(_ turn: inout Turn) {
        isStreamOpen = false
        streamChangedAt = turn.now
        nets.forget()
        switch phase {
        case .idle, .loading, .openingStream: break
        case .listing, .asking, .collecting, .ready: phase = .openingStream
        }
    }

    // MARK: reconciling

    private mutating func startListing(_ turn: inout Turn) {
        generation += 1
        tradesAskedAt = [:]
        phase = .listing
        unheard = DueTimes()
        retryAt = turn.now + .seconds(10)
        turn.act(.queryOpenOrders(generation: generation))
        if !settings.capabilities.isMargined { turn.act(.queryHoldings(generation: generation)) }
    }

    mutating func openOrdersAnswered(
        _ number: Int64, _ list: [VenueOrder]?, _ turn: inout Turn
    ) {
        guard number == generation, phase == .listing else { return }
        guard let list else {
            retryAt = turn.now + .seconds(1)
            return
        }
        retryAt = nil
        var listed: Set<ClientOrderID> = []
        for order in list {
            namesByVenueID[VenueOrderKey(symbol: order.symbol, orderID: order.orderID)] =
                order.clientOrderID
            guard let id = ClientOrderID(order.clientOrderID) else { continue }
            guard orders[id] != nil else {
                // S8: spelt like one of ours, and not on our list: look at the record.
                strays[id] = order
                lookUp(id, &turn)
                continue
            }
            listed.insert(id)
            reported(id, order, &turn)
            // It rests still: the cancel of an earlier process did not arrive.
            recancel(id, &turn)
        }
        var asked: Set<ClientOrderID> = []
        for id in orders.keys.sorted() where !listed.contains(id) {
            guard let order = orders[id], !order.awaitsFacts, order.life.name != .intent else {
                continue
            }
            asked.insert(id)
            query(id, &turn)
        }
        phase = .asking(asked)
        if asked.isEmpty { startCollecting(&turn) }
    }

    /// An order's question was answered, well or badly: one less to wait for.
    mutating func settleAsking(_ id: ClientOrderID, _ turn: inout Turn) {
        guard case .asking(var asked) = phase, asked.remove(id) != nil else { return }
        phase = .asking(asked)
        if asked.isEmpty { startCollecting(&turn) }
    }

    private mutating func startCollecting(_ turn: inout Turn) {
        var symbols = Set(ledger.openSymbols)
        for order in orders.values { symbols.insert(order.symbol) }
        for fills in parked.values { for fill in fills { symbols.insert(fill.symbol) } }
        for (symbol, fills) in unowned where !fills.isEmpty { symbols.insert(symbol) }
        for symbol in applied.keys { symbols.insert(symbol) }
        phase = .collecting(symbols)
        for symbol in symbols.sorted() {
            collect(symbol, &turn)
            verify(symbol, &turn)
        }
    }

    /// Fetches the trades of a symbol since the oldest that is remembered as applied.
    mutating func collect(_ symbol: Symbol, _ turn: inout Turn) {
        collectAt[symbol] = isCollecting(symbol) ? turn.now + .seconds(10) : nil
        if tradesAskedAt[symbol] == nil { tradesAskedAt[symbol] = turn.now }
        // Of few trades remembered, the oldest need not be the first there was.
        let newest = applied[symbol, default: []].sorted().suffix(500)
        let first = newest.count == 500 ? newest.first?.tradeID : nil
        turn.act(.queryTrades(symbol, fromID: first, generation: generation))
    }

    mutating func tradesAnswered(
        _ symbol: Symbol, _ number: Int64, _ fills: [Fill]?, _ turn: inout Turn
    ) {
        guard number == generation else { return }
        let askedAt = tradesAskedAt.removeValue(forKey: symbol)
        guard let fills else {
            if isCollecting(symbol) || hasMissingFills(symbol) {
                collectAt[symbol] = turn.now + .seconds(1)
            }
            return
        }
        collectAt[symbol] = nil
        let known = applied[symbol, default: []]
        // Trades older than any order or trade of ours belong to the account's time before us.
        var horizon = oldestIntent(symbol)
        for fill in fills where known.contains(fill.leg) {
            horizon = min(horizon, fill.timeMilliseconds)
        }
        for fill in fills where !known.contains(fill.leg) || lacks(fill) {
            guard fill.timeMilliseconds >= horizon else { continue }
            listedTrade(fill, &turn)
        }
        if let askedAt { nets.tradesRead(symbol, askedAt: askedAt) }
        if case .collecting(var symbols) = phase {
            symbols.remove(symbol)
            phase = .collecting(symbols)
        }
        if hasMissingFills(symbol) { collectAt[symbol] = turn.now + .seconds(2) }
    }

    /// Whether an order that is over misses a trade which the ledger has: position-sync booked it while the
    /// order was on no record. The ledger says so again.
    private func lacks(_ fill: Fill) -> Bool {
        let key = VenueOrderKey(symbol: fill.symbol, orderID: fill.orderID)
        guard let id = namesByVenueID[key].flatMap({ ClientOrderID($0) }) else { return false }
        return orders.read(id) {
            $0.life.isFinal && $0.life.reported > $0.life.executedByTrades
                && !$0.life.knows(trade: fill.tradeID)
        } ?? false
    }

    private func isCollecting(_ symbol: Symbol) -> Bool {
        if case .collecting(let symbols) = phase { return symbols.contains(symbol) }
        return false
    }

    private func hasMissingFills(_ symbol: Symbol) -> Bool {
        orders.values.contains {
            $0.symbol == symbol && $0.life.isFinal && $0.life.reported > $0.life.executedByTrades
        }
    }

    /// A minute before the oldest working order of a symbol was asked for.
    private func oldestIntent(_ symbol: Symbol) -> Int64 {
        var oldest = Int64.max
        for order in orders.values where order.symbol == symbol {
            oldest = min(oldest, order.intentMilliseconds)
        }
        return oldest == Int64.max ? oldest : oldest - 60_000
    }

    /// Ready when all trades are collected and in the ledger.
    mutating func advance(_ turn: inout Turn) {
        guard case .collecting(let symbols) = phase, symbols.isEmpty, ledger.pendingCount == 0,
            shared.pendingCount == 0
        else { return }
        phase = .ready
        askPositions(&turn)
    }

    /// Repeats the step of taking over that failed.
    mutating func retryStep(_ turn: inout Turn) {
        switch phase {
        case .loading:
            retryAt = turn.now + .seconds(10)
            turn.act(.load(generation: generation, known: orders.keys.sorted()))
        case .listing:
            retryAt = turn.now + .seconds(10)
            turn.act(.queryOpenOrders(generation: generation))
        case .idle, .openingStream, .asking, .collecting, .ready: break
        }
    }
}

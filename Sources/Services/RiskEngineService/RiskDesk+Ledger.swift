import BusProtocol
import Chronology
import Margin
import Trading

/// How the mirror comes to be whole and stays so.
extension RiskDesk {
    func away() {
        phase = .away
        catchUp = nil
        isCatchUpWanted = false
        // Redis may come back without what it had.
        for account in accounts.keys { accounts[account]?.wholeAt = .distantPast }
    }

    func beginLoad(_ now: Instant, _ out: inout [RiskAction]) {
        requestNumber += 1
        phase = .loading(requestNumber, since: now)
        catchUp = nil
        isCatchUpWanted = false
        out.append(.load(requestNumber))
    }

    func loadFailed(_ number: UInt64, _ now: Instant) {
        guard case .loading(number, _) = phase else { return }
        phase = .retrying(at: now + RiskLimits.loadRetry)
    }

    /// Takes over what was read. What happened since its journal number is in the journal, and is
    /// read before anything is evaluated.
    func loaded(
        _ number: UInt64, _ load: RiskLoad, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard case .loading(number, _) = phase else { return }
        let watched = Set(symbols.keys.filter { symbols[$0]?.holders.isEmpty == false })
        for symbol in symbols.keys.sorted() {
            for holder in symbols[symbol]?.holders ?? [] {
                symbols[symbol]?.removeHolder(holder)
            }
        }
        let known = accounts
        accounts = [:]
        for account in load.accounts {
            var mirror = AccountMirror(account)
            restore(&mirror, known[account.id], account.tierRecord)
            accounts[account.id] = mirror
            if let problem = account.problem {
                alert(
                    "account_unreadable", problem, ["account": account.id.name], wall, &out)
            }
        }
        for symbol in load.brackets.keys.sorted() {
            symbols[symbol, default: SymbolMirror()].brackets = load.brackets[symbol]
        }
        for symbol in load.instruments.keys.sorted() {
            symbols[symbol, default: SymbolMirror()].instrument = load.instruments[symbol]
        }
        for symbol in load.prices.keys.sorted() {
            guard let price = load.prices[symbol] else { continue }
            take(price, of: symbol, now, wall)
        }
        for account in accounts.keys.sorted() {
            for symbol in accounts[account]?.heldSymbols ?? [] {
                symbols[symbol, default: SymbolMirror()].addHolder(account)
            }
        }
        isTakingOver = false
        rewatch(watched, now, &out)
        rebuildGrid()
        ledgerSequence = load.sequence
        accountCount = load.accountCount
        loadedAt = now
        phase = .following(isLive: false)
        wantCatchUp(now, &out)
    }

    /// Subscribes what is held now and drops what no longer is.
    private func rewatch(_ watched: Set<Symbol>, _ now: Instant, _ out: inout [RiskAction]) {
        for symbol in symbols.keys.sorted() {
            let isHeld = symbols[symbol]?.holders.isEmpty == false
            if isHeld, !watched.contains(symbol) {
                symbols[symbol]?.bracketsAskedAt = now
                out.append(.watch(symbol))
            } else if !isHeld {
                symbols[symbol] = nil
                if watched.contains(symbol) { out.append(.unwatch(symbol)) }
            }
        }
    }

    /// Asks for the journal after the last number; while one answer is awaited, asks again after it.
    func wantCatchUp(_ now: Instant, _ out: inout [RiskAction]) {
        guard case .following = phase else { return }
        guard catchUp == nil else {
            isCatchUpWanted = true
            return
        }
        isCatchUpWanted = false
        requestNumber += 1
        catchUp = (requestNumber, now)
        out.append(.catchUp(requestNumber, after: ledgerSequence))
    }

    func caughtUp(
        _ number: UInt64, _ entries: [LedgerEntry], isWhole: Bool, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard catchUp?.number == number, case .following(let wasLive) = phase else { return }
        catchUp = nil
        var changed: Set<AccountID> = []
        for entry in entries where entry.sequence > ledgerSequence {
            // The journal is bounded: what it no longer holds can only be loaded whole.
            guard entry.sequence == ledgerSequence + 1 else {
                beginLoad(now, &out)
                return
            }
            apply(entry, now, &out)
            changed.insert(entry.account)
        }
        if !isWhole || isCatchUpWanted {
            wantCatchUp(now, &out)
            if !isWhole { return }
        }
        phase = .following(isLive: true)
        let due = wasLive ? changed.sorted() : accounts.keys.sorted()
        for account in due { evaluate(account, now, wall, &out) }
    }

    /// The journal could not be read: an entry of it, and the books themselves are read instead, or
    /// Redis, and it is asked again at the next wake.
    func catchUpFailed(
        _ number: UInt64, _ reason: String, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard catchUp?.number == number else { return }
        catchUp = nil
        alert("ledger_unreadable", reason, [:], wall, &out)
        beginLoad(now, &out)
    }

    func ledgerReceived(
        _ entry: LedgerEntry, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard case .following(let isLive) = phase, entry.sequence > ledgerSequence else { return }
        guard isLive, catchUp == nil, entry.sequence == ledgerSequence + 1 else {
            wantCatchUp(now, &out)
            return
        }
        apply(entry, now, &out)
        evaluate(entry.account, now, wall, &out)
    }

    /// The journal number at its source: ahead of ours, messages were lost; behind, Redis lost data.
    func sequenceRead(
        _ ledger: Int64, _ count: Int, _ now: Instant, _ out: inout [RiskAction]
    ) {
        guard case .following = phase else { return }
        if ledger < sequenceWhenPolled || count != accountCount {
            beginLoad(now, &out)
        } else if ledger > ledgerSequence {
            wantCatchUp(now, &out)
        }
    }

    private func apply(_ entry: LedgerEntry, _ now: Instant, _ out: inout [RiskAction]) {
        ledgerSequence = entry.sequence
        let wasHeld = entry.symbol.map { accounts[entry.account]?.holds($0) ?? false } ?? false
        accounts[entry.account, default: AccountMirror()].apply(entry)
        defer { gridApplied(entry) }
        guard let symbol = entry.symbol else { return }
        let isHeld = accounts[entry.account]?.holds(symbol) == true
        if isHeld == wasHeld { return }
        let wasWatched = symbols[symbol]?.holders.isEmpty == false
        if isHeld {
            symbols[symbol, default: SymbolMirror()].addHolder(entry.account)
            if !wasWatched {
                symbols[symbol]?.bracketsAskedAt = now
                out.append(.watch(symbol))
            }
        } else if wasWatched {
            symbols[symbol]?.removeHolder(entry.account)
            if symbols[symbol]?.holders.isEmpty == true {
                symbols[symbol] = nil
                out.append(.unwatch(symbol))
            }
        }
    }

    private func gridApplied(_ entry: LedgerEntry) {
        guard let mirror = accounts[entry.account] else { return }
        let number = index.number(of: entry.account)
        index.grid.update(number) { $0.wallet = mirror.wallet }
        if let symbol = entry.symbol { index.take(entry.account, symbol, mirror) }
    }

    func symbolRead(
        _ symbol: Symbol, _ brackets: MaintenanceBrackets?, _ price: PriceRecord?,
        _ instrument: Instrument?, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let known = symbols[symbol] else { return }
        if let instrument { symbols[symbol]?.instrument = instrument }
        if let brackets { symbols[symbol]?.brackets = brackets }
        if let price { take(price, of: symbol, now, wall) }
        gridSymbolChanged(symbol)
        // A position just opened was valued without them a moment ago.
        let isNews = known.mark.isZero || (known.brackets == nil && brackets != nil)
        if isNews { for account in known.holders { evaluate(account, now, wall, &out) } }
    }

    /// A price came from where the ticks did not: it counts like a tick.
    func priceFound(
        _ symbol: Symbol, _ mark: Price, _ age: Interval, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard let known = symbols[symbol], known.isStale(now: now) else { return }
        symbols[symbol]?.markReceived(
            mark, timeMilliseconds: (wall - age).milliseconds, now: now, wall: wall)
        gridSymbolChanged(symbol)
        for account in known.holders { evaluate(account, now, wall, &out) }
    }

    private func take(_ price: PriceRecord, of symbol: Symbol, _ now: Instant, _ wall: WallTime) {
        symbols[symbol, default: SymbolMirror()].markReceived(
            price.mark, timeMilliseconds: price.markMilliseconds, now: now, wall: wall)
    }
}

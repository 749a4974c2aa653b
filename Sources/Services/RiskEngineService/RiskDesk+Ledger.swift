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
        held.removeAll()
        // Redis may come back without what it had.
        nothingIsWhole()
    }

    func beginLoad(_ now: Instant, _ out: inout [RiskAction]) {
        requestNumber += 1
        phase = .loading(requestNumber, since: now)
        catchUp = nil
        isCatchUpWanted = false
        held.removeAll()
        out.append(.load(requestNumber))
    }

    /// Whether the load of that number is under way.
    package func isLoading(_ number: UInt64) -> Bool {
        if case .loading(number, _) = phase { true } else { false }
    }

    func loadFailed(_ number: UInt64, _ now: Instant) {
        guard case .loading(number, _) = phase else { return }
        phase = .retrying(at: now + RiskLimits.loadRetry)
    }

    /// Takes over a page of accounts, in place: while a load is under way nothing is evaluated, and
    /// who reads meanwhile is shown what was written before.
    func pageLoaded(
        _ number: UInt64, _ page: [RiskLoad.Account], _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard case .loading(number, _) = phase else { return }
        phase = .loading(number, since: now)
        for account in page {
            restore(account)
            _ = mirror.take(account, number: number)
            guard let problem = account.problem else { continue }
            alert("account_unreadable", problem, ["account": account.id.name], wall, &out)
        }
    }

    /// All accounts were read. What happened since the journal number read before them is in the
    /// journal, and is read before anything is evaluated.
    func loaded(
        _ number: UInt64, _ load: RiskLoad, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard case .loading(number, _) = phase else { return }
        pageLoaded(number, load.accounts, now, wall, &out)
        problemCount = 0
        for place in mirror.accounts.indices where mirror.accounts[place].isKnown {
            if mirror.accounts[place].loadNumber != number { mirror.forget(place) }
            if mirror.accounts[place].problem != nil { problemCount += 1 }
        }
        for symbol in load.brackets.keys.sorted() {
            mirror.symbols[mirror.taken(symbol)].brackets = load.brackets[symbol]
        }
        for symbol in load.instruments.keys.sorted() {
            mirror.symbols[mirror.taken(symbol)].instrument = load.instruments[symbol]
        }
        for symbol in load.prices.keys.sorted() {
            guard let price = load.prices[symbol] else { continue }
            take(price, of: mirror.taken(symbol), now, wall)
        }
        isTakingOver = false
        rewatch(now, &out)
        for contract in mirror.symbols.indices where mirror.symbols[contract].holderCount > 0 {
            gridSymbolChanged(contract)
        }
        ledgerSequence = load.sequence
        accountCount = load.accountCount
        journalAccounts = 0
        oddCount = nil
        loadedAt = now
        phase = .following(isLive: false)
        wantCatchUp(now, &out)
    }

    /// Subscribes what is held now and drops what no longer is.
    private func rewatch(_ now: Instant, _ out: inout [RiskAction]) {
        for contract in mirror.sortedContracts { watchChanged(contract, now, &out) }
    }

    /// Watches a symbol that is held, and no other.
    private func watchChanged(_ contract: Int, _ now: Instant, _ out: inout [RiskAction]) {
        let isHeld = mirror.symbols[contract].holderCount > 0
        let wasWatched = mirror.symbols[contract].isWatched
        if isHeld, !wasWatched {
            mirror.symbols[contract].isWatched = true
            mirror.symbols[contract].bracketsAskedAt = now
            out.append(.watch(mirror.symbols[contract].symbol))
        } else if !isHeld {
            mirror.drop(contract)
            if wasWatched { out.append(.unwatch(mirror.symbols[contract].symbol)) }
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
        var changed: Set<Int> = []
        for entry in entries where entry.sequence > ledgerSequence {
            // The journal is bounded: what it no longer holds can only be loaded whole.
            guard entry.sequence == ledgerSequence + 1 else {
                beginLoad(now, &out)
                return
            }
            changed.insert(apply(entry, now, &out))
        }
        if isWhole { changed.formUnion(applyHeld(now, &out)) }
        if !isWhole || isCatchUpWanted {
            wantCatchUp(now, &out)
            if !isWhole { return }
        }
        phase = .following(isLive: true)
        for account in changed { mirror.accounts[account].isChanged = true }
        if !wasLive {
            for account in mirror.accounts.indices where mirror.accounts[account].isKnown {
                mirror.accounts[account].isChanged = true
            }
            nextLook = 0
        }
        if !wasLive || !changed.isEmpty { lookAtAll(now, wall, &out) }
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
        if isLive, catchUp == nil, entry.sequence == ledgerSequence + 1 {
            return evaluate(apply(entry, now, &out), now, wall, &out)
        }
        hold(entry)
        if catchUp == nil { wantCatchUp(now, &out) }
    }

    /// Keeps what comes while the journal is read, so that it need not be read again for it.
    private func hold(_ entry: LedgerEntry) {
        if held.count >= RiskLimits.heldEntries {
            held.removeAll()
            isCatchUpWanted = true
        }
        held.append(entry)
    }

    /// Applies what follows the journal as it was read; the numbers of the accounts it is about.
    private func applyHeld(_ now: Instant, _ out: inout [RiskAction]) -> Set<Int> {
        var changed: Set<Int> = []
        for entry in held where entry.sequence > ledgerSequence {
            guard entry.sequence == ledgerSequence + 1 else {
                isCatchUpWanted = true
                break
            }
            changed.insert(apply(entry, now, &out))
        }
        held.removeAll(keepingCapacity: true)
        return changed
    }

    /// The journal number at its source: behind ours, Redis lost data. Ahead of ours, messages are on
    /// their way, or were lost: the next wakes tell.
    func sequenceRead(
        _ ledger: Int64, _ count: Int, _ now: Instant, _ out: inout [RiskAction]
    ) {
        guard case .following = phase else { return }
        let isCountRight = isCount(count)
        if ledger < sequenceWhenPolled || !isCountRight {
            beginLoad(now, &out)
        } else if ledger > ledgerSequence {
            expected = (ledger, now)
        }
    }

    /// Whether as many accounts are known as there are. Those that the journal brought are, so that
    /// nothing is read for them; where its message may be on its way, the next look tells.
    private func isCount(_ count: Int) -> Bool {
        if count == accountCount + journalAccounts {
            (accountCount, journalAccounts) = (count, 0)
        }
        if count == accountCount {
            oddCount = nil
            return true
        }
        guard oddCount == count else {
            oddCount = count
            return true
        }
        oddCount = nil
        return false
    }

    /// Reads the journal where what was announced has not come.
    func missExpected(_ now: Instant, _ out: inout [RiskAction]) {
        guard let expected, now - expected.since >= RiskLimits.expectation else { return }
        self.expected = nil
        if expected.ledger > ledgerSequence { wantCatchUp(now, &out) }
    }

    /// The number of the account it is about.
    private func apply(_ entry: LedgerEntry, _ now: Instant, _ out: inout [RiskAction]) -> Int {
        ledgerSequence = entry.sequence
        if entry.account != .external, mirror.number(of: entry.account) == nil {
            journalAccounts += 1
        }
        let number = mirror.apply(entry)
        // Whatever comes in between, it is valued for this.
        mirror.accounts[number].isChanged = true
        if let contract = entry.symbol.flatMap({ mirror.contract(of: $0) }),
            mirror.symbols[contract].isWatched != (mirror.symbols[contract].holderCount > 0)
        {
            watchChanged(contract, now, &out)
        }
        return number
    }

    func symbolRead(
        _ symbol: Symbol, _ brackets: MaintenanceBrackets?, _ price: PriceRecord?,
        _ instrument: Instrument?, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let contract = mirror.contract(of: symbol), mirror.symbols[contract].isWatched else {
            return
        }
        let isFirstMark = mirror.symbols[contract].mark.isZero
        let isFirst = mirror.symbols[contract].brackets == nil && brackets != nil
        if let instrument { mirror.symbols[contract].instrument = instrument }
        if let brackets { mirror.symbols[contract].brackets = brackets }
        if let price { take(price, of: contract, now, wall) }
        gridSymbolChanged(contract)
        // A position just opened was valued without them a moment ago.
        if isFirstMark || isFirst { holdersChanged(contract, now, wall, &out) }
    }

    /// A price came from where the ticks did not: it counts like a tick.
    func priceFound(
        _ symbol: Symbol, _ mark: Price, _ age: Interval, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard let contract = mirror.contract(of: symbol), mirror.symbols[contract].isWatched,
            mirror.symbols[contract].isStale(now: now)
        else { return }
        mirror.symbols[contract].markReceived(
            mark, timeMilliseconds: (wall - age).milliseconds, now: now, wall: wall)
        gridSymbolChanged(contract)
        holdersChanged(contract, now, wall, &out)
    }

    private func take(_ price: PriceRecord, of contract: Int, _ now: Instant, _ wall: WallTime) {
        mirror.symbols[contract].markReceived(
            price.mark, timeMilliseconds: price.markMilliseconds, now: now, wall: wall)
    }
}

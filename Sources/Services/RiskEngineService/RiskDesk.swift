import BusProtocol
package import Chronology
package import Margin
import Throttles
import Trading

/// The logic of risk-engine: takes what happened, says what to do; no I/O, no clock.
package final class RiskDesk {
    /// How whole the mirror is.
    enum Phase: Equatable {
        case away
        case loading(UInt64, since: Instant)
        case retrying(at: Instant)
        /// Loaded; the journal after the loaded number is still to be read.
        case following(isLive: Bool)
    }

    let writer: String
    let leverage: Int64
    let evaluationInterval: Interval
    let breakerLimits: BreakerLimits

    /// The lease's fencing number; nil without the lease, when nothing is decided.
    var fence: Int64?
    /// The lease was gained, and what the one before saved is still to be read: until then the
    /// accounts are for reading alone.
    var isTakingOver = false
    var saveToken: UInt64 = 0
    var phase = Phase.away
    var mirror = BookMirror()
    /// Accounts the last mark made due; used again for every mark.
    var due: [Int32] = []
    /// Where the look for accounts that are due goes on, and how many are still to be looked at.
    var nextLook = 0
    var looksLeft = 0
    /// Accounts whose records could not be read or valued.
    var problemCount = 0
    private var repeatedAt = Instant.distantPast
    /// When the next look at the clock is due; `nextWake` is before it while accounts wait.
    private var regularWake = Instant.distantPast
    /// The journal number up to which the mirror is whole.
    package internal(set) var ledgerSequence: Int64 = 0
    /// Of Redis' list of accounts; with it those that the journal brought since, and another number
    /// that was read once.
    var accountCount = 0
    var journalAccounts = 0
    var oddCount: Int?
    var requestNumber: UInt64 = 0
    /// The catch-up under way, and when it was asked for.
    var catchUp: (number: UInt64, since: Instant)?
    var isCatchUpWanted = false
    /// Messages that came while the journal was read.
    var held: [LedgerEntry] = []
    /// A journal number that was read, and whose message had not come then.
    var expected: (ledger: Int64, since: Instant)?
    var sequencePolledAt = Instant.distantPast
    /// `ledgerSequence` when the journal number was asked for last.
    var sequenceWhenPolled: Int64 = 0
    var loadedAt = Instant.distantPast
    private var recordSequence: Int64 = 0
    /// What ticks alone may have written; nil before the first.
    var allowance: TokenBucket?

    /// When the desk wants to be woken next.
    package private(set) var nextWake = Instant.distantPast

    /// - Parameters:
    ///   - writer: `risk-engine:<instance>`.
    ///   - leverage: what initial margin is taken at, 1 to 125.
    ///   - evaluationInterval: least time between evaluations of one account on ticks.
    ///   - breakers: when an account is set to REDUCING.
    package init(
        writer: String, leverage: Int64 = 20, evaluationInterval: Interval = .milliseconds(2_000),
        breakers: BreakerLimits = BreakerLimits()
    ) {
        breakerLimits = breakers
        self.writer = writer
        self.leverage = leverage
        self.evaluationInterval = evaluationInterval
    }

    /// Why snapshots are not being kept; empty where they are.
    package var readiness: [String] {
        switch phase {
        case .away: return ["redis is away"]
        case .loading, .retrying: return ["accounts are being loaded"]
        case .following(let isLive): return isLive ? [] : ["the journal is being read"]
        }
    }

    /// Takes one event; what is to be done is added to `out`, in order.
    package func handle(
        _ event: RiskEvent, now: Instant, wall: WallTime, _ out: inout [RiskAction]
    ) {
        switch event {
        case .redisUp: beginLoad(now, &out)
        case .redisDown: away()
        case .ledgerSubscribed: wantCatchUp(now, &out)
        case .ledgerReceived(let entry): ledgerReceived(entry, now, wall, &out)
        case .ledgerUnreadable(let reason):
            alert("ledger_unreadable", reason, [:], wall, &out)
            wantCatchUp(now, &out)
        case .tickReceived(let symbol, let tick): tickReceived(symbol, tick, now, wall, &out)
        case .pageLoaded(let number, let page): pageLoaded(number, page, now, wall, &out)
        case .loaded(let number, let load): loaded(number, load, now, wall, &out)
        case .loadFailed(let number, _): loadFailed(number, now)
        case .caughtUp(let number, let entries, let isWhole):
            caughtUp(number, entries, isWhole: isWhole, now, wall, &out)
        case .catchUpFailed(let number, let reason):
            catchUpFailed(number, reason, now, wall, &out)
        case .sequenceRead(let ledger, let count): sequenceRead(ledger, count, now, &out)
        case .priceFound(let symbol, let mark, let age):
            priceFound(symbol, mark, age, now, wall, &out)
        case .symbolRead(let symbol, let brackets, let price, let instrument):
            symbolRead(symbol, brackets, price, instrument, now, wall, &out)
        case .leaseGained(let number): leaseGained(number, now, &out)
        case .leaseLost: leaseLost()
        case .tierSaved(let account, let token, let outcome):
            tierSaved(account, token, outcome, now, wall, &out)
        case .replied(let reply): replied(reply, now, wall, &out)
        case .orderRejected(let account): orderRejected(account, now, wall, &out)
        case .woken: woken(now, wall, &out)
        }
        nextWake = looksLeft > 0 ? min(now, regularWake) : regularWake
    }

    /// A stamp with the next number.
    func stamp(_ wall: WallTime) -> RecordStamp {
        recordSequence += 1
        return RecordStamp(
            sequence: recordSequence, writer: writer, atMilliseconds: wall.milliseconds)
    }

    func alert(
        _ code: String, _ text: String, _ details: [String: String], _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        out.append(.alert(Alert(code: code, text: text, details: details, stamp: stamp(wall))))
    }

    // MARK: time

    private func woken(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        // What a page left over goes on at once, and nothing else is due by it.
        if looksLeft > 0, now < regularWake { return evaluateWaiting(now, wall, &out) }
        regularWake = now + RiskLimits.wake
        switch phase {
        case .away: return
        case .loading(_, let since):
            if now - since > RiskLimits.loadDeadline { beginLoad(now, &out) }
            return
        case .retrying(let at):
            if now >= at { beginLoad(now, &out) }
            return
        case .following(let isLive):
            if let catchUp, now - catchUp.since > RiskLimits.answerDeadline {
                self.catchUp = nil
                isCatchUpWanted = true
            }
            if isCatchUpWanted { wantCatchUp(now, &out) }
            missExpected(now, &out)
            pollSequence(now, &out)
            guard isLive else { return }
        }
        if now - loadedAt > RiskLimits.repairRetry, problemCount > 0 {
            beginLoad(now, &out)
            return
        }
        lookAfterSymbols(now, wall, &out)
        looksLeft = mirror.accounts.count
        evaluateWaiting(now, wall, &out)
        guard now - repeatedAt >= RiskLimits.repeatPoll else { return }
        repeatedAt = now
        repeatUnanswered(now, wall, &out)
    }

    /// What another engine saved meanwhile is what is gone on with.
    private func leaseGained(_ number: Int64, _ now: Instant, _ out: inout [RiskAction]) {
        fence = number
        isTakingOver = true
        if phase != .away { beginLoad(now, &out) }
    }

    /// The next snapshots are another's; ours are for our readers alone.
    private func leaseLost() {
        fence = nil
        nothingIsWhole()
    }

    /// Redis, or another engine, may have made something else of what was written.
    func nothingIsWhole() {
        for number in mirror.accounts.indices { mirror.accounts[number].wholeAt = .distantPast }
    }

    private func pollSequence(_ now: Instant, _ out: inout [RiskAction]) {
        guard now - sequencePolledAt >= RiskLimits.sequencePoll else { return }
        sequencePolledAt = now
        sequenceWhenPolled = ledgerSequence
        out.append(.readSequence)
    }

    private func lookAfterSymbols(
        _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        let held = mirror.sortedContracts.filter { mirror.symbols[$0].holderCount > 0 }
        for contract in held { askForBrackets(contract, now, &out) }
        for contract in held { askForPrice(contract, now, &out) }
        for contract in held { tellStaleMark(contract, now, wall, &out) }
    }

    private func askForBrackets(
        _ contract: Int, _ now: Instant, _ out: inout [RiskAction]
    ) {
        guard mirror.symbols[contract].brackets == nil,
            now - mirror.symbols[contract].bracketsAskedAt > RiskLimits.bracketRetry
        else { return }
        mirror.symbols[contract].bracketsAskedAt = now
        out.append(.watch(mirror.symbols[contract].symbol))
    }

    /// The stream, by way of price-feed, says nothing of a symbol that is held.
    private func askForPrice(_ contract: Int, _ now: Instant, _ out: inout [RiskAction]) {
        guard mirror.symbols[contract].isStale(now: now) else {
            mirror.symbols[contract].staleSince = nil
            return
        }
        if mirror.symbols[contract].staleSince == nil { mirror.symbols[contract].staleSince = now }
        guard now - mirror.symbols[contract].priceAskedAt >= RiskLimits.priceRetry else { return }
        mirror.symbols[contract].priceAskedAt = now
        out.append(.askPrice(mirror.symbols[contract].symbol))
    }

    private func tellStaleMark(
        _ contract: Int, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        let since = mirror.symbols[contract].staleSince
        let isUnanswered = since.map { now - $0 >= RiskLimits.priceRetry } ?? false
        let isStale = isUnanswered && now - loadedAt > RiskLimits.staleAfter
        if isStale == mirror.symbols[contract].isStaleTold { return }
        mirror.symbols[contract].isStaleTold = isStale
        guard isStale else { return }
        let symbol = mirror.symbols[contract].symbol
        alert(
            "price_stale", "mark is older than 10 s: \(symbol)", ["symbol": symbol.name], wall,
            &out)
    }
}

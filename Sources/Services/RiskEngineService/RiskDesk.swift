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
    var accounts: [AccountID: AccountMirror] = [:]
    var symbols: [Symbol: SymbolMirror] = [:]
    /// The same accounts and symbols, followed from mark to mark.
    var index = GridIndex()
    /// Accounts the last mark made due; used again for every mark.
    var due: [Int32] = []
    private var repeatedAt = Instant.distantPast
    /// The journal number up to which the mirror is whole.
    package internal(set) var ledgerSequence: Int64 = 0
    var accountCount = 0
    var requestNumber: UInt64 = 0
    /// The catch-up under way, and when it was asked for.
    var catchUp: (number: UInt64, since: Instant)?
    var isCatchUpWanted = false
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
        nextWake = now + RiskLimits.wake
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
            pollSequence(now, &out)
            guard isLive else { return }
        }
        if now - loadedAt > RiskLimits.repairRetry,
            accounts.values.contains(where: { $0.problem != nil })
        {
            beginLoad(now, &out)
            return
        }
        askForBrackets(now, &out)
        askForPrices(now, &out)
        tellStaleMarks(now, wall, &out)
        evaluateWaiting(now, wall, &out)
        guard now - repeatedAt >= RiskLimits.repeatPoll else { return }
        repeatedAt = now
        for account in index.names { repeatUnanswered(account, now, wall, &out) }
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
        for account in accounts.keys { accounts[account]?.wholeAt = .distantPast }
    }

    private func pollSequence(_ now: Instant, _ out: inout [RiskAction]) {
        guard now - sequencePolledAt >= RiskLimits.sequencePoll else { return }
        sequencePolledAt = now
        sequenceWhenPolled = ledgerSequence
        out.append(.readSequence)
    }

    private func askForBrackets(_ now: Instant, _ out: inout [RiskAction]) {
        for symbol in symbols.keys.sorted() {
            guard let mirror = symbols[symbol], mirror.brackets == nil, !mirror.holders.isEmpty,
                now - mirror.bracketsAskedAt > RiskLimits.bracketRetry
            else { continue }
            symbols[symbol]?.bracketsAskedAt = now
            out.append(.watch(symbol))
        }
    }

    /// The stream, by way of price-feed, says nothing of a symbol that is held.
    private func askForPrices(_ now: Instant, _ out: inout [RiskAction]) {
        for symbol in symbols.keys.sorted() {
            guard let mirror = symbols[symbol], !mirror.holders.isEmpty, mirror.isStale(now: now)
            else {
                symbols[symbol]?.staleSince = nil
                continue
            }
            if mirror.staleSince == nil { symbols[symbol]?.staleSince = now }
            guard now - mirror.priceAskedAt >= RiskLimits.priceRetry else { continue }
            symbols[symbol]?.priceAskedAt = now
            out.append(.askPrice(symbol))
        }
    }

    private func tellStaleMarks(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        for symbol in symbols.keys.sorted() {
            guard let mirror = symbols[symbol], !mirror.holders.isEmpty else { continue }
            let isUnanswered = mirror.staleSince.map { now - $0 >= RiskLimits.priceRetry } ?? false
            let isStale = isUnanswered && now - loadedAt > RiskLimits.staleAfter
            if isStale == mirror.isStaleTold { continue }
            symbols[symbol]?.isStaleTold = isStale
            if isStale {
                alert(
                    "price_stale", "mark is older than 10 s: \(symbol)", ["symbol": symbol.name],
                    wall, &out)
            }
        }
    }
}

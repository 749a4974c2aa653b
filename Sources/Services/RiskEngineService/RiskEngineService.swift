package import BusProtocol
package import Chronology
package import Margin
package import Trading

// RiskEngineService: mirrors every account from the ledger, values it at the mark, keeps its risk
// snapshot in Redis fresh, and closes positions before the exchange does.
// 1. The mirror is the ledger's state at one journal number, or it is being loaded; a gap in the
//    numbers is closed from the journal before anything after it counts.
// 2. A change of an account's ledger is evaluated at once; ticks evaluate it at most once in
//    `EVAL_MIN_INTERVAL_MS`, and at once where its margin reaches a higher tier; no account goes
//    longer than 5 s without evaluation. Where many are due, a page of them is valued in each turn of
//    the loop, those that a mark moved into a higher tier before others. Every tick is followed for
//    every account that holds the symbol, with nothing allocated (`MarginGrid`).
// 3. No snapshot is written from a mirror that is not whole: it expires instead, and new risk is
//    refused by whoever reads it.
// 4. A mark older than 10 s, or none, is asked for wherever a price can be had; while none is, that is
//    said in the snapshot, no tier moves and nothing is decided; nor with brackets that stand in for
//    unknown ones.
// 5. Only the holder of the lease `risk` writes snapshots and decides. A decision is saved under the
//    fence, with its line in the journal of decisions, before its command leaves; the command's id
//    makes a repeat harmless.
// 6. A snapshot is written at once where the books changed, a tier moved or a price came from elsewhere;
//    those that ticks alone make are limited over all accounts (`RiskLimits.snapshotsPerSecond`). What
//    has not changed since the last whole snapshot is not written again.
// 7. Deleveraging and breakers go on over a restart from `tier:<A>`.

/// What can happen to the risk desk.
package enum RiskEvent: Sendable {
    /// The link for reading and writing is up, for the first time or again.
    case redisUp
    case redisDown
    /// The ledger channel is subscribed, for the first time or again: messages may have been missed.
    case ledgerSubscribed
    case ledgerReceived(LedgerEntry)
    /// A ledger message that cannot be read; its number is not known.
    case ledgerUnreadable(reason: String)
    case tickReceived(Symbol, Tick)
    /// A part of the answer to `load`, by its number: further accounts.
    case pageLoaded(UInt64, [RiskLoad.Account])
    /// The answer to `load`, by its number: the accounts that no page held, and all else.
    case loaded(UInt64, RiskLoad)
    case loadFailed(UInt64, reason: String)
    /// The answer to `catchUp`: journal entries in order; `isWhole` where no more follow.
    case caughtUp(UInt64, [LedgerEntry], isWhole: Bool)
    case catchUpFailed(UInt64, reason: String)
    /// The answer to `readSequence`: the last journal number, and how many accounts there are.
    case sequenceRead(ledger: Int64, accountCount: Int)
    /// The answer to `askPrice`: a mark, and how old it is.
    case priceFound(Symbol, mark: Price, age: Interval)
    /// The answer to `watch`: what is known of a symbol now.
    case symbolRead(Symbol, MaintenanceBrackets?, PriceRecord?, Instrument?)
    case leaseGained(fence: Int64)
    case leaseLost
    /// The answer to `saveTier`, by its token.
    case tierSaved(AccountID, token: UInt64, TierSaveOutcome)
    /// order-gateway's answer to a command.
    case replied(Reply)
    /// The exchange or the gateway rejected an order of the account.
    case orderRejected(AccountID)
    /// `nextWake` has come.
    case woken
}

/// What the risk desk wants done.
package enum RiskAction: Equatable, Sendable {
    /// Read the journal number first, then accounts, balances, positions, tiers and symbols.
    case load(UInt64)
    /// Read the journal after a number, at most `RiskLimits.catchUpPage` entries.
    case catchUp(UInt64, after: Int64)
    case readSequence
    /// Subscribe the symbol's ticks, and read its brackets and price.
    case watch(Symbol)
    case unwatch(Symbol)
    /// Get a price from wherever there is a fresh one; no answer where there is none.
    case askPrice(Symbol)
    /// Write the snapshot with its TTL, then tell of it: as a whole, or what has changed since the one
    /// written before.
    case save(RiskRecord, changedFrom: RiskRecord?)
    /// Save the record and journal the decisions, under the fence. Answer: `tierSaved`.
    case saveTier(TierRecord, [DecisionEntry], token: UInt64, fence: Int64)
    /// Send order-gateway a command of this id; repeating it is harmless. Answer: `replied`.
    case command(String, CommandKind, [String: String])
    case alert(Alert)
}

/// What became of saving a tier record.
package enum TierSaveOutcome: Equatable, Sendable {
    case saved
    /// A newer engine holds the fence.
    case fenced
    case failed(String)
}

/// The limits of the risk desk.
package enum RiskLimits {
    /// A snapshot lives this long: four refreshes may fail before new risk is refused by its absence.
    package static let snapshotTimeToLive = Interval.seconds(30)
    /// A snapshot is written as a whole at least this often: what a hand took out of it is back then.
    static let wholeSnapshot = Interval.seconds(10)
    /// The same where the books changed: a reader waits for that one, so that a whole one, which takes
    /// Redis twice as long, is left to the ticks that follow, or to the clock.
    static let wholeChange = Interval.seconds(20)
    /// Snapshots that ticks alone make, over all accounts: each costs Redis some 30 µs, and it is to
    /// spend no more than a tenth of a core on them.
    package static let snapshotsPerSecond: Int64 = 3_000
    /// One that is older is written whatever was written before: less than half of what a reader
    /// accepts (10 s).
    static let snapshotAge = Interval.seconds(4)
    /// No account goes longer without evaluation: half of what a reader accepts (10 s).
    static let refresh = Interval.seconds(5)
    /// A higher tier is not waited for, but for this long after an evaluation.
    static let atOnce = Interval.milliseconds(100)
    /// Between two looks for commands that were not answered.
    static let repeatPoll = Interval.seconds(1)
    /// A mark older than this is not acted on.
    static let staleAfter = Interval.seconds(10)
    /// Between two questions for the price of a symbol whose mark is stale; it is told of after the
    /// first has brought nothing in this time.
    static let priceRetry = Interval.seconds(2)
    /// Between two looks at the clock: a tenth of the shortest interval kept with it.
    static let wake = Interval.milliseconds(200)
    /// Between two polls of the journal number: a lost message is noticed within 2 s.
    static let sequencePoll = Interval.seconds(1)
    /// What the journal number announces may be on its way for so long.
    static let expectation = Interval.milliseconds(200)
    /// Messages kept while the journal is read: a quarter of a second of the heaviest trading.
    static let heldEntries = 1_024
    /// Between a failed load and the next: as long as a reconnect takes.
    static let loadRetry = Interval.milliseconds(500)
    /// Between loads while a record cannot be read.
    static let repairRetry = Interval.seconds(30)
    /// A load of which nothing has come for so long is begun anew. A link that is gone ends it by
    /// itself; a busy machine may be slow, and would never come to an end if it were cut off.
    static let loadDeadline = Interval.seconds(60)
    /// A request not answered by then is asked anew: more than Redis is ever away unnoticed.
    static let answerDeadline = Interval.seconds(5)
    /// How long a command may take: an order is answered within a second, or asked for anew.
    package static let commandDeadline = Interval.seconds(5)
    /// A state that is not confirmed is asked for again: after its deadline.
    static let commandRetry = Interval.seconds(6)
    /// Accounts valued in one turn of the loop besides those whose books change: 1 to 3 ms, so that
    /// nothing else, least of all the lease, waits longer for them.
    package static let evaluationsPerTurn = 64
    /// Accounts read at a time: some 700 records of 10,000 accounts with five positions.
    static let loadPage = 100
    /// Requests that Redis has not answered: with more of them the next page waits.
    static let unanswered = 1_000
    /// Until it is looked at again.
    static let unansweredPause = Interval.milliseconds(1)
    /// Journal entries read at a time: about 400 bytes each.
    package static let catchUpPage = 500
    /// Brackets that were missing are asked for again.
    static let bracketRetry = Interval.seconds(30)
}

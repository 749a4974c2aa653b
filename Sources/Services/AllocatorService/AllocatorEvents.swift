package import Allocation
package import BusProtocol
package import Chronology

// AllocatorService: keeps a spot account's two assets equal in value (section A).
// 1. Only the holder of the lease `allocation` trades, one run at a time; every order carries that
//    lease and its fencing number, so that order-gateway takes back what a dead allocator left.
// 2. No run begins before no order of an earlier one is open.
// 3. A run's beginning is saved before its first order, with the request it answers: the same request
//    is the same run, over restarts.
// 4. Balances are those of the user stream, as order-gateway keeps them, and those of REST; where the
//    two differ REST counts, and the difference is counted.
// 5. A book is not older than a second, nor than the end of the slice before: else REST is asked.
// 6. A dry run orders and saves nothing, and needs no lease.
// 7. What a run did while the lease or Redis was away is saved when both are back, and what it is not
//    known of whether it was saved is saved again, no line twice: a run's record only where no other
//    run has begun since. What Redis refuses is told as a reason of not being ready until it is saved,
//    and keeps nothing that comes after it from being saved where a person has to see to it.
// 8. An order whose end its run did not see, as time was up or the process died, is waited for; then
//    the run's record and the journal have what it executed.

/// Somebody asks for a run.
package struct AllocationTrigger: Equatable, Sendable {
    /// Who gets the answer; 0 for nobody.
    package var waiter: UInt64
    /// `http`, `interval` or the sender of a command.
    package var by: String
    /// The same key is the same run; empty for none.
    package var key: String
    package var isDry: Bool
    /// Whether the answer is the run's result, not its beginning.
    package var waits: Bool

    package init(waiter: UInt64, by: String, key: String, isDry: Bool, waits: Bool) {
        self.waiter = waiter
        self.by = by
        self.key = key
        self.isDry = isDry
        self.waits = waits
    }

    static let byClock = AllocationTrigger(
        waiter: 0, by: "interval", key: "", isDry: false, waits: false)
}

/// What a trigger is answered.
package enum TriggerAnswer: Sendable {
    case accepted(run: String)
    /// Another run goes on.
    case busy(run: String)
    /// The run's record, in order.
    case over([(String, String)])
    /// A stable code and a sentence.
    case refused(String, String)
}

/// What an earlier run may have left.
package struct RecoveryReading: Equatable, Sendable {
    package var hasAccount: Bool
    /// Whether price-feed has brought the symbol's rules.
    package var hasRules: Bool
    /// Client ids of the allocator's orders that are not done, ascending.
    package var orders: [String]
    /// The record of the last run; empty where there is none.
    package var last: [String: String]
    /// The run whose orders were read: the one asked for, or the last where its record leaves open what
    /// became of them; nil for none.
    package var run: String?
    package var placed: [PlacedSlice]

    package init(
        hasAccount: Bool, hasRules: Bool = true, orders: [String], last: [String: String],
        run: String? = nil, placed: [PlacedSlice] = []
    ) {
        self.run = run
        self.hasAccount = hasAccount
        self.hasRules = hasRules
        self.orders = orders
        self.last = last
        self.placed = placed
    }
}

/// What is kept of a run: its record, lines of the journal, and the answer to a request; all or none.
package struct AllocationSave: Sendable {
    package var run: String
    /// The run as it stands; empty where that stays as it is.
    package var record: [(String, String)] = []
    /// Lines of the journal.
    package var entries: [[(String, String)]]
    /// The request whose answer the record is; empty for none.
    package var request = ""
    /// Whether it tells the end of the run's last order, which was known after the run.
    package var isSettled = false
    /// Another run has begun since: its record is left alone.
    package var isBehind = false
    /// The same may be saved already.
    package var isRepeat = false
}

/// Why something could not be saved.
package enum SaveFailure: Equatable, Sendable {
    /// Redis or the lease was away.
    case away
    /// Redis cannot take it now, or the connection is not allowed to: a sentence.
    case refused(String)
    /// The script found that a key of it holds what it should not: nobody but a person mends that.
    case wrong(String)

    var text: String {
        switch self {
        case .away: ""
        case .refused(let text), .wrong(let text): text
        }
    }
}

/// What can happen to the allocator.
package enum AllocatorEvent: Sendable {
    case redisUp
    case redisDown
    case leaseGained(fence: Int64)
    case leaseLost
    /// The answer to `readRecovery`; nil where Redis gave none.
    case recoveryRead(RecoveryReading?)
    case triggered(AllocationTrigger)
    /// The answer to `findAnswer`; nil where the request was never answered.
    case answerFound(UInt64, [String: String]?)
    /// Redis did not say whether it was.
    case answerLost(UInt64, reason: String)
    /// The answer to `saveBegun`; with what Redis said where it has refused it.
    case begun(isSaved: Bool, refusal: String = "")
    /// The same, where it is not known whether it was.
    case begunUnknown
    /// What `save` wanted is saved.
    case saved(AllocationSave)
    /// What `save` wanted is not saved for all that is known.
    case notSaved(AllocationSave, SaveFailure)
    /// Something for the run of that id.
    case run(String, AllocationEvent)
    /// `nextWake` has come.
    case woken
    /// The process is told to stop.
    case stopping
}

/// What the allocator wants done.
package enum AllocatorAction: Sendable {
    /// Read whether the account and the symbol's rules are there, the account's open orders of origin
    /// allocator, and the last run; and of this run, or the last one where that is left open, the orders.
    case readRecovery(run: String?)
    case createAccount
    /// Cancel an order of an earlier run, by its client id.
    case cancelOld(String)
    case findAnswer(waiter: UInt64, request: String)
    /// Save that a run has begun. Answer: `begun`.
    case saveBegun([(String, String)], request: String, fence: Int64)
    /// Answer: `saved` or `notSaved`.
    case save(AllocationSave, fence: Int64)
    /// Answer: `factsRead` or `factsFailed` of the run.
    case readFacts(run: String, number: Int, isDry: Bool)
    case place(SliceReport, life: Interval, fence: Int64)
    case cancel(request: String)
    case look(request: String)
    case answer(UInt64, TriggerAnswer)
    /// For the metrics.
    case ended(AllocationResult)
    case alert(code: String, String)
}

package import Chronology
package import Trading

/// What a run plans on, read for each slice anew.
package struct AllocationFacts: Equatable, Sendable {
    package var holdings: SpotHoldings
    package var rules: Instrument
    package var book: SpotBook

    package init(holdings: SpotHoldings, rules: Instrument, book: SpotBook) {
        self.holdings = holdings
        self.rules = rules
        self.book = book
    }
}

/// An order of a run as the gateway's record has it.
package struct SliceOrder: Equatable, Sendable {
    package var order: String
    /// The name of its state; stable.
    package var status: String
    /// Nothing more can come of it.
    package var isOver: Bool
    package var executed: Quantity
    package var notional: Money
    package var fees: Money
    package var feeAsset: String
    package var code: String
    package var reason: String
    /// The venue would not have it.
    package var isRejected = false
    /// The venue would not have it for want of money (S6).
    package var lacksBalance = false

    package init(
        order: String, status: String, isOver: Bool, executed: Quantity = .zero,
        notional: Money = .zero, fees: Money = .zero, feeAsset: String = "", code: String = "",
        reason: String = ""
    ) {
        self.order = order
        self.status = status
        self.isOver = isOver
        self.executed = executed
        self.notional = notional
        self.fees = fees
        self.feeAsset = feeAsset
        self.code = code
        self.reason = reason
    }
}

/// What can happen to a run. Order events name the slice's request; those of another are ignored.
package enum AllocationEvent: Equatable, Sendable {
    /// The answer to `readFacts`, by its number.
    case factsRead(Int, AllocationFacts)
    case factsFailed(Int, AllocationReason, detail: String)
    /// What the order's record says, from a reply, an event or a look at it.
    case orderSeen(request: String, SliceOrder)
    /// The gateway would not take the order: nothing was sent.
    case orderRefused(request: String, code: String, reason: String, isForBalance: Bool)
    /// There is no such order on record.
    case orderMissing(request: String)
    /// `nextWake` has come.
    case woken
    /// The run is to end now: the process stops, or another holds the lease.
    case interrupted(AllocationReason)
}

/// What a run wants done.
package enum AllocationAction: Equatable, Sendable {
    /// Read balances, rules and book, all later than now. Answer: `factsRead` or `factsFailed`.
    case readFacts(Int)
    /// Order the slice; the gateway is to cancel it by itself after `life`.
    case place(SliceReport, life: Interval)
    case cancel(request: String)
    /// Look at the order's record. Answer: `orderSeen` or `orderMissing`.
    case look(request: String)
    /// A slice is over.
    case report(SliceReport)
    case finish(AllocationResult)
}

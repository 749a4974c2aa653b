// Orders: the life of one order, and the checks it must pass before it may live.
// 1. Every (state, event) pair is decided; nothing an order is told leaves it in an undefined state.
// 2. An unknown order is settled by evidence only: its record at the venue, a trade, or three
//    "not found" answers to questions put later than 16 s after sending. An error is not evidence.
// 3. What a venue reports never moves an order backwards: executed only grows, final stays final,
//    unless a trade or record proves that a refused order lives.
// 4. A trade counts once, by its trade id.
// 5. An order is done when it is final and the ledger has booked all that the venue executed.
// 6. Quantity and price of an order that was sent are what the venue's newest record says; while an
//    amendment is under way no number of trades shows that the order is filled.

/// The names of the states of an order, as they stand in records.
package enum OrderStateName: String, CaseIterable, Sendable {
    case intent
    case sent
    case open
    case partiallyFilled = "partially_filled"
    case pendingCancel = "pending_cancel"
    case pendingAmend = "pending_amend"
    case unknown
    case filled
    case cancelled
    case rejected
    case expired

    /// Whether the venue can execute nothing more of it.
    package var isFinal: Bool {
        switch self {
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .unknown: false
        case .filled, .cancelled, .rejected, .expired: true
        }
    }
}

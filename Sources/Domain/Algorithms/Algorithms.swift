package import Trading

// Algorithms: chase, TWAP, scale and scalper as machines without I/O, clock or randomness.
// 1. What an algorithm has open or in doubt, and what it has filled, never exceeds what it was
//    given: every order is committed to an `Allotment` before it exists (C1, C3).
// 2. An order counts as open until the desk says that it is over, whatever was asked of it: nothing
//    takes the place of an order whose end is not known (C2, C4).
// 3. A report counts by what it says of the order as a whole, so one that comes twice, late or out
//    of order changes nothing (F1, F2, F9).
// 4. Paused, ending and over, an algorithm places nothing that opens; over, it has nothing open.
// 5. The same events give the same orders, numbers included: ids derive from algo and number.

/// The kinds of algorithms.
package enum AlgoKind: String, CaseIterable, Sendable {
    /// A post-only order that follows the best price.
    case chase
    /// Equal slices over a length of time.
    case twap
    /// A ladder of limit orders over a range of prices.
    case scale
    /// Orders on both sides of the middle that open and close small positions.
    case scalper

    /// The origin that stands in the client order ids of its orders.
    package var origin: OrderOrigin {
        switch self {
        case .chase: .chase
        case .twap: .twap
        case .scale: .scale
        case .scalper: .scalper
        }
    }
}

/// How far an algorithm is; the raw values stand in records.
package enum AlgoStatus: String, CaseIterable, Sendable {
    /// Accepted, and waiting for a first price.
    case starting
    case running
    /// Has nothing resting, or is taking it back; goes on when asked to.
    case paused
    /// Is taking back what rests, and perhaps trading what its end asks for.
    case ending
    case done
    case failed

    /// Whether nothing more comes of it.
    package var isOver: Bool {
        switch self {
        case .starting, .running, .paused, .ending: false
        case .done, .failed: true
        }
    }
}

/// Why an algorithm is paused or over, beside the refusals of orders; stable names, never reused.
package enum AlgoReason: String, CaseIterable, Sendable {
    case filled
    /// What is left is too small to be an order.
    case remainderTooSmall = "remainder_too_small"
    case outOfRange = "out_of_range"
    case outOfTime = "out_of_time"
    /// All rungs are over, and some were not placed or not filled.
    case partlyFilled = "partly_filled"
    /// A reduce-only algorithm whose position is gone.
    case nothingToReduce = "nothing_to_reduce"
    case stopped
    case flattened
    case pausedByRequest = "paused_by_request"
    case refusedTooOften = "refused_too_often"
    case downTooLong = "down_too_long"
    case restartCancel = "restart_cancel"
    case restartFlatten = "restart_flatten"
    /// The saved state cannot be read by this build.
    case stateUnreadable = "state_unreadable"
}

/// What becomes of a running algorithm when its host comes back after a stop or crash.
package enum RestartPolicy: String, CaseIterable, Sendable {
    case resume
    /// Cancel what rests and end.
    case cancel
    /// Cancel what rests, close what was filled, and end.
    case flatten
}

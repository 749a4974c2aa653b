package import Chronology

// Throttles: how often something may happen, without losing the last of it.
// 1. Between two firings lies at least the window.
// 2. What is offered is fired at once where the window allows it (leading edge), else when it
//    ends (trailing edge): after the last offer there is always a firing.
// 3. A window of zero fires every offer.

/// A coalescing throttle with leading and trailing edge; whose value it is, stays with the caller,
/// who fires the newest one.
package struct Throttle: Equatable, Sendable {
    package enum Decision: Equatable, Sendable {
        /// Fire now.
        case fire
        /// Nothing now: call `deadlineReached` at this time. Said once a window.
        case wait(until: Instant)
        /// Nothing now, and nothing new to wait for.
        case coalesced
    }

    private var lastFired = Instant.distantPast
    /// Whether something was offered since the last firing.
    package private(set) var isPending = false

    package init() {}

    /// When the pending offer is due; nil where none is pending.
    package func deadline(window: Interval) -> Instant? {
        isPending ? lastFired + window : nil
    }

    /// Something new is there to fire.
    @inline(__always)
    package mutating func offered(now: Instant, window: Interval) -> Decision {
        let next = lastFired + window
        if now >= next {
            lastFired = now
            isPending = false
            return .fire
        }
        if isPending { return .coalesced }
        isPending = true
        return .wait(until: next)
    }

    /// The time given by `wait` has come.
    /// - Returns: whether to fire; false where it was fired meanwhile, or it is too early.
    @inline(__always)
    package mutating func deadlineReached(now: Instant, window: Interval) -> Bool {
        guard isPending, now >= lastFired + window else { return false }
        lastFired = now
        isPending = false
        return true
    }

    /// Nothing is to be fired any more.
    package mutating func cancel() { isPending = false }

    /// The firing did not succeed: the offer stays pending for another window.
    package mutating func firingFailed() { isPending = true }
}

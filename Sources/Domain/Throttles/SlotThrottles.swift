internal import Bounded
package import Chronology

/// Throttles of one window for many slots (symbols), with the order in which they fall due.
///
/// Each call costs constant time and allocates nothing. A slot that is pending is always found by
/// `popDue`, at its deadline and not before.
package struct SlotThrottles {
    private struct Firing {
        var slot: Int
        /// When the window that this firing opened ends.
        var end: Instant
    }

    package let window: Interval
    private var throttles: ContiguousArray<Throttle>
    /// One entry for each window that may still hold something back, in the order they end.
    private var open: Ring<Firing>
    private var pendingCount = 0

    /// - Parameters:
    ///   - window: between two firings of one slot; zero fires every offer.
    ///   - capacity: the number of slots.
    package init(window: Interval, capacity: Int) {
        self.window = window
        throttles = ContiguousArray(repeating: Throttle(), count: capacity)
        // A slot opens a window only after its last ended; the ended ones leave when others come.
        open = Ring(capacity: capacity * 2)
    }

    /// Something new is there for a slot.
    /// - Returns: whether to fire it now; otherwise `popDue` will give it.
    @inline(__always)
    package mutating func offered(_ slot: Int, now: Instant) -> Bool {
        if window == .zero { return true }
        let wasPending = throttles[slot].isPending
        switch throttles[slot].offered(now: now, window: window) {
        case .fire:
            if wasPending { pendingCount -= 1 }
            windowOpened(slot, now)
            return true
        case .wait:
            pendingCount += 1
            return false
        case .coalesced:
            return false
        }
    }

    private mutating func windowOpened(_ slot: Int, _ now: Instant) {
        while let first = open.first, first.end <= now, !throttles[first.slot].isPending {
            _ = open.popFirst()
        }
        let isQueued = open.append(Firing(slot: slot, end: now + window))
        precondition(isQueued, "a slot has at most two windows in the queue")
    }

    /// When the next pending slot may be due; nil where none is pending.
    package var nextDeadline: Instant? { pendingCount > 0 ? open.first?.end : nil }

    /// Takes the next slot whose pending offer is due; it counts as fired.
    package mutating func popDue(now: Instant) -> Int? {
        while let first = open.first, first.end <= now {
            _ = open.popFirst()
            guard throttles[first.slot].deadlineReached(now: now, window: window) else { continue }
            pendingCount -= 1
            windowOpened(first.slot, now)
            return first.slot
        }
        return nil
    }

    /// Drops what is pending for a slot, which is given to something else.
    package mutating func cancel(_ slot: Int) {
        guard throttles[slot].isPending else { return }
        throttles[slot].cancel()
        pendingCount -= 1
    }
}

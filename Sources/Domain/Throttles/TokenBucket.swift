package import Chronology

/// Tokens that come back with time: what a process may spend on its own.
///
/// 1. No span of length t gives more than capacity + t × refill.
/// 2. Time that goes back, or a pause of years, changes nothing but that it is full.
package struct TokenBucket: Equatable, Sendable {
    package let capacity: Int64
    /// In which an empty bucket becomes full.
    package let refillTime: Interval
    /// Tokens in billionths of a refill time, so that no fraction is lost.
    private var parts: Int128
    private var at: Instant

    /// - Parameters:
    ///   - capacity: tokens it holds, 1 to a billion.
    ///   - refillTime: longer than nothing.
    package init(capacity: Int64, refillTime: Interval, now: Instant) {
        precondition((1...1_000_000_000).contains(capacity), "a bucket holds 1 to a billion tokens")
        precondition(refillTime > .zero, "a bucket takes time to fill")
        self.capacity = capacity
        self.refillTime = refillTime
        parts = Int128(capacity) * Int128(refillTime.nanoseconds)
        at = now
    }

    /// Whole tokens at that time.
    package mutating func tokens(now: Instant) -> Int64 {
        refill(now)
        return Int64(parts / Int128(refillTime.nanoseconds))
    }

    /// Takes tokens; false, and nothing taken, where there are not so many.
    package mutating func take(_ count: Int64, now: Instant) -> Bool {
        refill(now)
        let cost = Int128(count) * Int128(refillTime.nanoseconds)
        guard cost <= parts else { return false }
        parts -= cost
        return true
    }

    /// How long until so many tokens are there; nil where they never are.
    package mutating func wait(for count: Int64, now: Instant) -> Interval? {
        guard count <= capacity else { return nil }
        refill(now)
        let missing = Int128(count) * Int128(refillTime.nanoseconds) - parts
        if missing <= 0 { return .zero }
        // Rounded up: at that time they are there.
        let wide = Int128(capacity)
        return .nanoseconds(Int64((missing + wide - 1) / wide))
    }

    private mutating func refill(_ now: Instant) {
        guard now > at else { return }
        let full = Int128(capacity) * Int128(refillTime.nanoseconds)
        let elapsed = Int128((now - at).nanoseconds)
        at = now
        parts = min(full, parts + elapsed * Int128(capacity))
    }
}

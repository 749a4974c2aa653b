/// A point on the machine's monotonic clock (CLOCK_MONOTONIC), comparable within one boot only.
@usableFromInline
package struct Instant: Comparable, Hashable, Sendable {
    @usableFromInline package let nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Before every instant a running process sees.
    package static let distantPast = Instant(nanoseconds: Int64.min / 4)
    /// After every instant a running process sees.
    package static let distantFuture = Instant(nanoseconds: Int64.max / 4)

    @inlinable package static func < (a: Instant, b: Instant) -> Bool {
        a.nanoseconds < b.nanoseconds
    }
    @inlinable package static func - (a: Instant, b: Instant) -> Interval {
        Interval(nanoseconds: Saturating.difference(a.nanoseconds, b.nanoseconds))
    }
    @inlinable package static func + (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: Saturating.sum(a.nanoseconds, b.nanoseconds))
    }
    @inlinable package static func - (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: Saturating.difference(a.nanoseconds, b.nanoseconds))
    }
}

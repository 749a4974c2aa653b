// Chronology: lengths and points of time as distinct types, and where the present comes from.
// 1. Arithmetic saturates: a time that came from outside never traps and never wraps (I5).
// 2. `Instant` never goes back; `WallTime` may jump, so no deadline hangs on it.

/// A signed length of time in whole nanoseconds; range about ±292 years, where it saturates.
@usableFromInline
package struct Interval: Comparable, Hashable, Sendable {
    @usableFromInline package let nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable package static func nanoseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count)
    }
    @inlinable package static func microseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: Saturating.product(count, 1_000))
    }
    @inlinable package static func milliseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: Saturating.product(count, 1_000_000))
    }
    @inlinable package static func seconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: Saturating.product(count, 1_000_000_000))
    }
    @inlinable package static var zero: Interval { Interval(nanoseconds: 0) }

    /// The length in whole milliseconds, rounded toward zero.
    @inlinable package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable package static func < (a: Interval, b: Interval) -> Bool {
        a.nanoseconds < b.nanoseconds
    }
    @inlinable package static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: Saturating.sum(a.nanoseconds, b.nanoseconds))
    }
    @inlinable package static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: Saturating.difference(a.nanoseconds, b.nanoseconds))
    }
    @inlinable package static func * (a: Interval, factor: Int64) -> Interval {
        Interval(nanoseconds: Saturating.product(a.nanoseconds, factor))
    }
    /// The length divided by a number that is not zero, rounded toward zero.
    @inlinable package static func / (a: Interval, divisor: Int64) -> Interval {
        precondition(divisor != 0, "an interval is not divided by zero")
        return divisor == -1
            ? .zero - a : Interval(nanoseconds: a.nanoseconds / divisor)
    }
}

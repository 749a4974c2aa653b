/// A point of civil time as milliseconds since 1970-01-01 00:00 UTC; it may jump, so no deadline
/// hangs on it.
@usableFromInline
package struct WallTime: Comparable, Hashable, Sendable {
    @usableFromInline package let milliseconds: Int64

    @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    @inlinable package static func < (a: WallTime, b: WallTime) -> Bool {
        a.milliseconds < b.milliseconds
    }
    @inlinable package static func - (a: WallTime, b: WallTime) -> Interval {
        .milliseconds(Saturating.difference(a.milliseconds, b.milliseconds))
    }
    /// The time moved by an interval, in whole milliseconds rounded toward zero.
    @inlinable package static func + (a: WallTime, b: Interval) -> WallTime {
        WallTime(milliseconds: Saturating.sum(a.milliseconds, b.milliseconds))
    }
    @inlinable package static func - (a: WallTime, b: Interval) -> WallTime {
        WallTime(milliseconds: Saturating.difference(a.milliseconds, b.milliseconds))
    }
}

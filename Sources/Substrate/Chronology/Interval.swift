/// A signed length of time in whole nanoseconds; range about ±292 years.
package struct Interval: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable package static func nanoseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count)
    }
    @inlinable package static func microseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count * 1_000)
    }
    @inlinable package static func milliseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count * 1_000_000)
    }
    @inlinable package static func seconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count * 1_000_000_000)
    }
    package static let zero = Interval(nanoseconds: 0)

    /// The length in whole milliseconds, rounded toward zero.
    @inlinable package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable package static func < (a: Interval, b: Interval) -> Bool {
        a.nanoseconds < b.nanoseconds
    }
    @inlinable package static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
    @inlinable package static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds - b.nanoseconds)
    }
    @inlinable package static func * (a: Interval, factor: Int64) -> Interval {
        Interval(nanoseconds: a.nanoseconds * factor)
    }
}

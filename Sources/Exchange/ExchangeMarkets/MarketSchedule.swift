internal import Chronology

/// When each part of a market acts next.
internal struct MarketSchedule: Sendable {
    var isOpen = false
    var beat = Instant.distantFuture
    var walk = Instant.distantFuture
    var maker = Instant.distantFuture
    var taker = Instant.distantFuture
    var markPrice = Instant.distantFuture
    /// Beats of 50 ms since the start: which cadences are due hangs on it.
    var beats = 0
    var seconds = 0

    var next: Instant { min(beat, walk, maker, taker, markPrice) }

    mutating func shift(by lag: Interval) {
        beat = beat + lag
        walk = walk + lag
        maker = maker + lag
        taker = taker + lag
        markPrice = markPrice + lag
    }
}

internal import Chronology
internal import Trading

/// When each part of a market's background acts next.
internal struct MarketSchedule: Sendable {
    var isOpen = false
    /// When the market opens; of no meaning afterwards.
    var opening = Instant.distantFuture
    var walk = Instant.distantFuture
    var maker = Instant.distantFuture
    var taker = Instant.distantFuture
    var replay = Instant.distantFuture

    var next: Instant { isOpen ? min(walk, maker, taker, replay) : opening }

    mutating func shift(by lag: Interval) {
        opening = opening + lag
        walk = walk + lag
        maker = maker + lag
        taker = taker + lag
        replay = replay + lag
    }
}

/// When what all markets do together is due: each 50 ms smooth marks and tell streams, each second tell
/// mark prices.
internal struct FloorSchedule: Sendable {
    var beat = Instant.distantFuture
    var mark = Instant.distantFuture
    /// Beats since the start: which cadences are due hangs on it.
    var beats = 0
    var seconds = 0
    /// The minute being built when closed ones were asked for last, in epoch milliseconds.
    var minute: Int64?

    var next: Instant { min(beat, mark) }

    mutating func shift(by lag: Interval) {
        beat = beat + lag
        mark = mark + lag
    }
}

/// A way that an operator wants a market's price to go.
internal struct PriceScript: Sendable {
    let from: Price
    let to: Price
    let length: Interval
    /// Set when the walk takes it up.
    var startedAt: Instant?

    /// Where the price is at a time: on a straight line.
    func price(at now: Instant) -> Price {
        guard let startedAt else { return from }
        let way = min(Int128(length.nanoseconds), Int128((now - startedAt).nanoseconds))
        if length.nanoseconds <= 0 { return to }
        return Price(units: from.units + (to.units - from.units) * way / Int128(length.nanoseconds))
    }

    func isOver(at now: Instant) -> Bool {
        startedAt.map { now - $0 >= length } ?? false
    }
}

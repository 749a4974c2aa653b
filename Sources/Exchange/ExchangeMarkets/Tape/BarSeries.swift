internal import Trading

/// What a series holds one of for each stretch of time.
internal protocol TapeBar: Sendable {
    /// A bar in which nothing has happened.
    init(flat price: Int64)
    var close: Int64 { get }
    /// Takes in the bar that follows this one.
    mutating func merge(_ next: Self)
}

/// Bars of one length without gaps, the last one being built.
internal struct BarSeries<Element: TapeBar>: Sendable {
    /// Milliseconds.
    let length: Int64
    private(set) var bars: RecentRing<Element>
    /// When the last bar opened.
    private(set) var openTime: Int64 = 0
    /// Whether bars have made room for others.
    private(set) var hasDropped = false

    init(length: Int64, capacity: Int) {
        self.length = length
        bars = RecentRing(capacity: capacity)
    }

    /// When the oldest bar that is kept opened.
    var firstTime: Int64 { openTime - Int64(bars.count - 1) * length }

    /// Begins with a bar, or adds the one that follows.
    mutating func append(_ bar: Element, openTime: Int64) {
        self.openTime = openTime
        if bars.count == bars.capacity { hasDropped = true }
        bars.append(bar)
    }

    /// Adds bars in which nothing happens until the one that holds `wall` is being built.
    mutating func advance(to wall: Int64) {
        guard wall - openTime >= length, let close = bars.last?.close else { return }
        let opening = wall / length * length
        let gap = (opening - openTime) / length
        if gap > Int64(bars.capacity) {
            openTime = opening - Int64(bars.capacity) * length
            bars.removeAll()
            hasDropped = true
        }
        while openTime < opening { append(Element(flat: close), openTime: openTime + length) }
    }

    /// Takes back a bar that closed before a restart; those between it and the last one are flat.
    mutating func take(_ bar: Element, openingAt time: Int64) {
        advance(to: time)
        if time == openTime, !bars.isEmpty { bars[bars.count - 1] = bar }
    }

    /// Takes a shorter bar in that was closed before a restart, unless a longer one that came back whole
    /// has it already.
    mutating func fold(_ bar: Element, openingAt time: Int64, behind whole: Int64) {
        guard time >= whole else { return }
        advance(to: time)
        if time >= openTime, !bars.isEmpty { bars[bars.count - 1].merge(bar) }
    }

    /// The bars that closed up to a time and open from another one on, oldest first.
    func closed(from start: Int64, upTo end: Int64) -> [(openTime: Int64, bar: Element)] {
        guard !bars.isEmpty else { return [] }
        let first = max(0, (start - firstTime + length - 1) / length)
        return (Int(first)..<max(Int(first), bars.count)).compactMap { place in
            let time = firstTime + Int64(place) * length
            return time + length <= end ? (time, bars[place]) : nil
        }
    }

    /// The bar that opened at a time; nil where it is not kept. One that nobody has begun yet is flat.
    func bar(openingAt time: Int64) -> Element? {
        guard let last = bars.last else { return nil }
        if time > openTime { return Element(flat: last.close) }
        let back = Int((openTime - time) / length)
        return back < bars.count ? bars[bars.count - 1 - back] : nil
    }
}

extension BarSeries where Element == Bar {
    @inline(__always)
    mutating func add(_ trade: TapeTrade, quote: Money) {
        advance(to: trade.time)
        let last = bars.count - 1
        // A bar opens at its first trade; until then it is held at the close before it.
        if bars[last].count == 0 { bars[last] = Bar(flat: trade.price) }
        bars[last].add(trade, quote: quote)
    }
}

extension BarSeries where Element == PriceBar {
    /// Takes a price that was so at a time.
    mutating func add(_ price: Int64, at wall: Int64) {
        advance(to: wall)
        bars[bars.count - 1].add(price)
    }
}

internal import Trading

/// A market's past before it opened, made up from its seed: the same for every question, without memory,
/// closing at the opening price.
///
/// The price is a sum of value noise of periods from two months to a minute. A bar opens where the one
/// before it closes; longer bars are made of their minutes, and before five weeks ago of their hours.
internal struct PriceHistory: Sendable {
    /// How far back it reaches, in minutes: two years.
    static let reach: Int64 = 730 * 1_440
    /// How far back it knows minutes; shorter bars than an hour end there.
    private static let minuteReach: Int64 = 35 * 1_440

    /// The minute the market opened in, since 1970.
    let end: Int64
    /// The id of the first trade after the past.
    let nextID: Int64
    private let seed: UInt64
    private let step: Int64
    private let tick: Price
    private let quantityStep: Quantity
    /// The last price in ticks, and what the noise says there.
    private let ticks: UInt64
    private let endFactor: UInt64
    /// What trades in a minute, in steps, and in how many prints.
    private let steps: Int64
    private let prints: Int64
    private let scale: TapeScale

    init(
        _ listing: Listing, seed: UInt64, price: Price, wall: Int64, nextID: Int64,
        scale: TapeScale
    ) {
        self.seed = seed
        self.nextID = nextID
        self.scale = scale
        step = Int64(min(30, max(1, listing.stepMillionths)))
        end = wall / 60_000
        tick = listing.instrument.tick
        quantityStep = listing.instrument.step
        ticks = UInt64(clamping: max(1, price.units / tick.units))
        var noise = HistoryNoise(seed: seed, step: step)
        endFactor = UInt64(noise.factor(end))
        let quoteValue = Money(units: max(1, listing.quoteValue.units))
        let quote = Money.whole(listing.pace.worthPerMinute).ratio(to: quoteValue, .down)
        let quantity = Money(units: quote.units).divided(by: max(tick, price), .down)
        steps = max(1, Int64(clamping: quantity.units / quantityStep.units))
        prints = max(1, listing.pace.tradesPerMinute)
    }

    /// The bar of the time from `from` to `to` in epoch milliseconds, both on the minute; nil where it
    /// does not reach.
    func bar(from: Int64, to: Int64) -> Bar? {
        var whole: Bar?
        let isKnown = spans(from: from, to: to) { minutes, length in
            visit(minutes, by: length) { merge($0, into: &whole) }
        }
        return isKnown ? whole : nil
    }

    /// Shows the minutes of a time with the length of the bars they are known by; false where it does not
    /// reach.
    func spans(from: Int64, to: Int64, _ body: (Range<Int64>, Int64) -> Void) -> Bool {
        let first = from / 60_000
        let last = min(to / 60_000, end)
        guard first < last, first >= end - PriceHistory.reach else { return false }
        let border = (end - PriceHistory.minuteReach) / 60 * 60
        if first < border {
            guard first % 60 == 0, last % 60 == 0 || last > border else { return false }
            body(first..<min(last, border), 60)
        }
        if last > border { body(max(first, border)..<last, 1) }
        return true
    }

    private func merge(_ bar: Bar, into whole: inout Bar?) {
        if whole == nil { whole = bar } else { whole?.merge(bar) }
    }

    /// Shows bars of so many minutes, oldest first.
    func visit(_ minutes: Range<Int64>, by length: Int64, _ body: (Bar) -> Void) {
        visitTicks(minutes, by: length) { body(bar($0, length, $1, $2)) }
    }

    /// Shows the beginnings of so many minutes with the price in ticks there and at their ends.
    private func visitTicks(
        _ minutes: Range<Int64>, by length: Int64, _ body: (Int64, Int64, Int64) -> Void
    ) {
        var noise = HistoryNoise(seed: seed, step: step)
        var open = price(noise.factor(minutes.lowerBound))
        var minute = minutes.lowerBound
        while minute < minutes.upperBound {
            let close = price(noise.factor(minute + length))
            body(minute, open, close)
            open = close
            minute += length
        }
    }

    /// Shows the index at the beginning and at the end of so many minutes, and by how much mark stood
    /// above it, in 1e-9, at both.
    func visitMarks(
        _ minutes: Range<Int64>, by length: Int64,
        _ body: (_ index: (Price, Price), _ premium: (Int64, Int64)) -> Void
    ) {
        visitTicks(minutes, by: length) { minute, open, close in
            body(
                (Price(units: tick.units * Int128(open)), Price(units: tick.units * Int128(close))),
                (premium(minute), premium(minute + length)))
        }
    }

    /// By how much mark stood above the index in a minute, in 1e-9: value noise of half an hour, gone
    /// when the market opens.
    private func premium(_ minute: Int64) -> Int64 {
        let period: Int64 = 30
        let knot = minute / period
        let salted = seed ^ 0x5EED_0F_93E1
        let from = HistoryNoise.signed(salted, knot)
        let way = (HistoryNoise.signed(salted, knot + 1) - from) * (minute - knot * period) / period
        let most: Int64 = 300_000
        return (((from + way) * most) >> 20) * min(period, end - minute) / period
    }

    /// A price in ticks, at least one.
    private func price(_ factor: Int64) -> Int64 {
        let wide = ticks.multipliedFullWidth(by: UInt64(factor))
        guard wide.high < endFactor else { return 1 }
        return max(1, Int64(clamping: endFactor.dividingFullWidth(wide).quotient))
    }

    private func bar(_ minute: Int64, _ length: Int64, _ open: Int64, _ close: Int64) -> Bar {
        let draw = HistoryNoise.hash(seed ^ 0xB5, minute)
        func share(_ shift: UInt64) -> Int64 { Int64((draw >> shift) & 0xFF) }
        let reach = (length == 1 ? 5 : 40) * step
        let wick = Int64(clamping: Int128(max(open, close)) * Int128(reach) / 1_000_000)
        let volume = max(1, steps * length * (128 + share(16)) / 256)
        let taken = volume * (64 + share(24) / 2) / 256
        let middle = Price(units: Int128(open + close) * tick.units / 2)
        func quantity(_ steps: Int64) -> Quantity {
            Quantity(units: quantityStep.units * Int128(steps))
        }
        func packed(_ ticks: Int64) -> Int64 {
            scale.pack(Price(units: tick.units * Int128(ticks)))
        }
        var bar = Bar(flat: packed(open))
        bar.high = packed(max(open, close) + wick * share(0) / 256)
        bar.low = packed(max(1, min(open, close) - wick * share(8) / 256))
        bar.close = packed(close)
        bar.volume = scale.pack(quantity(volume))
        bar.takerVolume = scale.pack(quantity(taken))
        bar.quote = middle.times(quantity(volume), .down)
        bar.takerQuote = middle.times(quantity(taken), .down)
        bar.count = max(1, prints * length * (128 + share(32)) / 256)
        return bar
    }
}

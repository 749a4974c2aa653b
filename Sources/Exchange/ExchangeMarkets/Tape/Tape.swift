internal import Trading

/// What a market keeps of its past: prints, aggregates, candles.
///
/// Adding a print touches the bars being built and nothing else; once the rings are full nothing is
/// allocated. What is asked for is put together then.
internal struct Tape: Sendable {
    /// What is kept of each market: with all rings full some 550 kB, after a day of trading some 250 kB.
    enum Limits {
        /// The most a venue lists at once.
        static let trades = 1_000
        static let aggregates = 1_000
        static let seconds = 1_000
        /// 25 hours: 1,500 candles, the most a venue lists at once, and the rolling day.
        static let minutes = 1_500
        /// Ten days of quarters of an hour, twelve weeks of two hours, two years of days.
        static let quarters = 1_000
        static let pairsOfHours = 1_000
        static let days = 750
        /// Minutes whose prints a market that opens has behind it: some 150 to 400 prints.
        static let openingMinutes: Int64 = 6
    }

    let scale: TapeScale
    private let tick: Price
    private let quantityStep: Quantity
    private(set) var trades = RecentRing<TapeTrade>(capacity: Limits.trades)
    private(set) var aggregates = RecentRing<TapeAggregate>(capacity: Limits.aggregates)
    internal var minutes = BarSeries<Bar>(length: 60_000, capacity: Limits.minutes)
    internal var quarters = BarSeries<Bar>(length: 900_000, capacity: Limits.quarters)
    internal var pairs = BarSeries<Bar>(length: 7_200_000, capacity: Limits.pairsOfHours)
    internal var days = BarSeries<Bar>(length: 86_400_000, capacity: Limits.days)
    internal var seconds: BarSeries<Bar>?
    /// Until when the longer bars came back whole after a restart: quarters, pairs of hours, days.
    internal var whole: [Int64] = [0, 0, 0]
    /// The last minute that came back; nil where none has.
    internal var keptMinute: Int64?
    /// The minute that was being built before a restart, until the market opens again.
    internal var unfinished: KeptBar<Bar>?
    /// The rolling day, once it has been added up.
    internal var day: DayWindow?
    /// The past before the market opened, where it was given one.
    internal private(set) var history: PriceHistory?
    private(set) var hasBegun = false

    init(_ listing: Listing, keepsSeconds: Bool) {
        scale = TapeScale(listing.instrument)
        tick = listing.instrument.tick
        quantityStep = listing.instrument.step
        if keepsSeconds { seconds = BarSeries(length: 1_000, capacity: Limits.seconds) }
    }

    // MARK: beginning

    /// Begins at a price, with a past where one is given.
    mutating func begin(at price: Price, wall: Int64, history: PriceHistory?) {
        hasBegun = true
        self.history = history
        let flat = Bar(flat: scale.pack(price))
        begin(&quarters, flat, wall)
        begin(&pairs, flat, wall)
        begin(&days, flat, wall)
        minutes.append(flat, openTime: wall / 60_000 * 60_000)
        seconds?.append(flat, openTime: wall / 1_000 * 1_000)
        if let history { printLast(of: history) }
    }

    /// The bar that is being built holds what the past has of it.
    private func begin(_ series: inout BarSeries<Bar>, _ flat: Bar, _ wall: Int64) {
        let opening = wall / series.length * series.length
        let past = history?.bar(from: opening, to: wall)
        series.append(past ?? flat, openTime: opening)
    }

    /// Puts the last prints of the past on the tape.
    private mutating func printLast(of history: PriceHistory) {
        var bars: [Bar] = []
        let first = history.end - Limits.openingMinutes
        history.visit(first..<history.end, by: 1) { bars.append($0) }
        var id = history.nextID - bars.reduce(0) { $0 + $1.count }
        for (index, bar) in bars.enumerated() {
            putPrints(of: bar, firstID: id, (first + Int64(index)) * 60_000)
            id += bar.count
        }
    }

    /// Puts the prints that a minute of the past is made of on the tape.
    internal mutating func putPrints(of bar: Bar, firstID: Int64, _ opening: Int64) {
        let step = max(1, scale.pack(Price(units: tick.units)))
        let lot = max(1, scale.pack(Quantity(units: quantityStep.units)))
        let each = bar.volume / lot / bar.count * lot
        for place in 0..<bar.count {
            let way = (bar.close - bar.open) * place / bar.count / step * step
            let rest = bar.volume - each * (bar.count - 1)
            let quantity = place == 0 || each == 0 ? max(lot, rest) : each
            trades.append(
                TapeTrade(
                    id: firstID + place, price: bar.open + way, quantity: quantity,
                    isBuyerMaker: place * bar.volume >= bar.takerVolume * bar.count,
                    at: opening + place * 60_000 / bar.count))
        }
    }

    // MARK: adding

    mutating func add(_ trade: PublicTrade) {
        let packed = TapeTrade(
            id: trade.id, price: scale.pack(trade.price), quantity: scale.pack(trade.quantity),
            isBuyerMaker: trade.isBuyerMaker, at: trade.timeMilliseconds)
        let quote = trade.price.times(trade.quantity, .down)
        trades.append(packed)
        minutes.add(packed, quote: quote)
        quarters.add(packed, quote: quote)
        pairs.add(packed, quote: quote)
        days.add(packed, quote: quote)
        seconds?.add(packed, quote: quote)
    }

    mutating func add(_ trade: AggregateTrade) { aggregates.append(TapeAggregate(trade, scale)) }

    // MARK: reading

    private func series(_ base: CandleInterval) -> BarSeries<Bar>? {
        switch base {
        case .oneSecond: seconds
        case .oneMinute: minutes
        case .fifteenMinutes: quarters
        case .twoHours: pairs
        case .oneDay: days
        case _: nil
        }
    }

    /// The candle that opened at a time, as far as it has come at `wall`; nil where it is not kept, or
    /// opens later.
    func candle(_ interval: CandleInterval, openingAt opening: Int64, at wall: Int64) -> Candle? {
        guard opening <= wall, let series = series(interval.base) else { return nil }
        let end = min(interval.next(after: opening), wall + 1)
        var whole: Bar?
        var time = opening
        if time < series.firstTime {
            if series.hasDropped || series.firstTime >= end && history == nil { return nil }
            let known = min(end, series.firstTime)
            if let history {
                guard let past = history.bar(from: time, to: known) else { return nil }
                whole = past
            }
            time = known
        }
        while time < end {
            guard let bar = series.bar(openingAt: time) else { return nil }
            if whole == nil { whole = bar } else { whole?.merge(bar) }
            time += series.length
        }
        return whole?.candle(interval, openTime: opening, scale)
    }

    /// The volume-weighted price of the minutes before `wall`; the last price where nothing traded.
    func average(minutes count: Int, at wall: Int64) -> Price? {
        guard let last = minutes.bars.last else { return nil }
        let from = wall / 60_000 * 60_000 - Int64(count - 1) * 60_000
        var volume: Int64 = 0
        var quote = Money.zero
        var time = minutes.openTime
        while time >= max(from, minutes.firstTime), let bar = minutes.bar(openingAt: time) {
            volume += bar.volume
            quote += bar.quote
            time -= 60_000
        }
        if volume == 0 { return scale.price(last.close) }
        return quote.divided(by: scale.quantity(volume), .nearestEven)
    }
}

internal import Trading

/// What a market keeps of its computed prices: candles of mark, index and premium, sampled when they are
/// told, once a second; each 408 kB when all rings are full, after three months.
internal struct MarkTape: Sendable {
    enum Kind: String, CaseIterable { case mark, index, premium }

    /// One price's candles: figures in 1e-8, as venues show them.
    internal struct Bars: Sendable {
        internal var minutes = BarSeries<PriceBar>(length: 60_000, capacity: Tape.Limits.minutes)
        internal var quarters = BarSeries<PriceBar>(length: 900_000, capacity: Tape.Limits.quarters)
        internal var pairs = BarSeries<PriceBar>(
            length: 7_200_000, capacity: Tape.Limits.pairsOfHours)
        internal var days = BarSeries<PriceBar>(length: 86_400_000, capacity: Tape.Limits.days)
        /// Until when the longer bars came back whole after a restart: quarters, pairs of hours, days.
        private var whole: [Int64] = [0, 0, 0]
        private var keptMinute: Int64?

        func series(_ base: CandleInterval) -> BarSeries<PriceBar>? {
            switch base {
            case .oneMinute: minutes
            case .fifteenMinutes: quarters
            case .twoHours: pairs
            case .oneDay: days
            case _: nil
            }
        }

        /// Begins at a price; what was before it in the bars being built is found in the past.
        mutating func begin(at price: Int64, wall: Int64) {
            func start(_ series: inout BarSeries<PriceBar>) {
                series.append(PriceBar(flat: price), openTime: wall / series.length * series.length)
            }
            start(&minutes)
            start(&quarters)
            start(&pairs)
            start(&days)
        }

        /// Takes back a bar of one of the lengths that are kept, which had closed.
        mutating func take(_ bar: PriceBar, openingAt time: Int64, length: Int64) {
            switch length {
            case minutes.length:
                guard time > keptMinute ?? .min else { return }
                keptMinute = time
                minutes.take(bar, openingAt: time)
                quarters.fold(bar, openingAt: time, behind: whole[0])
                pairs.fold(bar, openingAt: time, behind: whole[1])
                days.fold(bar, openingAt: time, behind: whole[2])
            case quarters.length:
                quarters.take(bar, openingAt: time)
                whole[0] = time + length
            case pairs.length:
                pairs.take(bar, openingAt: time)
                whole[1] = time + length
            case days.length:
                days.take(bar, openingAt: time)
                whole[2] = time + length
            case _: break
            }
        }

        mutating func add(_ price: Int64, at wall: Int64) {
            minutes.add(price, at: wall)
            quarters.add(price, at: wall)
            pairs.add(price, at: wall)
            days.add(price, at: wall)
        }
    }

    internal private(set) var mark = Bars()
    internal private(set) var index = Bars()
    internal private(set) var premium = Bars()
    private let history: PriceHistory?
    /// Epoch milliseconds of the minute it began in.
    private let began: Int64
    /// The minutes that were being built before a restart, until the market opens again.
    private var unfinished: [KeptBar<PriceBar>] = []

    /// Begins at prices, with a past where one is given.
    init(mark: Price, index: Price, wall: Int64, history: PriceHistory?) {
        self.history = history
        began = wall / 60_000 * 60_000
        self.mark.begin(at: MarkTape.pack(mark), wall: wall)
        self.index.begin(at: MarkTape.pack(index), wall: wall)
        premium.begin(at: 0, wall: wall)
    }

    mutating func add(mark: Price, index: Price, premium: Ratio, at wall: Int64) {
        self.mark.add(MarkTape.pack(mark), at: wall)
        self.index.add(MarkTape.pack(index), at: wall)
        self.premium.add(MarkTape.pack(premium), at: wall)
    }

    // MARK: bringing back

    mutating func take(_ kind: Kind, _ bar: PriceBar, openingAt time: Int64, length: Int64) {
        switch kind {
        case .mark: mark.take(bar, openingAt: time, length: length)
        case .index: index.take(bar, openingAt: time, length: length)
        case .premium: premium.take(bar, openingAt: time, length: length)
        }
    }

    /// Sets the minutes that were being built: mark, index, premium.
    mutating func set(unfinished bars: [KeptBar<PriceBar>]) { unfinished = bars }

    /// The minutes that are being built; before the market opens again, those that were.
    var running: [KeptBar<PriceBar>] {
        if !unfinished.isEmpty { return unfinished }
        return Kind.allCases.compactMap { kind in
            let minutes = bars(kind).minutes
            return minutes.bars.last.map { KeptBar(openTime: minutes.openTime, bar: $0) }
        }
    }

    /// Goes on after a restart with what had begun of a minute.
    mutating func resume() {
        for (kind, kept) in zip(Kind.allCases, unfinished)
        where kept.openTime >= bars(kind).minutes.openTime {
            take(kind, kept.bar, openingAt: kept.openTime, length: 60_000)
        }
        unfinished = []
    }

    // MARK: figures

    private static let unit: Int128 = 10_000

    static func pack(_ value: some ExactDecimal) -> Int64 { Int64(clamping: value.units / unit) }

    static func unpack<Value: ExactDecimal>(_ packed: Int64) -> Value {
        Value(units: Int128(packed) * unit)
    }

    // MARK: reading

    /// The candle that opened at a time, as far as it has come at `wall`; nil where it is not kept, or
    /// opens later.
    func bar(
        _ kind: Kind, _ interval: CandleInterval, openingAt opening: Int64, at wall: Int64
    ) -> PriceBar? {
        guard opening <= wall, let series = bars(kind).series(interval.base) else { return nil }
        let end = min(interval.next(after: opening), wall + 1)
        var whole: PriceBar?
        if opening < began, !series.hasDropped {
            if let history {
                whole = MarkTape.past(kind, history, from: opening, to: min(end, began))
                if whole == nil { return nil }
            } else if series.firstTime >= end {
                return nil
            }
        } else if opening < series.firstTime {
            return nil
        }
        var time = end <= began ? end : max(opening, series.firstTime)
        while time < end {
            guard let bar = series.bar(openingAt: time) else { return nil }
            if whole == nil { whole = bar } else { whole?.merge(bar) }
            time += series.length
        }
        return whole
    }

    internal func bars(_ kind: Kind) -> Bars {
        switch kind {
        case .mark: mark
        case .index: index
        case .premium: premium
        }
    }

    /// A time of the past before the market opened.
    private static func past(
        _ kind: Kind, _ history: PriceHistory, from: Int64, to: Int64
    ) -> PriceBar? {
        var whole: PriceBar?
        let isKnown = history.spans(from: from, to: to) { minutes, length in
            history.visitMarks(minutes, by: length) { index, premium in
                let bar = pastBar(kind, index, premium)
                if whole == nil { whole = bar } else { whole?.merge(bar) }
            }
        }
        return isKnown ? whole : nil
    }

    private static func pastBar(
        _ kind: Kind, _ index: (Price, Price), _ premium: (Int64, Int64)
    ) -> PriceBar {
        func mark(_ index: Price, _ premium: Int64) -> Int64 {
            pack(Price(units: index.units + index.units * Int128(premium) / 1_000_000_000))
        }
        return switch kind {
        case .mark: PriceBar(from: mark(index.0, premium.0), to: mark(index.1, premium.1))
        case .index: PriceBar(from: pack(index.0), to: pack(index.1))
        case .premium: PriceBar(from: premium.0 / 10, to: premium.1 / 10)
        }
    }
}

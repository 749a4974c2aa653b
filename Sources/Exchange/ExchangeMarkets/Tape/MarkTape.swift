internal import Trading

/// What a market keeps of its computed prices: candles of mark, index and premium, sampled when they are
/// told, once a second; each 408 kB when all rings are full, after three months.
internal struct MarkTape: Sendable {
    enum Kind { case mark, index, premium }

    /// One price's candles: figures in 1e-8, as venues show them.
    private struct Bars: Sendable {
        private var minutes = BarSeries<PriceBar>(length: 60_000, capacity: Tape.Limits.minutes)
        private var quarters = BarSeries<PriceBar>(length: 900_000, capacity: Tape.Limits.quarters)
        private var pairs = BarSeries<PriceBar>(
            length: 7_200_000, capacity: Tape.Limits.pairsOfHours)
        private var days = BarSeries<PriceBar>(length: 86_400_000, capacity: Tape.Limits.days)

        func series(_ base: CandleInterval) -> BarSeries<PriceBar>? {
            switch base {
            case .oneMinute: minutes
            case .fifteenMinutes: quarters
            case .twoHours: pairs
            case .oneDay: days
            case _: nil
            }
        }

        /// Begins at a price; what is being built holds what the past has of it.
        mutating func begin(at price: Int64, wall: Int64, past: (Int64) -> PriceBar?) {
            func start(_ series: inout BarSeries<PriceBar>) {
                let opening = wall / series.length * series.length
                var bar = past(opening) ?? PriceBar(flat: price)
                bar.add(price)
                series.append(bar, openTime: opening)
            }
            start(&minutes)
            start(&quarters)
            start(&pairs)
            start(&days)
        }

        mutating func add(_ price: Int64, at wall: Int64) {
            minutes.add(price, at: wall)
            quarters.add(price, at: wall)
            pairs.add(price, at: wall)
            days.add(price, at: wall)
        }
    }

    private var mark = Bars()
    private var index = Bars()
    private var premium = Bars()
    private let history: PriceHistory?

    /// Begins at prices, with a past where one is given.
    init(mark: Price, index: Price, wall: Int64, history: PriceHistory?) {
        self.history = history
        let begin: [(WritableKeyPath<MarkTape, Bars>, Kind, Int64)] = [
            (\.mark, .mark, MarkTape.pack(mark)), (\.index, .index, MarkTape.pack(index)),
            (\.premium, .premium, 0),
        ]
        for (path, kind, value) in begin {
            self[keyPath: path].begin(at: value, wall: wall) { opening in
                history.flatMap { MarkTape.past(kind, $0, from: opening, to: wall) }
            }
        }
    }

    mutating func add(mark: Price, index: Price, premium: Ratio, at wall: Int64) {
        self.mark.add(MarkTape.pack(mark), at: wall)
        self.index.add(MarkTape.pack(index), at: wall)
        self.premium.add(MarkTape.pack(premium), at: wall)
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
        var time = opening
        if time < series.firstTime {
            if series.hasDropped || series.firstTime >= end && history == nil { return nil }
            let known = min(end, series.firstTime)
            if let history {
                guard let past = MarkTape.past(kind, history, from: time, to: known) else {
                    return nil
                }
                whole = past
            }
            time = known
        }
        while time < end {
            guard let bar = series.bar(openingAt: time) else { return nil }
            if whole == nil { whole = bar } else { whole?.merge(bar) }
            time += series.length
        }
        return whole
    }

    private func bars(_ kind: Kind) -> Bars {
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

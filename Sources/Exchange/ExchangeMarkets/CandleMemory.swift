package import Bytes
internal import Trading

/// From what a market's made-up past was made when it first opened.
internal struct MarketOpening: Equatable, Sendable {
    /// Epoch milliseconds.
    let wall: Int64
    let last: Price
    let mark: Price
    let index: Price
    let nextID: Int64
    /// How prices and quantities of kept bars are counted.
    let scale: TapeScale

    var text: String {
        "\(wall) \(last.units) \(mark.units) \(index.units) \(nextID) \(scale.price) \(scale.quantity)"
    }
}

extension MarketOpening {
    init?(_ text: String) {
        let figures = text.split(separator: " ").compactMap { Int128($0) }
        guard figures.count == 7, figures.allSatisfy({ $0 > 0 }),
            let wall = Int64(exactly: figures[0]), let nextID = Int64(exactly: figures[4])
        else { return nil }
        self.init(
            wall: wall, last: Price(units: figures[1]), mark: Price(units: figures[2]),
            index: Price(units: figures[3]), nextID: nextID,
            scale: TapeScale(price: figures[5], quantity: figures[6]))
    }
}

/// The minutes that are being built, in a text of numbers.
internal struct RunningBars: Equatable, Sendable {
    let trades: KeptBar<Bar>
    let marks: [KeptBar<PriceBar>]

    var text: String {
        ([BarText.text(trades.bar, trades.openTime)]
            + marks.map { BarText.text($0.bar, $0.openTime) }).joined(separator: ";")
    }
}

extension RunningBars {
    init?(_ text: String) {
        let parts = text.split(separator: ";")
        guard let first = parts.first, let trades = BarText.bar(first) else { return nil }
        let marks = parts.dropFirst().compactMap(BarText.priceBar)
        guard marks.count == parts.count - 1 else { return nil }
        self.init(trades: trades, marks: marks)
    }
}

/// Bars as numbers: the time, the opening price, and the other prices as what they differ by.
internal enum BarText {
    static func text(_ bar: Bar, _ time: Int64) -> String {
        "\(time) \(bar.open) \(bar.high - bar.open) \(bar.low - bar.open) \(bar.close - bar.open) "
            + "\(bar.volume) \(bar.takerVolume) \(bar.quote.units) \(bar.takerQuote.units) "
            + "\(bar.count) \(bar.firstID)"
    }

    static func text(_ bar: PriceBar, _ time: Int64) -> String {
        "\(time) \(bar.open) \(bar.high - bar.open) \(bar.low - bar.open) \(bar.close - bar.open)"
    }

    /// The numbers of a text; nil where there are not so many, or one is none.
    private static func figures(_ text: Substring, _ count: Int) -> [Int128]? {
        let figures = text.split(separator: " ").compactMap { Int128($0) }
        return figures.count == count ? figures : nil
    }

    private static func prices(_ figures: [Int128]) -> [Int64]? {
        let open = figures[1]
        let prices = [open, open + figures[2], open + figures[3], open + figures[4]]
            .compactMap { Int64(exactly: $0) }
        return prices.count == 4 ? prices : nil
    }

    static func bar(_ text: Substring) -> KeptBar<Bar>? {
        guard let figures = figures(text, 11), let prices = prices(figures),
            let time = Int64(exactly: figures[0]), let volume = Int64(exactly: figures[5]),
            let takerVolume = Int64(exactly: figures[6]), let count = Int64(exactly: figures[9]),
            let firstID = Int64(exactly: figures[10])
        else { return nil }
        var bar = Bar(flat: prices[0])
        bar.high = prices[1]
        bar.low = prices[2]
        bar.close = prices[3]
        bar.volume = volume
        bar.takerVolume = takerVolume
        bar.quote = Money(units: figures[7])
        bar.takerQuote = Money(units: figures[8])
        bar.count = count
        bar.firstID = firstID
        return KeptBar(openTime: time, bar: bar)
    }

    static func priceBar(_ text: Substring) -> KeptBar<PriceBar>? {
        guard let figures = figures(text, 5), let prices = prices(figures),
            let time = Int64(exactly: figures[0])
        else { return nil }
        let bar = PriceBar(open: prices[0], high: prices[1], low: prices[2], close: prices[3])
        return KeptBar(openTime: time, bar: bar)
    }
}

/// A market's candles as a journal keeps them: closed bars of one kind and length a fact, as rows of
/// numbers. A flat bar is left out: what is missing between two is flat.
///
/// Bounded by the rings they come from: some 4,250 bars of each kind, 60 to 100 bytes a bar.
package enum CandleMemory {
    /// Rows a fact holds at most: some 20 kB.
    private static let rows = 200

    /// Writes the fields of facts for the minutes that closed between two times, both on the minute.
    package static func write(
        minutesOf market: Market, from start: Int64, to end: Int64,
        _ fact: (_ fields: (inout JSONWriter) -> Void) -> Void
    ) {
        write(market, length: 60_000, from: start, to: end, fact)
    }

    /// Writes the fields of facts for all bars that are kept and have closed, longer ones first.
    package static func write(
        all market: Market, _ fact: (_ fields: (inout JSONWriter) -> Void) -> Void
    ) {
        guard market.tape.hasBegun else { return }
        // Before the market opens again, what came back has closed.
        let end = market.tape.minutes.openTime + (market.isOpen ? 0 : 60_000)
        for length in [86_400_000, 7_200_000, 900_000, 60_000] as [Int64] {
            write(market, length: length, from: 0, to: end, fact)
        }
    }

    private static func write(
        _ market: Market, length: Int64, from start: Int64, to end: Int64,
        _ fact: (_ fields: (inout JSONWriter) -> Void) -> Void
    ) {
        let trades = market.tape.closed(length: length, from: start, to: end)
        write(market.symbol, "trade", length, trades, fact)
        guard let marks = market.marks else { return }
        for kind in MarkTape.Kind.allCases {
            let bars = marks.closed(kind, length: length, from: start, to: end)
            write(market.symbol, kind.rawValue, length, bars, fact)
        }
    }

    private static func write(
        _ symbol: Symbol, _ kind: String, _ length: Int64, _ rows: [String],
        _ fact: (_ fields: (inout JSONWriter) -> Void) -> Void
    ) {
        for first in stride(from: 0, to: rows.count, by: CandleMemory.rows) {
            let some = rows[first..<min(rows.count, first + CandleMemory.rows)]
            fact { out in
                out.field("symbol", symbol.name)
                out.field("kind", kind)
                out.field("length", length)
                out.field("rows", some.joined(separator: ";"))
            }
        }
    }
}

extension Tape {
    /// Rows of the bars of a length that have closed between two times and are not flat.
    fileprivate func closed(length: Int64, from start: Int64, to end: Int64) -> [String] {
        guard hasBegun else { return [] }
        let series = [minutes, quarters, pairs, days].first { $0.length == length }
        return (series?.closed(from: start, upTo: end) ?? []).compactMap { time, bar in
            bar.count > 0 ? BarText.text(bar, time) : nil
        }
    }
}

extension MarkTape {
    fileprivate func closed(
        _ kind: Kind, length: Int64, from start: Int64, to end: Int64
    ) -> [String] {
        let bars = bars(kind)
        let series = [bars.minutes, bars.quarters, bars.pairs, bars.days]
            .first { $0.length == length }
        return (series?.closed(from: start, upTo: end) ?? []).compactMap { time, bar in
            bar.high == bar.low ? nil : BarText.text(bar, time)
        }
    }
}

extension Market {
    /// The minutes being built; those that were before a restart, until the market opens again.
    internal var running: RunningBars? {
        let trades =
            tape.unfinished
            ?? tape.minutes.bars.last.map { KeptBar(openTime: tape.minutes.openTime, bar: $0) }
        return trades.map { RunningBars(trades: $0, marks: marks?.running ?? []) }
    }

    /// Takes back the bars of one fact; rows of a form that is not known are left out.
    package mutating func takeCandles(_ value: JSONValue) throws(JSONError) {
        let kind = try value.field("kind", \.text)
        let length = try value.field("length", \.integer)
        for row in try value.field("rows", \.text).split(separator: ";") {
            if kind == "trade" {
                guard let kept = BarText.bar(row) else { continue }
                tape.take(kept.bar, openingAt: kept.openTime, length: length)
            } else if let kind = MarkTape.Kind(rawValue: kind),
                let kept = BarText.priceBar(row)
            {
                marks?.take(kind, kept.bar, openingAt: kept.openTime, length: length)
            }
        }
    }

    /// Begins the tape where it once began, so that its past stays what it was; what was kept since
    /// follows. Nothing where the tape has begun, or its figures were counted otherwise.
    internal mutating func reopen(_ opening: MarketOpening, _ running: RunningBars?) {
        guard !isOpen else { return }
        if !tape.hasBegun {
            guard opening.scale == tape.scale else { return }
            beginTape(opening)
        }
        tape.unfinished = running?.trades
        marks?.set(unfinished: running?.marks ?? [])
    }

    /// Begins the tape and the candles of marks at an opening.
    internal mutating func beginTape(_ opening: MarketOpening) {
        self.opening = opening
        let history =
            hasHistory
            ? PriceHistory(
                listing, seed: historySeed, price: opening.last, wall: opening.wall,
                nextID: opening.nextID, scale: tape.scale) : nil
        tape.begin(at: opening.last, wall: opening.wall, history: history)
        guard keepsMarks else { return }
        marks = MarkTape(
            mark: opening.mark, index: opening.index, wall: opening.wall, history: history)
    }
}

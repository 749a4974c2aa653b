internal import Bounded
package import Matching
package import Trading

/// One symbol's market: its book, its prices, and what moves it.
package struct Market: Sendable {
    /// Its number on the floor.
    package let number: Int
    package internal(set) var listing: Listing
    package internal(set) var book: OrderBook
    /// What the walk says the thing is worth.
    package internal(set) var fair: Price
    /// What the walk is drawn back to.
    package internal(set) var home: Price
    package internal(set) var mark: Price
    package internal(set) var index: Price
    /// The mean of mark over about a minute.
    package internal(set) var average: Price
    package internal(set) var last: Price
    /// Epoch milliseconds of the last trade; 0 before the first.
    package internal(set) var lastTradeAt: Int64 = 0
    package internal(set) var ticker: BookTicker
    /// The id of the last change of this book; ids are shared by all symbols.
    package internal(set) var lastUpdateID: Int64 = 1
    internal var depth: DepthChanges
    internal var tape: Tape
    /// Candles of the computed prices, where the floor keeps them and the market has opened.
    internal var marks: MarkTape?
    /// By what share the book stands above the index (negative: below it), sampled once a second.
    package internal(set) var premium = Ratio.zero
    internal var premiums = PremiumMean()
    internal var prints = TradePrints()
    internal var random: SplitMix64
    internal var schedule = MarketSchedule()
    internal var ladders = Ladders()
    internal var script: PriceScript?
    internal var replay: MarketReplay?
    /// From what the past before its opening is made up.
    internal let historySeed: UInt64
    internal let hasHistory: Bool
    internal let keepsMarks: Bool
    /// When and where its tape began; nil before.
    internal var opening: MarketOpening?
    /// Whether it has opened since the process started.
    internal var isOpen = false

    internal init(_ listing: Listing, number: Int, _ settings: FloorSettings) {
        self.number = number
        self.listing = listing
        book = OrderBook(
            nextOrderID: 1_000_001, nextTradeID: 500_001, keepsPositions: settings.keepsPositions)
        fair = listing.anchor
        home = listing.anchor
        mark = listing.anchor
        index = listing.anchor
        average = listing.anchor
        last = listing.anchor
        ticker = BookTicker(market: number, updateID: 0)
        depth = DepthChanges(market: number, cadences: settings.cadences)
        tape = Tape(listing, keepsSeconds: settings.keepsSeconds)
        var seeder = SplitMix64(seed: settings.seed &+ UInt64(number) &* 0x9E37_79B9)
        random = SplitMix64(seed: seeder.next())
        historySeed = seeder.next()
        hasHistory = settings.hasHistory
        keepsMarks = settings.keepsMarks
    }

    package var symbol: Symbol { listing.symbol }

    /// The middle of the book, or nil where a side is empty.
    package var middle: Price? {
        guard let bid = book.best(.buy), let ask = book.best(.sell) else { return nil }
        return Price(units: (bid.price.units + ask.price.units) / 2)
    }

    // MARK: bringing back

    /// Sets the prices that were last known before a restart.
    package mutating func restore(fair: Price, mark: Price, last: Price) {
        self.fair = fair
        home = listing.anchor
        self.mark = mark
        self.last = last
        index = mark
        average = mark
    }

    /// Lets the book be brought back as it was: counters, positions and resting orders.
    package mutating func restoreBook(_ body: (inout OrderBook) -> Void) { body(&book) }
}

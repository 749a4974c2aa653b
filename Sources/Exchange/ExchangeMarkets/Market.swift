internal import Bounded
package import Matching
package import Trading

/// One symbol's market: its book, its prices, and what moves it.
package struct Market: Sendable {
    package private(set) var listing: Listing
    package internal(set) var book = OrderBook(nextOrderID: 1_000_001, nextTradeID: 500_001)
    /// What the walk says the thing is worth.
    package internal(set) var fair: Price
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
    internal var depth: [DepthChanges]
    internal var prints = TradePrints()
    internal var random: SplitMix64
    internal var schedule = MarketSchedule()
    internal var ladders = Ladders()

    internal init(_ listing: Listing, number: Int, seed: UInt64) {
        self.listing = listing
        fair = listing.anchor
        mark = listing.anchor
        index = listing.anchor
        average = listing.anchor
        last = listing.anchor
        ticker = BookTicker(market: number, updateID: 0)
        depth = DepthCadence.allCases.map { DepthChanges(market: number, cadence: $0) }
        var seeder = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
        random = SplitMix64(seed: seeder.next())
        prints.market = number
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
        self.mark = mark
        self.last = last
        index = mark
        average = mark
    }

    /// Trades the symbol by other rules from now on; what rests in the book stays.
    package mutating func replace(_ listing: Listing) {
        precondition(listing.symbol == symbol, "a market keeps its symbol")
        self.listing = listing
    }

    /// Lets the book be brought back as it was: counters, positions and resting orders.
    package mutating func restoreBook(_ body: (inout OrderBook) -> Void) { body(&book) }
}

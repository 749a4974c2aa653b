internal import Bounded
internal import Chronology
package import Matching
package import Trading

/// One symbol's market: its book, its prices, the account's orders in it, and what moves it.
package struct MarketState: Sendable {
    package let listing: Listing
    package internal(set) var book = OrderBook(nextOrderID: 1_000_001, nextTradeID: 500_001)
    /// What the walk says the thing is worth.
    internal var fair: Price
    package internal(set) var mark: Price
    package internal(set) var index: Price
    /// The mean of mark over about a minute.
    internal var average: Price
    package internal(set) var last: Price
    internal var lastTradeAt: Int64 = 0
    internal var ticker: BookTicker
    /// The id of the last change of this book; ids are shared by all symbols.
    package internal(set) var lastUpdateID: Int64 = 1
    internal var depth: [DepthChanges]
    internal var prints = TradePrints()
    internal var random: SplitMix64
    internal var schedule = MarketSchedule()
    internal var ladders = Ladders()
    internal var orders = OrderTable()
    internal var trades: [PaperTrade] = []
    internal var holding: Holding

    init(_ listing: Listing, number: Int, settings: PaperSettings) {
        self.listing = listing
        fair = listing.anchor
        mark = listing.anchor
        index = listing.anchor
        average = listing.anchor
        last = listing.anchor
        ticker = BookTicker(market: number, updateID: 0)
        depth = DepthCadence.allCases.map { DepthChanges(market: number, cadence: $0) }
        var seeder = SplitMix64(seed: settings.seed &+ UInt64(number) &* 0x9E37_79B9)
        random = SplitMix64(seed: seeder.next())
        holding = Holding(leverage: settings.leverage)
        prints.market = number
    }

    package var symbol: Symbol { listing.symbol }

    /// The middle of the book, or nil where a side is empty.
    internal var middle: Price? {
        guard let bid = book.best(.buy), let ask = book.best(.sell) else { return nil }
        return Price(units: (bid.price.units + ask.price.units) / 2)
    }

    /// What the account's open orders that may add to its position are worth, by side.
    internal var openNotional: (bids: Money, asks: Money) {
        var bids = Money.zero
        var asks = Money.zero
        for order in orders.open where !order.isReduceOnly {
            let worth = order.price.times(order.remaining, .down)
            if order.side == .buy { bids += worth } else { asks += worth }
        }
        return (bids.cents, asks.cents)
    }

    internal var margin: MarginFigures {
        let (bids, asks) = openNotional
        return MarginFigures(
            holding: holding, mark: mark, listing: listing, bids: bids, asks: asks)
    }
}

/// When each part of a market acts next.
internal struct MarketSchedule: Sendable {
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

/// The levels touched since a depth stream spoke last.
internal struct DepthChanges: Sendable {
    let market: Int
    let cadence: DepthCadence
    private var bids: [Price] = []
    private var asks: [Price] = []
    private var firstID: Int64 = 0
    private var lastID: Int64 = 0
    private var previousLastID: Int64 = 1

    init(market: Int, cadence: DepthCadence) {
        self.market = market
        self.cadence = cadence
    }

    mutating func touched(_ side: Side, _ price: Price, updateID: Int64) {
        if firstID == 0 { firstID = updateID }
        lastID = updateID
        if side == .buy {
            if !bids.contains(price) { bids.append(price) }
        } else {
            if !asks.contains(price) { asks.append(price) }
        }
    }

    /// The update for what was touched, or nil where nothing was.
    mutating func take(_ book: OrderBook, wall: Int64) -> DepthUpdate? {
        if firstID == 0 { return nil }
        let update = DepthUpdate(
            market: market, cadence: cadence, firstID: firstID, lastID: lastID,
            previousLastID: previousLastID,
            bids: bids.sorted(by: >).map { ($0, book.quantity(.buy, at: $0)) },
            asks: asks.sorted().map { ($0, book.quantity(.sell, at: $0)) }, timeMilliseconds: wall)
        previousLastID = lastID
        firstID = 0
        bids.removeAll(keepingCapacity: true)
        asks.removeAll(keepingCapacity: true)
        return update
    }
}

/// Gathers prints of one price and side into aggregate trades.
internal struct TradePrints: Sendable {
    var market = 0
    private var nextID: Int64 = 100_001
    private var open: [AggregateTrade] = []

    mutating func printed(_ trade: MatchTrade, wall: Int64) {
        let isBuyerMaker = trade.takerSide == .sell
        if let last = open.last, last.price == trade.price, last.isBuyerMaker == isBuyerMaker {
            open[open.count - 1].quantity += trade.quantity
            open[open.count - 1].lastTradeID = trade.tradeID
            open[open.count - 1].timeMilliseconds = wall
            return
        }
        open.append(
            AggregateTrade(
                market: market, id: nextID, price: trade.price, quantity: trade.quantity,
                firstTradeID: trade.tradeID, lastTradeID: trade.tradeID,
                isBuyerMaker: isBuyerMaker, timeMilliseconds: wall))
        nextID += 1
    }

    mutating func take() -> [AggregateTrade] {
        defer { open.removeAll(keepingCapacity: true) }
        return open
    }
}

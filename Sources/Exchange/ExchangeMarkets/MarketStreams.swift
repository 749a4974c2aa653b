internal import Matching
internal import Trading

/// The prices at which a book changed lately, for depth streams of several cadences: noted once, read by
/// each cadence from where it stopped.
internal struct DepthChanges: Sendable {
    private struct Touch: Sendable {
        let price: Price
        let side: Side
    }

    /// Where a cadence is.
    private struct Reader: Sendable {
        let cadence: DepthCadence
        var position = 0
        var firstID: Int64 = 0
        var previousLastID: Int64 = 1
    }

    let market: Int
    private var touches: [Touch] = []
    private var readers: [Reader]
    private var lastID: Int64 = 0

    init(market: Int, cadences: [DepthCadence]) {
        self.market = market
        readers = cadences.map { Reader(cadence: $0) }
    }

    mutating func touched(_ side: Side, _ price: Price, updateID: Int64) {
        if readers.isEmpty { return }
        for index in readers.indices where readers[index].firstID == 0 {
            readers[index].firstID = updateID
        }
        lastID = updateID
        if let last = touches.last, last.side == side, last.price == price { return noteAgain() }
        touches.append(Touch(price: price, side: side))
    }

    /// The price was the last one noted: a reader that has read it already needs it again.
    private mutating func noteAgain() {
        guard let last = touches.last, readers.contains(where: { $0.position == touches.count })
        else { return }
        touches.append(last)
    }

    /// The update for what was touched, or nil where nothing was.
    mutating func take(_ cadence: DepthCadence, _ book: OrderBook, wall: Int64) -> DepthUpdate? {
        guard let index = readers.firstIndex(where: { $0.cadence == cadence }),
            readers[index].firstID != 0
        else { return nil }
        let news = touches[readers[index].position...]
        let update = DepthUpdate(
            market: market, cadence: cadence, firstID: readers[index].firstID, lastID: lastID,
            previousLastID: readers[index].previousLastID,
            bids: levels(.buy, news, book).reversed(), asks: levels(.sell, news, book),
            timeMilliseconds: wall)
        readers[index].previousLastID = lastID
        readers[index].firstID = 0
        readers[index].position = touches.count
        trim()
        return update
    }

    /// The levels touched on a side with what rests there now, by rising price.
    private func levels(
        _ side: Side, _ news: ArraySlice<Touch>, _ book: OrderBook
    ) -> [(price: Price, quantity: Quantity)] {
        var prices: [Price] = []
        prices.reserveCapacity(news.count)
        for touch in news where touch.side == side { prices.append(touch.price) }
        prices.sort()
        var levels: [(price: Price, quantity: Quantity)] = []
        levels.reserveCapacity(prices.count)
        for price in prices where levels.last?.price != price {
            levels.append((price, book.quantity(side, at: price)))
        }
        return levels
    }

    /// Forgets what every cadence has read.
    private mutating func trim() {
        let read = readers.reduce(touches.count) { min($0, $1.position) }
        if read == 0 { return }
        touches.removeFirst(read)
        for index in readers.indices { readers[index].position -= read }
    }
}

/// Gathers prints of one price and side into aggregate trades.
internal struct TradePrints: Sendable {
    private(set) var nextID: Int64 = 100_001
    private var open: [AggregateTrade] = []

    mutating func printed(_ trade: PublicTrade) {
        if let last = open.last, last.price == trade.price, last.isBuyerMaker == trade.isBuyerMaker {
            open[open.count - 1].quantity += trade.quantity
            open[open.count - 1].lastTradeID = trade.id
            open[open.count - 1].timeMilliseconds = trade.timeMilliseconds
            return
        }
        open.append(
            AggregateTrade(
                market: trade.market, id: nextID, price: trade.price, quantity: trade.quantity,
                firstTradeID: trade.id, lastTradeID: trade.id, isBuyerMaker: trade.isBuyerMaker,
                timeMilliseconds: trade.timeMilliseconds))
        nextID += 1
    }

    /// Moves the counter forward, never back.
    mutating func raise(to id: Int64) { nextID = max(nextID, id) }

    var count: Int { open.count }

    subscript(index: Int) -> AggregateTrade { open[index] }

    mutating func removeAll() { open.removeAll(keepingCapacity: true) }
}

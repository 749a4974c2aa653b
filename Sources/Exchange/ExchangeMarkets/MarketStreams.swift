internal import Matching
internal import Trading

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

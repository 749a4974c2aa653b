package import Trading

// Matching: one symbol's order book as a pure machine in price-time priority.
// 1. The best price trades first; at one price, the order that came to rest first.
// 2. A trade happens at the resting order's price; the book is never crossed between calls.
// 3. Every call gives the same events for the same history: no clock, no randomness, ids by counting.
// 4. A reduce-only order never grows or turns its owner's position, and an order that closes a leg
//    never takes more than the leg holds, however fills interleave.
// 5. A refused order or amendment changes nothing, and uses up no id.
// 6. An amended order keeps its id and loses its turn, unless only its quantity falls and the caller
//    asked for its turn to be kept.
// 7. Self-trade is judged by owner, positions and closing by leg.
// 8. An order that only reduces a position does not trade with another of that position: nothing would
//    be reduced.
// 9. An iceberg shows a part of itself; when that has traded the next part stands behind the others of
//    its price, and what is hidden trades before any worse price.

/// One symbol's order book with the positions each owner has gained in it.
///
/// Placing costs O(log n) in the number of price levels plus O(1) a trade; cancelling O(1), with a search
/// and a shift of better levels where a level opens or closes. Room is reused, so that a book in its
/// steady state allocates nothing.
package struct OrderBook: Sendable {
    /// What a book is made for; it holds more, only slower.
    package enum Limits {
        /// Price levels of a side up to which opening one in the middle costs less than the matching
        /// of an order: 2,000 levels are 40 kB, of which half is shifted in under a microsecond. 200
        /// open orders an account (`MAX_NUM_ORDERS`) of ten accounts, all at prices of their own.
        package static let levels = 2_000
    }

    /// The id the next accepted order gets; ids count up within the symbol.
    package private(set) var nextOrderID: Int64
    /// The id the next trade gets.
    package private(set) var nextTradeID: Int64
    /// Whether owners gain positions here: not on a spot market, where nothing can be reduced.
    package let keepsPositions: Bool
    internal var bids = BookSide(.buy)
    internal var asks = BookSide(.sell)
    internal var orders = RestingOrders()
    internal var positions = PositionTable()
    /// Counts trials of fill-or-kill orders, so that a trial's figures are told from an older one's.
    internal var trial: UInt64 = 0

    package init(nextOrderID: Int64 = 1, nextTradeID: Int64 = 1, keepsPositions: Bool = true) {
        self.nextOrderID = nextOrderID
        self.nextTradeID = nextTradeID
        self.keepsPositions = keepsPositions
    }

    internal mutating func takeOrderID() -> Int64 {
        defer { nextOrderID += 1 }
        return nextOrderID
    }

    internal mutating func takeTradeID() -> Int64 {
        defer { nextTradeID += 1 }
        return nextTradeID
    }

    /// Uses up a trade id for a print that no order of this book makes.
    package mutating func skipTradeID() -> Int64 { takeTradeID() }

    /// Moves the counters forward, never back: after a restart ids must not repeat.
    package mutating func raiseCounters(orderID: Int64, tradeID: Int64) {
        nextOrderID = max(nextOrderID, orderID)
        nextTradeID = max(nextTradeID, tradeID)
    }

    // MARK: reading

    /// The best price of a side, or nil where the side is empty.
    package func best(_ side: Side) -> PriceLevel? { side == .buy ? bids.best : asks.best }

    /// The best `limit` levels of a side, best first.
    package func depth(_ side: Side, limit: Int = .max) -> [PriceLevel] {
        let count = min(max(limit, 0), levelCount(side))
        return (0..<count).map { level(side, $0) }
    }

    /// The number of price levels of a side.
    package func levelCount(_ side: Side) -> Int {
        side == .buy ? bids.levelCount : asks.levelCount
    }

    /// The level `rank` places behind the best (0), below `levelCount`: for reading without a list.
    package func level(_ side: Side, _ rank: Int) -> PriceLevel {
        let level = side == .buy ? bids.level(rank) : asks.level(rank)
        return PriceLevel(price: level.price, quantity: level.quantity)
    }

    /// How many levels of a side are better than a price.
    package func levels(_ side: Side, betterThan price: Price) -> Int {
        side == .buy ? bids.levels(betterThan: price) : asks.levels(betterThan: price)
    }

    /// The quantity that rests at exactly this price.
    package func quantity(_ side: Side, at price: Price) -> Quantity {
        side == .buy ? bids.quantity(at: price) : asks.quantity(at: price)
    }

    /// The open part of a resting order, what is hidden of it too; nil where none rests under this id.
    package func remaining(of orderID: Int64) -> Quantity? {
        let slot = orders.slot(of: orderID)
        return slot < 0 ? nil : orders[slot].open
    }

    /// The side of a resting order, or nil where none rests under this id.
    package func side(of orderID: Int64) -> Side? {
        let slot = orders.slot(of: orderID)
        return slot < 0 ? nil : orders[slot].side
    }

    /// The number of resting orders.
    package var count: Int { orders.count }

    /// An owner's position on a leg; the background market has none.
    package func position(of owner: OwnerID, leg: PositionLeg = .net) -> Quantity {
        let slot = positions.slot(owner, leg)
        return slot < 0 ? .zero : positions[slot].quantity
    }

    /// Sets an owner's position, as when state is brought back after a restart or the exchange itself
    /// moves it; the long leg is never negative and the short leg never positive.
    ///
    /// Orders that have nothing left to reduce then end when the market reaches them.
    package mutating func setPosition(
        _ quantity: Quantity, of owner: OwnerID, leg: PositionLeg = .net
    ) {
        precondition(owner != .market, "the background market holds no position")
        precondition(keepsPositions || quantity.isZero, "a spot book keeps no positions")
        precondition(leg != .long || !quantity.isNegative, "a long leg is not short")
        precondition(leg != .short || !quantity.isPositive, "a short leg is not long")
        guard keepsPositions else { return }
        let slot = positions.open(owner, leg)
        positions[slot].quantity = quantity
    }

    /// The best price of a side with the oldest order there. Asked for side by side, because lending
    /// out a side by a coroutine costs an allocation a call.
    @inline(__always)
    internal func front(_ side: Side) -> (price: Price, order: Int32)? {
        side == .buy ? bids.front : asks.front
    }

    /// Lends one side and the orders to a change of both.
    @inline(__always)
    internal mutating func change(
        _ side: Side, _ body: (inout BookSide, inout RestingOrders) -> Void
    ) {
        if side == .buy { body(&bids, &orders) } else { body(&asks, &orders) }
    }
}

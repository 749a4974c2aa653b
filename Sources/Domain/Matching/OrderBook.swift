package import Trading

// Matching: one symbol's order book as a pure machine in price-time priority.
// 1. The best price trades first; at one price, the order that came to rest first.
// 2. A trade happens at the resting order's price; the book is never crossed between calls.
// 3. Every call gives the same events for the same history: no clock, no randomness, ids by counting.
// 4. A reduce-only order never grows or turns its owner's position, however fills interleave.
// 5. A refused order changes nothing, and uses up no id.

/// One symbol's order book with the net position each owner has gained in it (one-way mode).
///
/// Placing costs O(log n) in the number of price levels plus O(1) a trade; cancelling O(log n). Room
/// is reused, so that a book in its steady state allocates nothing.
package struct OrderBook: Sendable {
    /// The id the next accepted order gets; ids count up within the symbol.
    package private(set) var nextOrderID: Int64
    /// The id the next trade gets.
    package private(set) var nextTradeID: Int64
    internal var bids = BookSide(.buy)
    internal var asks = BookSide(.sell)
    internal var orders = RestingOrders()
    internal var positions: [OwnerID: Quantity] = [:]
    /// Resting reduce-only orders, oldest first: few, so they are searched in line.
    internal var reduceOnlyIDs: [Int64] = []

    package init(nextOrderID: Int64 = 1, nextTradeID: Int64 = 1) {
        self.nextOrderID = nextOrderID
        self.nextTradeID = nextTradeID
    }

    internal mutating func takeOrderID() -> Int64 {
        defer { nextOrderID += 1 }
        return nextOrderID
    }

    internal mutating func takeTradeID() -> Int64 {
        defer { nextTradeID += 1 }
        return nextTradeID
    }

    /// Moves the counters forward, never back: after a restart ids must not repeat.
    package mutating func raiseCounters(orderID: Int64, tradeID: Int64) {
        nextOrderID = max(nextOrderID, orderID)
        nextTradeID = max(nextTradeID, tradeID)
    }

    // MARK: reading

    /// The best price of a side, or nil where the side is empty.
    package func best(_ side: Side) -> PriceLevel? { self[side].best }

    /// The best `limit` levels of a side, best first.
    package func depth(_ side: Side, limit: Int = .max) -> [PriceLevel] {
        self[side].levels.reversed().prefix(limit).map { $0 }
    }

    /// The quantity that rests at exactly this price.
    package func quantity(_ side: Side, at price: Price) -> Quantity {
        self[side].quantity(at: price)
    }

    /// The open part of a resting order, or nil where none rests under this id.
    package func remaining(of orderID: Int64) -> Quantity? { orders.order(orderID)?.remaining }

    /// The number of resting orders.
    package var count: Int { orders.count }

    /// An owner's net position; the background market has none.
    package func position(of owner: OwnerID) -> Quantity { positions[owner] ?? .zero }

    /// Sets an owner's position, as when state is brought back after a restart.
    package mutating func setPosition(_ quantity: Quantity, of owner: OwnerID) {
        precondition(owner != .market, "the background market holds no position")
        positions[owner] = quantity
    }

    internal subscript(side: Side) -> BookSide {
        _read { if side == .buy { yield bids } else { yield asks } }
    }

    /// Lends one side and the orders to a change of both.
    @inline(__always)
    internal mutating func change(
        _ side: Side, _ body: (inout BookSide, inout RestingOrders) -> Void
    ) {
        if side == .buy { body(&bids, &orders) } else { body(&asks, &orders) }
    }
}

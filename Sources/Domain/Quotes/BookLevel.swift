package import Trading

/// One price of a book and what rests there; a quantity of zero takes the level away.
package struct BookLevel: Equatable, Sendable {
    package var price: Price
    package var quantity: Quantity

    @inline(__always)
    package init(price: Price, quantity: Quantity) {
        self.price = price
        self.quantity = quantity
    }
}

/// What one depth message says: a change of a book, or a whole book.
///
/// It is made once and filled anew for each message, so that the steady state allocates nothing.
package struct DepthChange: Equatable, Sendable {
    /// Levels a side that one message may have: the largest snapshot a venue gives.
    package static let levelLimit = 5_000

    /// The venue's number of the first update in the message; equal to `lastID` in a snapshot.
    package var firstID: Int64 = 0
    /// The number of the last update in the message.
    package var lastID: Int64 = 0
    /// The `lastID` of the message before this one; -1 where the venue does not say.
    package var previousID: Int64 = -1
    /// The venue's times, epoch milliseconds; 0 where it gives none.
    package var eventMilliseconds: Int64 = 0
    package var transactionMilliseconds: Int64 = 0
    /// In the order of the message; venues send either side in either order.
    package var bids: ContiguousArray<BookLevel> = []
    package var asks: ContiguousArray<BookLevel> = []

    package init() {}

    /// Forgets the message and keeps the memory.
    package mutating func removeAll() {
        firstID = 0
        lastID = 0
        previousID = -1
        eventMilliseconds = 0
        transactionMilliseconds = 0
        bids.removeAll(keepingCapacity: true)
        asks.removeAll(keepingCapacity: true)
    }
}

package import Trading

/// The best prices of a symbol after a change.
package struct BookTicker: Equatable, Sendable {
    package var market: Int
    package var updateID: Int64
    /// Zero where a side is empty.
    package var bid: Price = .zero
    package var bidQuantity: Quantity = .zero
    package var ask: Price = .zero
    package var askQuantity: Quantity = .zero
    package var timeMilliseconds: Int64 = 0

    package init(market: Int, updateID: Int64) {
        self.market = market
        self.updateID = updateID
    }

    /// Whether prices and quantities are the same.
    internal func shows(_ other: BookTicker) -> Bool {
        bid == other.bid && bidQuantity == other.bidQuantity && ask == other.ask
            && askQuantity == other.askQuantity
    }
}

/// The prices that margin hangs on.
package struct MarkUpdate: Equatable, Sendable {
    package var market: Int
    package var mark: Price
    package var average: Price
    package var index: Price
    /// Every third second, when the slow stream gets it too.
    package var isThird: Bool
    package var timeMilliseconds: Int64
}

/// One print of the public tape.
package struct PublicTrade: Equatable, Sendable {
    package var market: Int
    package var id: Int64
    package var price: Price
    package var quantity: Quantity
    package var isBuyerMaker: Bool
    package var timeMilliseconds: Int64
}

/// Prints at one price and side within 100 ms, as one.
package struct AggregateTrade: Equatable, Sendable {
    package var market: Int
    package var id: Int64
    package var price: Price
    package var quantity: Quantity
    package var firstTradeID: Int64
    package var lastTradeID: Int64
    package var isBuyerMaker: Bool
    package var timeMilliseconds: Int64
}

/// How often a depth stream speaks.
package enum DepthCadence: Int, CaseIterable, Sendable {
    case fast = 100
    case usual = 250
    case slow = 500
    /// The default of spot venues.
    case second = 1_000
}

/// The levels that changed within one beat of a cadence, with their quantities now.
package struct DepthUpdate: Equatable, Sendable {
    package var market: Int
    package var cadence: DepthCadence
    package var firstID: Int64
    package var lastID: Int64
    package var previousLastID: Int64
    package var bids: [(price: Price, quantity: Quantity)]
    package var asks: [(price: Price, quantity: Quantity)]
    package var timeMilliseconds: Int64

    package static func == (a: DepthUpdate, b: DepthUpdate) -> Bool {
        a.market == b.market && a.cadence == b.cadence && a.firstID == b.firstID
            && a.lastID == b.lastID
    }
}

/// What a market tells the world, in order.
package enum MarketEvent: Equatable, Sendable {
    case bookTicker(BookTicker)
    case mark(MarkUpdate)
    /// Each print of the tape, at once.
    case print(PublicTrade)
    case trade(AggregateTrade)
    case depth(DepthUpdate)
}

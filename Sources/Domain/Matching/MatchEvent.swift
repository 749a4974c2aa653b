package import Trading

/// Why an order ended without being filled or cancelled.
package enum ExpiryReason: Equatable, Sendable {
    /// The part of an immediate-or-cancel order that did not trade.
    case immediateRemainder
    /// The part of a market order that found no counterparty within its bound.
    case marketRemainder
    /// It would have traded with its own owner.
    case selfTrade
    /// Nothing is left for a reduce-only order to reduce.
    case nothingToReduce
}

/// Why the book did not take an order.
package enum PlacementRefusal: Equatable, Sendable {
    /// Post-only, and it would have taken.
    case wouldTake
    /// Fill-or-kill, and not all of it can trade.
    case notFillable
    /// Reduce-only, and the owner has no position on the other side.
    case nothingToReduce
}

/// What became of a request to place an order.
package enum Placement: Equatable, Sendable {
    case accepted(orderID: Int64)
    case refused(PlacementRefusal)
}

/// Why the book did not change an order.
package enum AmendmentRefusal: Equatable, Sendable {
    /// No order rests under this id.
    case unknownOrder
    /// Price and quantity are what they were.
    case unchanged
    /// The order's turn was to be kept, and price or a higher quantity would cost it.
    case losesPriority
}

/// Why an order that was to be changed was taken off the book.
package enum AmendmentEnding: Equatable, Sendable {
    /// Not more was wanted than has traded already.
    case nothingLeft
    /// Post-only, and it would have taken at the new price.
    case wouldTake
}

/// What became of a request to change an order.
package enum Amendment: Equatable, Sendable {
    /// The order left its place at `from`, where `remaining` of it rested; what it did then, and where
    /// it rests now, follows in the events. Nothing follows where it kept its turn.
    case amended(from: Price, remaining: Quantity)
    /// The order is off the book, as its event says.
    case cancelled(AmendmentEnding)
    case refused(AmendmentRefusal)
}

/// One trade between a resting order and an incoming one.
package struct MatchTrade: Equatable, Sendable {
    package var tradeID: Int64
    package var price: Price
    package var quantity: Quantity
    package var takerSide: Side
    package var takerID: Int64
    package var takerOwner: OwnerID
    /// What is left of the taker; zero for an order by amount.
    package var takerRemaining: Quantity
    package var makerID: Int64
    package var makerOwner: OwnerID
    package var makerRemaining: Quantity

    package init(
        tradeID: Int64, price: Price, quantity: Quantity, takerSide: Side, takerID: Int64,
        takerOwner: OwnerID, takerRemaining: Quantity, makerID: Int64, makerOwner: OwnerID,
        makerRemaining: Quantity
    ) {
        self.tradeID = tradeID
        self.price = price
        self.quantity = quantity
        self.takerSide = takerSide
        self.takerID = takerID
        self.takerOwner = takerOwner
        self.takerRemaining = takerRemaining
        self.makerID = makerID
        self.makerOwner = makerOwner
        self.makerRemaining = makerRemaining
    }
}

/// A trade of an owner with itself that was kept from happening, and what both orders lost by it.
package struct MatchPrevention: Equatable, Sendable {
    package var price: Price
    package var takerSide: Side
    package var takerID: Int64
    package var makerID: Int64
    package var owner: OwnerID
    /// What the taker gives up; zero where it goes on whole, and for an order by amount.
    package var takerQuantity: Quantity
    /// What the maker gives up; zero where it stays whole.
    package var makerQuantity: Quantity

    package init(
        price: Price, takerSide: Side, takerID: Int64, makerID: Int64, owner: OwnerID,
        takerQuantity: Quantity, makerQuantity: Quantity
    ) {
        self.price = price
        self.takerSide = takerSide
        self.takerID = takerID
        self.makerID = makerID
        self.owner = owner
        self.takerQuantity = takerQuantity
        self.makerQuantity = makerQuantity
    }
}

/// What happened in the book, in order.
package enum MatchEvent: Equatable, Sendable {
    /// An order passed its checks and has its id; its trades follow.
    case accepted(orderID: Int64, owner: OwnerID)
    case traded(MatchTrade)
    /// Self-trade prevention struck; whose quantity is gone by it expires next.
    case prevented(MatchPrevention)
    /// What is left of an order now rests at its limit.
    case rested(orderID: Int64, side: Side, price: Price, remaining: Quantity)
    /// An order ended; `price` is where it rested, or nil where it did not. `remaining` is zero for
    /// an order by amount.
    case expired(
        orderID: Int64, owner: OwnerID, side: Side, price: Price?, remaining: Quantity,
        reason: ExpiryReason)
    /// An order was taken off the book on request.
    case cancelled(orderID: Int64, owner: OwnerID, side: Side, price: Price, remaining: Quantity)
}

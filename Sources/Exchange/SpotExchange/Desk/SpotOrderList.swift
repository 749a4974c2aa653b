package import Trading

/// What the orders of a list have to do with each other.
package enum SpotContingency: String, Sendable {
    /// The first that trades or is triggered ends the other.
    case oneCancelsOther = "OCO"
    /// The first is filled, then the others go to their book: one, or two of which one cancels the other.
    case oneTriggersOther = "OTO"
}

/// Orders that hang on each other.
package struct SpotOrderList: Equatable, Sendable {
    package var listID: Int64
    /// The number of its market.
    package var market: Int
    package var symbol: Symbol
    package var clientID: String
    package var contingency = SpotContingency.oneCancelsOther
    /// Its orders: the one that triggers the others, then the lower one first.
    package var orderIDs: [Int64]
    package var createdAtMilliseconds: Int64
    package var updatedAtMilliseconds: Int64
    /// Whether its orders stand for themselves: one of them has ended the other, or both are over.
    package var isDone = false
    /// Whether what was to be triggered has been.
    package var isReleased = false

    /// Whether of its open orders one cancels the other.
    internal var isPair: Bool {
        contingency == .oneCancelsOther || isReleased && orderIDs.count == 3
    }
}

/// What a client asks for when it places a list.
package struct SpotListRequest: Equatable, Sendable {
    /// The order at the higher price.
    package var above: SpotOrderRequest
    /// The order at the lower price.
    package var below: SpotOrderRequest
    package var clientListID: String?

    package init(
        above: SpotOrderRequest, below: SpotOrderRequest, clientListID: String? = nil
    ) {
        self.above = above
        self.below = below
        self.clientListID = clientListID
    }
}

/// What a client asks for when one order is to bring about others.
package struct SpotTriggerRequest: Equatable, Sendable {
    package var working: SpotOrderRequest
    /// One, or two: the one at the lower price and the one at the higher.
    package var pending: [SpotOrderRequest]
    package var clientListID: String?

    package init(
        working: SpotOrderRequest, pending: [SpotOrderRequest], clientListID: String? = nil
    ) {
        self.working = working
        self.pending = pending
        self.clientListID = clientListID
    }
}

/// A list with its orders as they are now, in the list's order.
package struct SpotListRecord: Equatable, Sendable {
    package let list: SpotOrderList
    package let orders: [SpotOrder]
}

/// A trade of the account with itself that was kept from happening.
package struct SpotPrevention: Equatable, Sendable {
    /// Counts those of a symbol.
    package var matchID: Int64
    package var market: Int
    package var symbol: Symbol
    package var takerOrderID: Int64
    package var makerOrderID: Int64
    package var mode: String
    package var price: Price
    /// What each side gave up; zero where it gave nothing.
    package var takerQuantity: Quantity
    package var makerQuantity: Quantity
    package var timeMilliseconds: Int64
}

/// One change of a resting order that kept its turn.
package struct SpotAmendment: Equatable, Sendable {
    package var market: Int
    package var symbol: Symbol
    package var orderID: Int64
    package var executionID: Int64
    package var formerClientID: String
    package var clientID: String
    package var formerQuantity: Quantity
    package var quantity: Quantity
    package var timeMilliseconds: Int64
}

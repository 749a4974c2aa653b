package import Matching
package import Trading

/// Who made an order.
package enum OrderOrigin: String, Sendable {
    case client
    /// The exchange, because the margin ran out (`autoclose-`).
    case liquidation
    /// The exchange, to take over another account's loss (`adl_autoclose`).
    case deleverage
    /// The exchange, because the symbol ended (`settlement_autoclose-`).
    case settlement
}

/// Since when an order waits: before all orders of ids from a certain one on, and behind those that got the
/// same turn earlier.
package struct QueueTurn: Comparable, Sendable {
    package let before: Int64
    package let count: Int64

    package static func < (a: QueueTurn, b: QueueTurn) -> Bool {
        (a.before, a.count) < (b.before, b.count)
    }
}

/// One order of the account, as the exchange has it on record.
package struct FuturesOrder: Equatable, Sendable {
    package var symbol: Symbol
    package var orderID: Int64
    package var clientOrderID: String
    package var side: Side
    package var leg: PositionLeg = .net
    package var type: OrderType
    package var timeInForce: TimeInForce
    package var quantity: Quantity
    /// Zero for market orders.
    package var price: Price
    package var isReduceOnly: Bool
    package var selfTrade: SelfTradePrevention
    /// Epoch milliseconds of good-till-date orders, else 0.
    package var goodTillDate: Int64 = 0
    package var priceMatch = "NONE"
    package var status: VenueOrderStatus = .new
    package var executed: Quantity = .zero
    package var cumulativeQuote: Money = .zero
    package var createdAtMilliseconds: Int64
    package var updatedAtMilliseconds: Int64
    /// The wire's expiry reason `er` (exchange-facts A5.5).
    package var expiryReason = "0"
    package var origin: OrderOrigin = .client
    /// Whether it came of a conditional order that closes all of a position.
    package var closesPosition = false
    /// How often price or quantity was changed.
    package var amendCount: Int64 = 0
    /// Its turn at its price, where that is not the one it came with.
    internal var laterTurn: QueueTurn?

    /// Orders at one price are filled by their turns.
    internal var turn: QueueTurn { laterTurn ?? QueueTurn(before: orderID + 1, count: 0) }
    package var remaining: Quantity { quantity - executed }
    package var isOpen: Bool { !status.isFinal }
    /// Whether its fills may add to its position.
    internal var mayAdd: Bool { !isReduceOnly && !leg.isClosed(by: side) }

    /// The average price of what is filled, to 1e-12; zero where nothing is.
    package var averagePrice: Price {
        executed.isZero ? .zero : cumulativeQuote.divided(by: executed, .nearestEven)
    }

    /// The order as it was when it had just been taken: the ACK form of a reply.
    internal var acknowledged: FuturesOrder {
        var copy = self
        copy.status = .new
        copy.executed = .zero
        copy.cumulativeQuote = .zero
        copy.expiryReason = "0"
        copy.updatedAtMilliseconds = createdAtMilliseconds
        return copy
    }
}

/// What a client asks for when it places an order.
package struct OrderParameters: Equatable, Sendable {
    package var symbol: Symbol
    package var side: Side
    package var type: OrderType
    /// Nil for market orders.
    package var timeInForce: TimeInForce?
    package var quantity: Quantity
    /// Nil for market orders.
    package var price: Price?
    package var isReduceOnly = false
    /// Made up where nil.
    package var clientOrderID: String?
    package var leg: PositionLeg = .net
    internal var closesPosition = false
    package var selfTrade: SelfTradePrevention = .expireMaker
    package var goodTillDate: Int64 = 0
    package var priceMatch = "NONE"

    package init(
        symbol: Symbol, side: Side, type: OrderType, timeInForce: TimeInForce? = nil,
        quantity: Quantity, price: Price? = nil, isReduceOnly: Bool = false,
        clientOrderID: String? = nil
    ) {
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.isReduceOnly = isReduceOnly
        self.clientOrderID = clientOrderID
    }
}

/// One trade of the account.
package struct FuturesTrade: Equatable, Sendable {
    package var symbol: Symbol
    package var tradeID: Int64
    package var orderID: Int64
    package var clientOrderID: String
    package var side: Side
    package var price: Price
    package var quantity: Quantity
    package var fee: Money
    package var realised: Money
    package var isMaker: Bool
    package var timeMilliseconds: Int64
    package var leg: PositionLeg = .net

    package var quote: Money { price.times(quantity, .down) }
}

package import Matching
package import Trading

/// How a spot order finds its price.
package enum SpotOrderKind: String, Sendable, CaseIterable {
    case limit = "LIMIT"
    case limitMaker = "LIMIT_MAKER"
    case market = "MARKET"
    case stopLoss = "STOP_LOSS"
    case stopLossLimit = "STOP_LOSS_LIMIT"
    case takeProfit = "TAKE_PROFIT"
    case takeProfitLimit = "TAKE_PROFIT_LIMIT"

    /// Whether it has a price of its own.
    package var hasPrice: Bool {
        switch self {
        case .limit, .limitMaker, .stopLossLimit, .takeProfitLimit: true
        case .market, .stopLoss, .takeProfit: false
        }
    }

    /// Whether it waits for a price before it goes to the book.
    package var isConditional: Bool {
        switch self {
        case .limit, .limitMaker, .market: false
        case .stopLoss, .stopLossLimit, .takeProfit, .takeProfitLimit: true
        }
    }

    /// Whether it waits for the price to rise.
    internal func waitsForRise(_ side: Side) -> Bool {
        switch self {
        case .limit, .limitMaker, .market: false
        case .stopLoss, .stopLossLimit: side == .buy
        case .takeProfit, .takeProfitLimit: side == .sell
        }
    }
}

/// One order of the account, as the exchange has it on record.
package struct SpotOrder: Equatable, Sendable {
    /// The number of its market.
    package var market: Int
    package var symbol: Symbol
    package var orderID: Int64
    /// Its id in the book: another one where it waited for a price first.
    package var bookID: Int64
    /// Empty where the client gave none and the venue makes none up.
    package var clientOrderID: String
    package var side: Side
    package var kind: SpotOrderKind
    package var timeInForce: TimeInForce
    package var quantity: Quantity
    /// What a market order was to be worth; zero where a quantity was given.
    package var quoteQuantity: Money = .zero
    /// Zero for market orders.
    package var price: Price
    /// Zero for orders without condition.
    package var stopPrice: Price = .zero
    /// How much an iceberg shows at a time; zero for others.
    package var icebergQuantity: Quantity = .zero
    /// By how many hundredths of a percent the price has to come back from its best; 0 where the order
    /// does not trail.
    package var trailingDelta: Int64 = 0
    /// Since when it follows the price; 0 while it does not.
    package var trailingAtMilliseconds: Int64 = 0
    /// The best price since then.
    package var extreme: Price = .zero
    package var selfTrade: SelfTradePrevention
    package var status: VenueOrderStatus = .new
    package var executed: Quantity = .zero
    package var cumulativeQuote: Money = .zero
    /// What the order holds of the asset it pays with.
    package var locked: AssetAmount = .zero
    package var createdAtMilliseconds: Int64
    package var updatedAtMilliseconds: Int64
    /// When it went to the book; 0 while it waits for a price.
    package var workingAtMilliseconds: Int64 = 0
    package var expiry: SpotExpiry = .none
    /// The list it belongs to; -1 for none.
    package var listID: Int64 = -1
    /// What self-trade prevention has taken off it.
    package var prevented: Quantity = .zero
    /// The first prevention that struck it; -1 for none.
    package var preventedMatchID: Int64 = -1

    package var remaining: Quantity { quantity - executed - prevented }
    package var isOpen: Bool { !status.isFinal }
    /// Whether it waits for another order of its list to be filled.
    package var isPending: Bool { status == SpotOrder.pending }

    internal static let pending = VenueOrderStatus.other("PENDING_NEW")
    package var isWorking: Bool { workingAtMilliseconds > 0 }

    /// The average price of what is filled; zero where nothing is.
    package var averagePrice: Price {
        executed.isZero ? .zero : cumulativeQuote.divided(by: executed, .nearestEven)
    }
}

/// Why an order ended by itself.
package enum SpotExpiry: String, Sendable {
    case none = "NONE"
    case immediateRemainder = "IOC_REMAINDER"
    case fillOrKill = "FOK_UNFILLED"
    case marketRemainder = "MARKET_REMAINDER"
    case selfTrade = "STP"
    case wouldTake = "WOULD_TAKE"
    case insufficientBalance = "INSUFFICIENT_BALANCE"
    case delisted = "DELISTED"
    /// The other order of its list went ahead.
    case otherOrder = "OTHER_ORDER"
}

/// What a client asks for when it places an order.
package struct SpotOrderRequest: Equatable, Sendable {
    package var symbol: Symbol
    package var side: Side
    package var kind: SpotOrderKind
    package var timeInForce: TimeInForce?
    package var quantity: Quantity?
    package var quoteQuantity: Money?
    package var price: Price?
    package var stopPrice: Price?
    package var icebergQuantity: Quantity?
    package var trailingDelta: Int64?
    package var clientOrderID: String?
    package var selfTrade: SelfTradePrevention?

    package init(
        symbol: Symbol, side: Side, kind: SpotOrderKind, timeInForce: TimeInForce? = nil,
        quantity: Quantity? = nil, quoteQuantity: Money? = nil, price: Price? = nil,
        stopPrice: Price? = nil, clientOrderID: String? = nil,
        selfTrade: SelfTradePrevention? = nil
    ) {
        self.symbol = symbol
        self.side = side
        self.kind = kind
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.quoteQuantity = quoteQuantity
        self.price = price
        self.stopPrice = stopPrice
        self.clientOrderID = clientOrderID
        self.selfTrade = selfTrade
    }
}

/// One trade of the account.
package struct SpotTrade: Equatable, Sendable {
    package var market: Int
    package var symbol: Symbol
    package var tradeID: Int64
    package var orderID: Int64
    package var clientOrderID: String
    package var side: Side
    package var price: Price
    package var quantity: Quantity
    /// Taken from what was received.
    package var fee: AssetAmount
    package var feeAsset: String
    package var isMaker: Bool
    /// Whether the account traded with itself.
    package var isSelfTrade: Bool
    package var timeMilliseconds: Int64

    package var quote: Money { price.times(quantity, .down) }
}

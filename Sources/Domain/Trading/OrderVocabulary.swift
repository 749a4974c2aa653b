/// Which way an order trades.
package enum Side: String, Sendable, CaseIterable {
    case buy = "BUY"
    case sell = "SELL"

    package var opposite: Side { self == .buy ? .sell : .buy }

    /// The quantity with the sign this side gives a position: buys add, sells subtract.
    package func signed(_ quantity: Quantity) -> Quantity { self == .buy ? quantity : -quantity }
}

/// How an order finds its price.
package enum OrderType: String, Sendable, CaseIterable {
    case limit = "LIMIT"
    case market = "MARKET"
}

/// How long an order may work.
package enum TimeInForce: String, Sendable, CaseIterable {
    /// Until cancelled.
    case goodTillCancel = "GTC"
    /// What trades at once; the rest expires.
    case immediateOrCancel = "IOC"
    /// All at once or not at all.
    case fillOrKill = "FOK"
    /// Maker only: refused where it would take.
    case postOnly = "GTX"
    /// Until a given time.
    case goodTillDate = "GTD"
}

/// An order's state as a venue reports it; a value from a newer venue is kept, not refused (T12).
package enum VenueOrderStatus: Equatable, Sendable {
    case new, partiallyFilled, filled, canceled, rejected, expired, expiredInMatch
    case other(String)

    package init(_ text: String) {
        switch text {
        case "NEW": self = .new
        case "PARTIALLY_FILLED": self = .partiallyFilled
        case "FILLED": self = .filled
        case "CANCELED", "PARTIALLY_CANCELED": self = .canceled
        case "REJECTED": self = .rejected
        case "EXPIRED": self = .expired
        case "EXPIRED_IN_MATCH": self = .expiredInMatch
        case _: self = .other(text)
        }
    }

    package var text: String {
        switch self {
        case .new: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled: "CANCELED"
        case .rejected: "REJECTED"
        case .expired: "EXPIRED"
        case .expiredInMatch: "EXPIRED_IN_MATCH"
        case .other(let text): text
        }
    }

    /// Whether no further fill can come; an unrecognised status is taken as still working.
    package var isFinal: Bool {
        switch self {
        case .new, .partiallyFilled, .other: false
        case .filled, .canceled, .rejected, .expired, .expiredInMatch: true
        }
    }
}

/// What is wanted of the venue: one order, as it will be sent.
package struct OrderIntent: Equatable, Sendable {
    package var clientOrderID: ClientOrderID
    package var account: AccountID
    package var symbol: Symbol
    package var side: Side
    package var type: OrderType
    package var timeInForce: TimeInForce
    /// Greater than zero.
    package var quantity: Quantity
    /// Nil exactly for market orders.
    package var price: Price?
    package var isReduceOnly: Bool

    package init(
        clientOrderID: ClientOrderID, account: AccountID, symbol: Symbol, side: Side,
        type: OrderType, timeInForce: TimeInForce, quantity: Quantity, price: Price?,
        isReduceOnly: Bool
    ) {
        self.clientOrderID = clientOrderID
        self.account = account
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.isReduceOnly = isReduceOnly
    }
}

/// One side of a trade, that of one of our orders, as the venue reports it. Symbol and `leg` are its
/// identity: where two orders of the account meet, both sides have one trade id.
package struct Fill: Equatable, Sendable {
    package var symbol: Symbol
    package var tradeID: Int64
    /// The venue's order id, unique within the symbol.
    package var orderID: Int64
    /// Empty where the report carries none (REST trade lists).
    package var clientOrderID: String
    package var side: Side
    package var price: Price
    /// Greater than zero.
    package var quantity: Quantity
    /// What was paid, in `feeAsset`; negative is a rebate.
    package var fee: Money
    package var feeAsset: String
    package var isMaker: Bool
    package var timeMilliseconds: Int64

    package init(
        symbol: Symbol, tradeID: Int64, orderID: Int64, clientOrderID: String, side: Side,
        price: Price, quantity: Quantity, fee: Money, feeAsset: String, isMaker: Bool,
        timeMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.tradeID = tradeID
        self.orderID = orderID
        self.clientOrderID = clientOrderID
        self.side = side
        self.price = price
        self.quantity = quantity
        self.fee = fee
        self.feeAsset = feeAsset
        self.isMaker = isMaker
        self.timeMilliseconds = timeMilliseconds
    }
}

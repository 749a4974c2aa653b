package import Matching
package import Trading

/// What a conditional order becomes, and when.
package enum AlgoKind: String, CaseIterable, Sendable {
    case stop = "STOP"
    case stopMarket = "STOP_MARKET"
    case takeProfit = "TAKE_PROFIT"
    case takeProfitMarket = "TAKE_PROFIT_MARKET"
    case trailing = "TRAILING_STOP_MARKET"

    /// Whether it becomes a market order.
    package var isMarket: Bool {
        switch self {
        case .stop, .takeProfit: false
        case .stopMarket, .takeProfitMarket, .trailing: true
        }
    }

    /// Whether it waits for prices above (buys of a stop, sells of a take-profit).
    internal func waitsAbove(_ side: Side) -> Bool {
        switch self {
        case .stop, .stopMarket, .trailing: side == .buy
        case .takeProfit, .takeProfitMarket: side == .sell
        }
    }
}

/// Which price a conditional order looks at.
package enum WorkingType: String, Sendable {
    case contract = "CONTRACT_PRICE"
    case mark = "MARK_PRICE"
}

/// Where a conditional order is in its life.
package enum AlgoStatus: String, Sendable {
    case new = "NEW"
    case triggering = "TRIGGERING"
    /// Its order is in the book.
    case triggered = "TRIGGERED"
    /// Its order has ended.
    case finished = "FINISHED"
    case canceled = "CANCELED"
    /// Its order was refused.
    case rejected = "REJECTED"
    case expired = "EXPIRED"

    package var isOpen: Bool { self == .new }
}

/// One conditional order of the account.
package struct AlgoOrder: Equatable, Sendable {
    package var algoID: Int64
    package var clientAlgoID: String
    package var symbol: Symbol
    package var side: Side
    package var leg: PositionLeg
    package var kind: AlgoKind
    package var timeInForce: TimeInForce
    /// Zero where it closes all of a position.
    package var quantity: Quantity
    /// Zero for those that become market orders.
    package var price: Price
    /// Zero for trailing orders.
    package var trigger: Price
    package var working: WorkingType
    package var closesPosition: Bool
    package var isReduceOnly: Bool
    package var isPriceProtected: Bool
    package var selfTrade: SelfTradePrevention
    package var priceMatch: String
    package var goodTillDate: Int64
    /// Where a trailing order begins to follow; zero for at once.
    package var activation: Price
    /// How far a trailing order lets the price come back, in percent.
    package var callback: Ratio
    package var status: AlgoStatus = .new
    package var createdAtMilliseconds: Int64
    package var updatedAtMilliseconds: Int64
    package var triggeredAtMilliseconds: Int64 = 0
    /// The order it became.
    package var orderID: Int64?
    package var averagePrice: Price = .zero
    package var executed: Quantity = .zero
    /// Why it was refused.
    package var reason = ""
    /// The best price a trailing order has seen since it was activated; zero before.
    package var extreme: Price = .zero
}

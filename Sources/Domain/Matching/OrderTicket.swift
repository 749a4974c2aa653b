package import Trading

/// Who an order belongs to; number 0 is the background market, which may trade with itself and
/// whose position nobody counts.
package struct OwnerID: Hashable, Comparable, Sendable {
    package let number: Int32
    package init(_ number: Int32) { self.number = number }
    package static let market = OwnerID(0)
    package static func < (a: OwnerID, b: OwnerID) -> Bool { a.number < b.number }
}

/// What happens when an order would trade with another of the same owner; the taker's choice counts.
package enum SelfTradePrevention: String, Sendable, CaseIterable {
    case none = "NONE"
    case expireTaker = "EXPIRE_TAKER"
    case expireMaker = "EXPIRE_MAKER"
    case expireBoth = "EXPIRE_BOTH"
}

/// An order as the book is asked to take it.
package struct OrderTicket: Equatable, Sendable {
    package var owner: OwnerID
    package var side: Side
    package var type: OrderType
    /// Of market orders ignored: what does not trade at once expires.
    package var timeInForce: TimeInForce
    /// Greater than zero.
    package var quantity: Quantity
    /// The worst price accepted; nil only for a market order without a bound.
    package var limit: Price?
    package var isReduceOnly: Bool
    package var selfTrade: SelfTradePrevention

    package init(
        owner: OwnerID, side: Side, type: OrderType, timeInForce: TimeInForce = .goodTillCancel,
        quantity: Quantity, limit: Price?, isReduceOnly: Bool = false,
        selfTrade: SelfTradePrevention = .expireMaker
    ) {
        precondition(quantity.isPositive, "an order has a quantity")
        precondition(type == .market || limit != nil, "a limit order has a price")
        self.owner = owner
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.limit = limit
        self.isReduceOnly = isReduceOnly
        self.selfTrade = selfTrade
    }

    /// Whether a resting order at `price` on the other side is good enough.
    internal func accepts(_ price: Price) -> Bool {
        guard let limit else { return true }
        return side == .buy ? price <= limit : price >= limit
    }

    /// Self-trade prevention works on good-till-cancel, good-till-date and immediate-or-cancel only.
    internal var effectiveSelfTrade: SelfTradePrevention {
        if owner == .market { return .none }
        switch timeInForce {
        case .goodTillCancel, .goodTillDate, .immediateOrCancel: return selfTrade
        case .fillOrKill, .postOnly: return .none
        }
    }
}

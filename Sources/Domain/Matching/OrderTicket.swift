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
    /// Both give up what would have traded; who has nothing left then expires (spot only).
    case decrement = "DECREMENT"
}

/// An order as the book is asked to take it.
///
/// Post-only (`GTX`, and `LIMIT_MAKER` of the spot venues) is a limit order of that time in force. A
/// good-till-date order rests until whoever keeps the clock cancels it.
package struct OrderTicket: Equatable, Sendable {
    /// An amount of the quote asset to trade for, in whole lot steps (spot `quoteOrderQty`).
    package struct QuoteAmount: Equatable, Sendable {
        /// Never exceeded.
        package let amount: Money
        /// What each trade's quantity is rounded down to.
        package let step: Quantity
    }

    package var owner: OwnerID
    package var side: Side
    package var type: OrderType
    /// Of market orders ignored: what does not trade at once expires.
    package var timeInForce: TimeInForce
    /// Greater than zero; zero for an order by amount.
    package var quantity: Quantity
    /// The worst price accepted; nil only for a market order without a bound.
    package var limit: Price?
    package var isReduceOnly: Bool
    package var selfTrade: SelfTradePrevention
    /// The position it moves: `net` in one-way mode, a leg in hedge mode.
    package var leg: PositionLeg
    /// How much of it is shown while it rests (an iceberg); zero shows all of it.
    package var display: Quantity = .zero
    /// Nil but for a market order by amount.
    package let quote: QuoteAmount?

    package init(
        owner: OwnerID, side: Side, type: OrderType, timeInForce: TimeInForce = .goodTillCancel,
        quantity: Quantity, limit: Price?, isReduceOnly: Bool = false,
        selfTrade: SelfTradePrevention = .expireMaker, leg: PositionLeg = .net
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
        self.leg = leg
        quote = nil
    }

    /// A market order for an amount of the quote asset: it takes whole steps while one more fits, and
    /// ends without an event then; where the book or the bound ends it first, it expires.
    package init(
        marketOrderOf owner: OwnerID, side: Side, amount: Money, step: Quantity,
        limit: Price? = nil, selfTrade: SelfTradePrevention = .expireMaker
    ) {
        precondition(amount.isPositive && step.isPositive, "an amount is traded in steps")
        self.owner = owner
        self.side = side
        type = .market
        timeInForce = .immediateOrCancel
        quantity = .zero
        self.limit = limit
        isReduceOnly = false
        self.selfTrade = selfTrade
        leg = .net
        quote = QuoteAmount(amount: amount, step: step)
    }

    /// Whether it may only take off its owner's position.
    internal var isReducing: Bool { isReduceOnly || leg.isClosed(by: side) }

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

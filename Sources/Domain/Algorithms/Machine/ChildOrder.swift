package import Chronology
package import Orders
package import Trading

/// One order of an algorithm, until the desk says that it is over.
package struct ChildOrder: Equatable, Sendable {
    /// Where the machine believes it to be.
    package enum Phase: String, Sendable {
        /// Asked for, and nothing heard of it yet.
        case placing
        case working
        case amending
        case cancelling
        /// May or may not rest; the desk finds out.
        case unknown
    }

    /// Counts the orders of the algorithm from 1; with the algo's id it gives the client order id.
    package let number: Int64
    /// The allotment it is committed to.
    package internal(set) var lot: Int
    package let side: Side
    package let type: OrderType
    package let timeInForce: TimeInForce
    package let quantity: Quantity
    /// Nil exactly for market orders.
    package internal(set) var price: Price?
    package let isReduceOnly: Bool
    package internal(set) var phase = Phase.placing
    /// Where an amendment that is under way moves it.
    package internal(set) var nextPrice: Price?
    package internal(set) var executed = Quantity.zero
    package internal(set) var notional = Money.zero
    package internal(set) var fees = Money.zero
    /// Coins of what it bought that the venue kept as its fee (F8).
    package internal(set) var kept = Quantity.zero
    /// What of fees in other assets is counted, by asset.
    package internal(set) var others: [String: Quantity] = [:]
    /// When it was placed or last moved.
    package internal(set) var movedAt: Instant

    /// What may still execute, whatever is pending.
    package var remaining: Quantity { max(.zero, quantity - executed) }

    /// Whether it waits at the venue for somebody to trade with.
    var rests: Bool { type == .limit && timeInForce != .immediateOrCancel }
}

/// An order of an algorithm that its saved state does not name yet, as the venue knows it.
package struct FoundOrder: Equatable, Sendable {
    package var number: Int64
    package var lot: Int
    package var side: Side
    package var type: OrderType
    package var timeInForce: TimeInForce
    package var quantity: Quantity
    package var price: Price?
    package var isReduceOnly: Bool

    var isAtOnce: Bool { type == .market || timeInForce == .immediateOrCancel }

    package init(
        number: Int64, lot: Int, side: Side, type: OrderType, timeInForce: TimeInForce,
        quantity: Quantity, price: Price?, isReduceOnly: Bool
    ) {
        self.number = number
        self.lot = lot
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.isReduceOnly = isReduceOnly
    }
}

/// A fee in an asset that is neither money nor coins of the order's own.
package struct OtherFee: Equatable, Sendable {
    package var asset: String
    package var amount: Quantity
    /// What one is worth; nil where that is not known.
    package var price: Price?

    package init(asset: String, amount: Quantity, price: Price? = nil) {
        self.asset = asset
        self.amount = amount
        self.price = price
    }
}

/// What the desk knows of an order of an algorithm.
package struct ChildReport: Equatable, Sendable {
    package enum Stage: Equatable, Sendable {
        /// On its way to the venue, or its saving is.
        case pending
        case working
        case amending
        case cancelling
        case unknown
        /// Nothing more executes, and all that did is in this report; with the code of a refusal.
        case over(RefusalCode?)
    }

    package var number: Int64
    package var stage: Stage
    /// The price it rests at; nil where it is not known or there is none.
    package var price: Price?
    /// What the ledger has booked of it.
    package var executed: Quantity
    package var notional: Money
    /// In money, also of those that were kept in coins.
    package var fees: Money
    package var kept: Quantity
    /// All of the order's fees in other assets, each once.
    package var others: [OtherFee]
    /// Of one that was refused as the book's position would not only be reduced: how much would reduce it.
    package var admitted: Quantity?

    package init(
        number: Int64, stage: Stage, price: Price? = nil, executed: Quantity = .zero,
        notional: Money = .zero, fees: Money = .zero, kept: Quantity = .zero,
        others: [OtherFee] = [], admitted: Quantity? = nil
    ) {
        self.others = others
        self.admitted = admitted
        self.number = number
        self.stage = stage
        self.price = price
        self.executed = executed
        self.notional = notional
        self.fees = fees
        self.kept = kept
    }
}

/// What an algorithm wants done.
package enum AlgoAction: Equatable, Sendable {
    /// Place an order, once the state that names it is saved.
    case place(ChildOrder)
    case cancel(Int64)
    /// Move a resting order to another price.
    case amend(Int64, price: Price)
}

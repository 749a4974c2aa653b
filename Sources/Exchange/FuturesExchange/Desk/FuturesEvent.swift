package import ExchangeMarkets
package import Trading

/// Why an order update was sent (`x`).
package enum ExecutionType: String, Sendable {
    case new = "NEW"
    case trade = "TRADE"
    case canceled = "CANCELED"
    case expired = "EXPIRED"
    case amendment = "AMENDMENT"
    /// A trade the exchange made in its own name.
    case calculated = "CALCULATED"
}

/// The balance, and the positions that changed.
package struct AccountUpdate: Equatable, Sendable {
    /// What the wire calls `m`.
    package enum Reason: String, Sendable {
        case order = "ORDER"
        case funding = "FUNDING_FEE"
        case deposit = "DEPOSIT"
        case withdraw = "WITHDRAW"
        case insurance = "INSURANCE_CLEAR"
        case marginTransfer = "MARGIN_TRANSFER"
        case marginType = "MARGIN_TYPE_CHANGE"
    }

    package var reason: Reason
    package var wallet: Money
    package var crossWallet: Money
    /// What changed the wallet other than results and fees (`bc`).
    package var change = Money.zero
    package var positions: [FuturesPosition]
}

/// What the account's own stream carries.
package enum UserEvent: Equatable, Sendable {
    case tradeLite(FuturesTrade, FuturesOrder)
    case orderUpdate(
        FuturesOrder, ExecutionType, FuturesTrade?, bids: Money, asks: Money, at: Int64)
    case accountUpdate(AccountUpdate, at: Int64)
    case leverageChanged(Symbol, Int64, at: Int64)
    case multiAssetsChanged(Bool, at: Int64)
    case marginCall([FuturesPosition], crossWallet: Money, at: Int64)
    case algoUpdate(AlgoOrder, at: Int64)
    /// A conditional order by its number, and why its order was refused.
    case triggerRejected(Symbol, Int64, reason: String, at: Int64)
    case listenKeyExpired(String, at: Int64)
}

/// What the exchange tells the world, in order.
package enum FuturesEvent: Equatable, Sendable {
    case user(UserEvent)
    case market(MarketEvent)
}

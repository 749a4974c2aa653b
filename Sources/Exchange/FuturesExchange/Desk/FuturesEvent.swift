package import ExchangeMarkets
package import Trading

/// Why an order update was sent (`x`).
package enum ExecutionType: String, Sendable {
    case new = "NEW"
    case trade = "TRADE"
    case canceled = "CANCELED"
    case expired = "EXPIRED"
}

/// What the account's own stream carries.
package enum UserEvent: Equatable, Sendable {
    case tradeLite(FuturesTrade, FuturesOrder)
    case orderUpdate(
        FuturesOrder, ExecutionType, FuturesTrade?, bids: Money, asks: Money, at: Int64)
    case accountUpdate(FuturesPosition, wallet: Money, at: Int64)
    case leverageChanged(Symbol, Int64, at: Int64)
    case listenKeyExpired(String, at: Int64)
}

/// What the exchange tells the world, in order.
package enum FuturesEvent: Equatable, Sendable {
    case user(UserEvent)
    case market(MarketEvent)
}

package import ExchangeMarkets
internal import Trading

/// Why an order is reported (`x`).
package enum SpotExecution: String, Sendable {
    case new = "NEW"
    case trade = "TRADE"
    case canceled = "CANCELED"
    case replaced = "REPLACED"
    case expired = "EXPIRED"
    case prevented = "TRADE_PREVENTION"
}

/// One report of an order.
package struct SpotReport: Equatable, Sendable {
    package var order: SpotOrder
    package var execution: SpotExecution
    package var trade: SpotTrade?
    /// The client id of the request that changed the order; its own where there is none.
    package var requestID: String?
    /// The client id the order had before it was amended.
    package var formerID: String?
    /// Counts reports of the exchange.
    package var executionID: Int64
    /// The prevention it tells of.
    package var prevention: SpotPrevention?
    package var timeMilliseconds: Int64
}

/// What the account's own stream carries.
package enum SpotUserEvent: Equatable, Sendable {
    case report(SpotReport)
    /// Balances that changed, as they are now; `reason` says by what.
    case balances([BalanceChange], reason: SpotBalanceReason, at: Int64)
    /// A balance grew or shrank by other means than trading.
    case balanceChanged(asset: String, by: AssetAmount, at: Int64)
    /// A list was placed, or is done.
    case list(SpotListRecord, at: Int64)
    case listenKeyExpired(String, at: Int64)
}

/// What changed a balance (MEXC names it).
package enum SpotBalanceReason: String, Sendable {
    case placed = "ENTRUST_PLACE"
    case traded = "ENTRUST"
    case canceled = "ENTRUST_CANCEL"
    case deposited = "DEPOSIT"
    case withdrawn = "WITHDRAW"
}

/// What the exchange tells the world, in order.
package enum SpotEvent: Equatable, Sendable {
    case user(SpotUserEvent)
    case market(MarketEvent)
}

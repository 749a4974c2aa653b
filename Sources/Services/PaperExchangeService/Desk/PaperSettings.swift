package import Trading

/// A key with which the account is reached, and what it may do.
package struct PaperKey: Equatable, Sendable {
    package enum Role: Equatable, Sendable { case trade, read }
    package let key: String
    package let secret: String
    package let role: Role

    package init(key: String, secret: String, role: Role) {
        self.key = key
        self.secret = secret
        self.role = role
    }
}

/// What a paper exchange is started with.
package struct PaperSettings: Sendable {
    /// The same seed gives the same market.
    package var seed: UInt64 = 1
    /// What the account starts with, in USDT.
    package var balance: Money = .whole(100_000)
    package var keys: [PaperKey] = []
    package var listings: [Listing] = Listing.standard
    /// Whether makers and takers move the market; without them only the account's orders trade.
    package var hasBackground = true
    /// Fee of resting orders, 0.02 %.
    package var makerFee = Ratio(units: 200_000_000)
    /// Fee of incoming orders, 0.05 %.
    package var takerFee = Ratio(units: 500_000_000)
    /// Leverage of every symbol until it is changed.
    package var leverage: Int64 = 20
    package var limits = PaperLimits()

    package init() {}
}

/// The bounds of a paper exchange.
package struct PaperLimits: Sendable {
    /// Request weight a minute (REQUEST_WEIGHT of exchangeInfo).
    package var weightPerMinute: Int64 = 2_400
    /// New orders in ten seconds and in a minute (ORDERS of exchangeInfo).
    package var ordersPerTenSeconds: Int64 = 300
    package var ordersPerMinute: Int64 = 1_200
    /// Open orders a symbol (MAX_NUM_ORDERS).
    package var openOrders = 200
    /// Finished orders kept a symbol: at some 500 bytes each, 4 MB for all four.
    package var keptOrders = 2_000
    /// Trades of the account kept a symbol: at some 300 bytes each, 12 MB for all four.
    package var keptTrades = 10_000
    /// How long a listen key lives without being kept alive.
    package var listenKeyMilliseconds: Int64 = 3_600_000

    package init() {}
}

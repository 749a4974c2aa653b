package import ExchangeDoor
package import ExchangeMarkets
package import Trading

/// What a paper exchange is started with.
package struct FuturesSettings: Sendable {
    /// The same seed gives the same market.
    package var seed: UInt64 = 1
    /// What the account starts with, in USDT.
    package var balance: Money = .whole(100_000)
    /// What the insurance fund starts with, in USDT.
    package var insuranceFund: Money = .whole(10_000_000)
    package var keys: [ExchangeKey] = []
    package var listings: [Listing] = Listing.standard
    /// Whether makers and takers move the market; without them only the account's orders trade.
    package var hasBackground = true
    /// Fee of resting orders, 0.02 %.
    package var makerFee = Ratio(units: 200_000_000)
    /// Fee of incoming orders, 0.05 %.
    package var takerFee = Ratio(units: 500_000_000)
    /// What longs pay shorts at each funding where the book stands at the index: 0.01 %.
    package var interestRate = Ratio(units: 100_000_000)
    /// Milliseconds between fundings: eight hours, counted from midnight UTC.
    package var fundingInterval: Int64 = 28_800_000
    /// Leverage of every symbol until it is changed.
    package var leverage: Int64 = 20
    package var limits = FuturesLimits()
    /// What sockets on the unrouted paths carry.
    package var legacyStreams = LegacyStreams.everything
    package var socketRules = SocketRules.futures

    package init() {}
}

/// The bounds of a paper exchange.
package struct FuturesLimits: Sendable {
    package var rates = RateLimits.futures
    /// Open orders a symbol (MAX_NUM_ORDERS).
    package var openOrders = 200
    /// Finished orders kept a symbol: at some 500 bytes each, 4 MB for all four.
    package var keptOrders = 2_000
    /// Trades of the account kept a symbol: at some 300 bytes each, 12 MB for all four.
    package var keptTrades = 10_000
    /// Open conditional orders, all symbols together.
    package var openAlgos = 200
    /// Ended conditional orders kept: at some 400 bytes each, 2 MB.
    package var keptAlgos = 5_000
    /// Changes of orders kept a symbol: at some 150 bytes each, 150 kB.
    package var keptAmendments = 1_000
    /// Changes of the wallet kept, trades not counted: at some 100 bytes each, 1 MB.
    package var keptIncomes = 10_000
    /// Changes of isolated margin kept a symbol.
    package var keptMarginChanges = 500
    /// Fundings kept a symbol: a month of them.
    package var keptFundings = 100
    /// How long a listen key lives without being kept alive.
    package var listenKeyMilliseconds: Int64 = 3_600_000

    package init() {}
}

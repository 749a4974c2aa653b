package import ExchangeDoor
package import ExchangeMarkets
package import Trading

/// Whose manners the exchange has.
package enum SpotFlavour: String, Sendable {
    case binance
    case mexc
}

/// What a spot exchange is started with.
package struct SpotSettings: Sendable {
    package let flavour: SpotFlavour
    /// The same seed gives the same markets.
    package var seed: UInt64 = 1
    /// What each account starts with.
    package var balances: [(asset: String, amount: AssetAmount)]
    package var keys: [ExchangeKey] = []
    package var listings: [Listing]
    /// Whether makers and takers move the market; without them only the account's orders trade.
    package var hasBackground = true
    /// Fee of resting orders: 0.1 %; nothing at MEXC.
    package var makerFee: Ratio
    /// Fee of incoming orders: 0.1 %; 0.05 % at MEXC.
    package var takerFee: Ratio
    package var limits: SpotLimits

    package init(_ flavour: SpotFlavour) {
        self.flavour = flavour
        switch flavour {
        case .binance:
            listings = Listing.spot
            makerFee = Ratio(units: 1_000_000_000)
            takerFee = Ratio(units: 1_000_000_000)
        case .mexc:
            listings = Listing.mexc
            makerFee = .zero
            takerFee = Ratio(units: 500_000_000)
        }
        limits = SpotLimits(flavour)
        balances = [("USDT", .whole(100_000)), ("BTC", .one), ("QRL", .whole(100_000))]
    }

    /// Reads `USDT=1000,BTC=0.5`; nil where it is not of that form.
    package static func balances(_ text: String) -> [(asset: String, amount: AssetAmount)]? {
        var found: [(asset: String, amount: AssetAmount)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty,
                let amount = AssetAmount(text: String(halves[1])), !amount.isNegative
            else { return nil }
            found.append((String(halves[0]), amount))
        }
        return found
    }
}

/// The bounds of a spot exchange.
package struct SpotLimits: Sendable {
    package var rates: RateLimits
    /// Open orders a symbol (MAX_NUM_ORDERS); MEXC has 500 an account.
    package var openOrders: Int
    /// Open conditional orders a symbol (MAX_NUM_ALGO_ORDERS).
    package var conditionalOrders = 5
    /// Parts an iceberg may have (ICEBERG_PARTS).
    package var icebergParts: Int64 = 10
    /// Open icebergs a symbol (MAX_NUM_ICEBERG_ORDERS).
    package var icebergOrders = 5
    /// How far an order may trail, in hundredths of a percent (TRAILING_DELTA).
    package var trailingDeltas: ClosedRange<Int64> = 10...2_000
    /// Open order lists a symbol (MAX_NUM_ORDER_LISTS).
    package var orderLists = 20
    /// Times an order may be changed in place (MAX_NUM_ORDER_AMENDS).
    package var amendments = 10
    /// Calls a second that place several orders (MEXC's batchOrders), by account.
    package var batchesPerSecond = 2
    /// Most an order may be worth.
    package var notional: Money
    /// Most a market order may be worth.
    package var marketNotional: Money
    /// Finished orders kept a symbol: at some 500 bytes each, 10 MB for ten.
    package var keptOrders = 2_000
    /// Trades of the account kept a symbol: at some 300 bytes each, 30 MB for ten.
    package var keptTrades = 10_000
    /// How long a listen key lives without being kept alive.
    package var listenKeyMilliseconds: Int64 = 3_600_000

    package init(_ flavour: SpotFlavour) {
        switch flavour {
        case .binance:
            rates = .spot
            openOrders = 200
            notional = .whole(9_000_000)
            marketNotional = .whole(9_000_000)
        case .mexc:
            rates = .mexc
            openOrders = 500
            notional = .whole(2_000_000)
            marketNotional = .whole(100_000)
        }
    }
}

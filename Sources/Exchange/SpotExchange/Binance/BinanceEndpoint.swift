/// Who may call an endpoint.
internal enum SpotSecurity: Sendable {
    /// Anyone.
    case none
    /// Any known key; no signature.
    case key
    /// A signature of any known key.
    case read
    /// A signature of a key that may trade.
    case trade
}

/// The requests the Binance spot exchange answers (exchange-facts C1).
internal enum BinanceEndpoint: Sendable {
    case ping, time, exchangeInfo, depth, trades, aggregateTrades, klines, averagePrice
    case dayTicker, priceTicker, bookTicker, windowTicker
    case placeOrder, testOrder, queryOrder, cancelOrder, openOrders, cancelAll, allOrders
    case cancelReplace, amendOrder, amendments, myTrades, account, commission, orderRateLimit
    case filters, preventedMatches, allocations
    case systemStatus, coins, tradeFee, restrictions, accountStatus, tradingStatus, userAssets
    case marginPairs
    case placeList, placeFormerList, placeTrigger, placeTriggerPair
    case cancelList, queryList, allLists, openLists

    init?(method: String, path: String) {
        guard let found = BinanceEndpoint.table["\(method) \(path)"] else { return nil }
        self = found
    }

    private static let table: [String: BinanceEndpoint] = [
        "GET /api/v3/ping": .ping, "GET /api/v3/time": .time,
        "GET /api/v3/exchangeInfo": .exchangeInfo, "GET /api/v3/depth": .depth,
        "GET /api/v3/trades": .trades, "GET /api/v3/historicalTrades": .trades,
        "GET /api/v3/aggTrades": .aggregateTrades, "GET /api/v3/klines": .klines,
        "GET /api/v3/uiKlines": .klines, "GET /api/v3/avgPrice": .averagePrice,
        "GET /api/v3/ticker/24hr": .dayTicker, "GET /api/v3/ticker/tradingDay": .windowTicker,
        "GET /api/v3/ticker": .windowTicker, "GET /api/v3/ticker/price": .priceTicker,
        "GET /api/v3/ticker/bookTicker": .bookTicker, "POST /api/v3/order": .placeOrder,
        "POST /api/v3/sor/order": .placeOrder, "POST /api/v3/order/test": .testOrder,
        "POST /api/v3/sor/order/test": .testOrder, "GET /api/v3/order": .queryOrder,
        "DELETE /api/v3/order": .cancelOrder, "GET /api/v3/openOrders": .openOrders,
        "DELETE /api/v3/openOrders": .cancelAll, "GET /api/v3/allOrders": .allOrders,
        "POST /api/v3/order/cancelReplace": .cancelReplace,
        "PUT /api/v3/order/amend/keepPriority": .amendOrder,
        "POST /api/v3/orderList/oco": .placeList, "POST /api/v3/order/oco": .placeFormerList,
        "POST /api/v3/orderList/oto": .placeTrigger,
        "POST /api/v3/orderList/otoco": .placeTriggerPair,
        "DELETE /api/v3/orderList": .cancelList, "GET /api/v3/orderList": .queryList,
        "GET /api/v3/allOrderList": .allLists, "GET /api/v3/openOrderList": .openLists,
        "GET /api/v3/order/amendments": .amendments, "GET /api/v3/myTrades": .myTrades,
        "GET /api/v3/account": .account, "GET /api/v3/account/commission": .commission,
        "GET /api/v3/rateLimit/order": .orderRateLimit, "GET /api/v3/myFilters": .filters,
        "GET /api/v3/myPreventedMatches": .preventedMatches,
        "GET /api/v3/myAllocations": .allocations,
        "GET /sapi/v1/system/status": .systemStatus,
        "GET /sapi/v1/capital/config/getall": .coins, "GET /sapi/v1/asset/tradeFee": .tradeFee,
        "GET /sapi/v1/account/apiRestrictions": .restrictions,
        "GET /sapi/v1/account/status": .accountStatus,
        "GET /sapi/v1/account/apiTradingStatus": .tradingStatus,
        "POST /sapi/v3/asset/getUserAsset": .userAssets,
        "GET /sapi/v3/asset/getUserAsset": .userAssets,
        "GET /sapi/v1/margin/allPairs": .marginPairs,
        "GET /sapi/v1/margin/isolated/allPairs": .marginPairs,
    ]

    var security: SpotSecurity {
        switch self {
        case .ping, .time, .exchangeInfo, .depth, .trades, .aggregateTrades, .klines,
            .averagePrice, .dayTicker, .priceTicker, .bookTicker, .windowTicker, .systemStatus:
            .none
        case .marginPairs: .key
        case .queryOrder, .openOrders, .allOrders, .amendments, .myTrades, .account, .commission,
            .orderRateLimit, .filters, .preventedMatches, .allocations, .coins, .tradeFee,
            .restrictions, .accountStatus, .tradingStatus, .userAssets, .queryList, .allLists,
            .openLists:
            .read
        case .placeOrder, .testOrder, .cancelOrder, .cancelAll, .cancelReplace, .amendOrder,
            .placeList, .placeFormerList, .placeTrigger, .placeTriggerPair, .cancelList:
            .trade
        }
    }

    /// How many new orders it counts as.
    var orderCount: Int64 {
        switch self {
        case .placeOrder, .cancelReplace: 1
        case .placeList, .placeFormerList, .placeTrigger: 2
        case .placeTriggerPair: 3
        case _: 0
        }
    }
    /// Whether it counts as a new order.
    var isOrder: Bool { orderCount > 0 }

    /// Whether it costs its weight only where it fails (since 2026-04-02).
    var isFreeIfDone: Bool {
        switch self {
        case .placeOrder, .cancelOrder, .cancelReplace, .cancelAll, .placeList, .placeFormerList,
            .placeTrigger, .placeTriggerPair, .cancelList:
            true
        case _: false
        }
    }

    /// Request weight.
    func weight(symbols: Int, limit: Int64) -> Int64 {
        switch self {
        case .ping, .time, .placeOrder, .testOrder, .cancelOrder, .cancelAll, .cancelReplace,
            .systemStatus, .restrictions, .accountStatus, .tradingStatus, .tradeFee,
            .marginPairs, .placeList, .placeFormerList, .placeTrigger, .placeTriggerPair,
            .cancelList:
            1
        case .averagePrice, .klines: 2
        case .aggregateTrades, .queryOrder, .amendments, .amendOrder, .queryList: 4
        case .depth: limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1_000 ? 50 : 250
        case .priceTicker, .bookTicker: symbols == 1 ? 2 : 4
        case .dayTicker: symbols == 0 || symbols > 100 ? 80 : symbols <= 20 ? 2 : 40
        case .windowTicker: Int64(4 * max(1, min(symbols, 50)))
        case .openOrders: symbols == 0 ? 80 : 6
        case .openLists: 6
        case .exchangeInfo, .account, .allOrders, .myTrades, .commission, .preventedMatches,
            .allocations, .allLists:
            20
        case .trades: 25
        case .filters, .orderRateLimit: 40
        case .coins: 10
        case .userAssets: 5
        }
    }
}

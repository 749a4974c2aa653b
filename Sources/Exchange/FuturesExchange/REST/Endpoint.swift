/// Who may call an endpoint.
internal enum Security: Sendable {
    /// Anyone.
    case none
    /// Any known key; no signature.
    case key
    /// A signature of any known key.
    case read
    /// A signature of a key that may trade.
    case trade
}

/// The requests the exchange answers (exchange-facts A).
internal enum Endpoint: Sendable {
    case ping, time, exchangeInfo, depth, bookTicker, tickerPrice, premiumIndex
    case openListenKey, keepListenKey, closeListenKey
    case accountV2, accountV3, balance, positionRiskV2, positionRiskV3
    case leverageBracket, positionMode, multiAssetsMode, accountConfig, symbolConfig
    case commissionRate, orderRateLimit
    case placeOrder, testOrder, queryOrder, cancelOrder, openOrder, openOrders, cancelAll, allOrders
    case userTrades, setLeverage, setMarginType, setPositionMode, setMultiAssetsMode

    init?(method: String, path: String) {
        guard let found = Endpoint.table["\(method) \(path)"] else { return nil }
        self = found
    }

    private static let table: [String: Endpoint] = [
        "GET /fapi/v1/ping": .ping, "GET /fapi/v1/time": .time,
        "GET /fapi/v1/exchangeInfo": .exchangeInfo, "GET /fapi/v1/depth": .depth,
        "GET /fapi/v1/ticker/bookTicker": .bookTicker, "GET /fapi/v1/ticker/price": .tickerPrice,
        "GET /fapi/v2/ticker/price": .tickerPrice, "GET /fapi/v1/premiumIndex": .premiumIndex,
        "POST /fapi/v1/listenKey": .openListenKey, "PUT /fapi/v1/listenKey": .keepListenKey,
        "DELETE /fapi/v1/listenKey": .closeListenKey, "GET /fapi/v2/account": .accountV2,
        "GET /fapi/v3/account": .accountV3, "GET /fapi/v2/balance": .balance,
        "GET /fapi/v3/balance": .balance, "GET /fapi/v2/positionRisk": .positionRiskV2,
        "GET /fapi/v3/positionRisk": .positionRiskV3,
        "GET /fapi/v1/leverageBracket": .leverageBracket,
        "GET /fapi/v1/positionSide/dual": .positionMode,
        "POST /fapi/v1/positionSide/dual": .setPositionMode,
        "GET /fapi/v1/multiAssetsMargin": .multiAssetsMode,
        "POST /fapi/v1/multiAssetsMargin": .setMultiAssetsMode,
        "GET /fapi/v1/accountConfig": .accountConfig, "GET /fapi/v1/symbolConfig": .symbolConfig,
        "GET /fapi/v1/commissionRate": .commissionRate,
        "GET /fapi/v1/rateLimit/order": .orderRateLimit, "POST /fapi/v1/order": .placeOrder,
        "POST /fapi/v1/order/test": .testOrder, "GET /fapi/v1/order": .queryOrder,
        "DELETE /fapi/v1/order": .cancelOrder, "GET /fapi/v1/openOrder": .openOrder,
        "GET /fapi/v1/openOrders": .openOrders, "DELETE /fapi/v1/allOpenOrders": .cancelAll,
        "GET /fapi/v1/allOrders": .allOrders, "GET /fapi/v1/userTrades": .userTrades,
        "POST /fapi/v1/leverage": .setLeverage, "POST /fapi/v1/marginType": .setMarginType,
    ]

    var security: Security {
        switch self {
        case .ping, .time, .exchangeInfo, .depth, .bookTicker, .tickerPrice, .premiumIndex:
            .none
        case .openListenKey, .keepListenKey, .closeListenKey: .key
        case .accountV2, .accountV3, .balance, .positionRiskV2, .positionRiskV3, .leverageBracket,
            .positionMode, .multiAssetsMode, .accountConfig, .symbolConfig, .commissionRate,
            .orderRateLimit, .queryOrder, .openOrder, .openOrders, .allOrders, .userTrades:
            .read
        case .placeOrder, .testOrder, .cancelOrder, .cancelAll, .setLeverage, .setMarginType,
            .setPositionMode, .setMultiAssetsMode:
            .trade
        }
    }

    /// Whether it counts as a new order.
    var isOrder: Bool { self == .placeOrder }

    /// Request weight (exchange-facts A3.1).
    func weight(hasSymbol: Bool, limit: Int64) -> Int64 {
        switch self {
        case .ping, .time, .exchangeInfo, .openListenKey, .keepListenKey, .closeListenKey,
            .leverageBracket, .orderRateLimit, .queryOrder, .cancelOrder, .openOrder, .cancelAll,
            .setLeverage, .setMarginType, .setPositionMode, .setMultiAssetsMode:
            1
        case .placeOrder, .testOrder: 0
        case .depth: limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20
        case .bookTicker: hasSymbol ? 2 : 5
        case .tickerPrice: hasSymbol ? 1 : 2
        case .premiumIndex: hasSymbol ? 1 : 10
        case .openOrders: hasSymbol ? 1 : 40
        case .accountV2, .positionRiskV2: 10
        case .accountV3, .balance, .positionRiskV3, .accountConfig, .symbolConfig,
            .allOrders, .userTrades:
            5
        case .commissionRate: 20
        case .positionMode, .multiAssetsMode: 30
        }
    }
}

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

/// What an endpoint is about: where it is answered.
internal enum EndpointTopic: Sendable {
    case market, tape, statistics, listenKeys, account, history, settings, orders, batches, algos
}

/// The requests the exchange answers (exchange-facts A).
internal enum Endpoint: Sendable {
    case ping, time, exchangeInfo, depth, bookTicker, tickerPrice, premiumIndex
    case trades, historicalTrades, aggregateTrades, klines, continuousKlines, markKlines
    case indexKlines, premiumKlines, dayTicker
    case fundingRates, fundingInfo, openInterest, constituents, adlRisk
    case indexInfo, assetIndex, insuranceBalance
    case interestHistory, accountRatio, positionRatio, takerRatio, basis, deliveryPrices
    case openListenKey, keepListenKey, closeListenKey
    case accountV2, accountV3, balance, positionRiskV2, positionRiskV3
    case leverageBracket, positionMode, multiAssetsMode, accountConfig, symbolConfig, feeBurn
    case commissionRate, orderRateLimit, adlQuantile, tradingStatus
    case allOrders, userTrades, income, amendments, forceOrders, marginHistory
    case placeOrder, testOrder, amendOrder, queryOrder, cancelOrder, openOrder, openOrders
    case cancelAll, countdown
    case placeBatch, amendBatch, cancelBatch
    case placeAlgo, queryAlgo, cancelAlgo, openAlgos, allAlgos, cancelAlgos
    case setLeverage, setMarginType, setPositionMode, setMultiAssetsMode, setFeeBurn
    case changeMargin

    init?(method: String, path: String) {
        guard let found = Endpoint.table["\(method) \(path)"] else { return nil }
        self = found
    }

    private static let table: [String: Endpoint] = [
        "GET /fapi/v1/ping": .ping, "GET /fapi/v1/time": .time,
        "GET /fapi/v1/exchangeInfo": .exchangeInfo, "GET /fapi/v1/depth": .depth,
        "GET /fapi/v1/rpiDepth": .depth,
        "GET /fapi/v1/ticker/bookTicker": .bookTicker, "GET /fapi/v1/ticker/price": .tickerPrice,
        "GET /fapi/v2/ticker/price": .tickerPrice, "GET /fapi/v1/premiumIndex": .premiumIndex,
        "GET /fapi/v1/trades": .trades, "GET /fapi/v1/historicalTrades": .historicalTrades,
        "GET /fapi/v1/aggTrades": .aggregateTrades, "GET /fapi/v1/klines": .klines,
        "GET /fapi/v1/continuousKlines": .continuousKlines,
        "GET /fapi/v1/markPriceKlines": .markKlines,
        "GET /fapi/v1/indexPriceKlines": .indexKlines,
        "GET /fapi/v1/premiumIndexKlines": .premiumKlines,
        "GET /fapi/v1/ticker/24hr": .dayTicker,
        "GET /fapi/v1/fundingRate": .fundingRates, "GET /fapi/v1/fundingInfo": .fundingInfo,
        "GET /fapi/v1/openInterest": .openInterest, "GET /fapi/v1/constituents": .constituents,
        "GET /fapi/v1/symbolAdlRisk": .adlRisk,
        "GET /fapi/v1/indexInfo": .indexInfo, "GET /fapi/v1/assetIndex": .assetIndex,
        "GET /fapi/v1/insuranceBalance": .insuranceBalance,
        "GET /futures/data/openInterestHist": .interestHistory,
        "GET /futures/data/topLongShortAccountRatio": .accountRatio,
        "GET /futures/data/globalLongShortAccountRatio": .accountRatio,
        "GET /futures/data/topLongShortPositionRatio": .positionRatio,
        "GET /futures/data/takerlongshortRatio": .takerRatio,
        "GET /futures/data/basis": .basis,
        "GET /futures/data/delivery-price": .deliveryPrices,
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
        "GET /fapi/v1/feeBurn": .feeBurn, "POST /fapi/v1/feeBurn": .setFeeBurn,
        "GET /fapi/v1/accountConfig": .accountConfig, "GET /fapi/v1/symbolConfig": .symbolConfig,
        "GET /fapi/v1/commissionRate": .commissionRate,
        "GET /fapi/v1/rateLimit/order": .orderRateLimit,
        "GET /fapi/v1/adlQuantile": .adlQuantile,
        "GET /fapi/v1/apiTradingStatus": .tradingStatus,
        "POST /fapi/v1/order": .placeOrder, "POST /fapi/v1/order/test": .testOrder,
        "PUT /fapi/v1/order": .amendOrder, "GET /fapi/v1/order": .queryOrder,
        "DELETE /fapi/v1/order": .cancelOrder, "GET /fapi/v1/openOrder": .openOrder,
        "GET /fapi/v1/openOrders": .openOrders, "DELETE /fapi/v1/allOpenOrders": .cancelAll,
        "POST /fapi/v1/countdownCancelAll": .countdown,
        "POST /fapi/v1/batchOrders": .placeBatch, "PUT /fapi/v1/batchOrders": .amendBatch,
        "DELETE /fapi/v1/batchOrders": .cancelBatch,
        "GET /fapi/v1/allOrders": .allOrders, "GET /fapi/v1/userTrades": .userTrades,
        "GET /fapi/v1/orderAmendment": .amendments, "GET /fapi/v1/income": .income,
        "GET /fapi/v1/forceOrders": .forceOrders,
        "GET /fapi/v1/positionMargin/history": .marginHistory,
        "POST /fapi/v1/algoOrder": .placeAlgo, "GET /fapi/v1/algoOrder": .queryAlgo,
        "DELETE /fapi/v1/algoOrder": .cancelAlgo, "GET /fapi/v1/openAlgoOrders": .openAlgos,
        "GET /fapi/v1/allAlgoOrders": .allAlgos, "DELETE /fapi/v1/algoOpenOrders": .cancelAlgos,
        "POST /fapi/v1/leverage": .setLeverage, "POST /fapi/v1/marginType": .setMarginType,
        "POST /fapi/v1/positionMargin": .changeMargin,
    ]

    var topic: EndpointTopic {
        switch self {
        case .ping, .time, .exchangeInfo, .depth, .bookTicker, .tickerPrice, .premiumIndex,
            .fundingRates, .fundingInfo, .openInterest, .constituents, .adlRisk, .indexInfo,
            .assetIndex, .insuranceBalance:
            .market
        case .trades, .historicalTrades, .aggregateTrades, .klines, .continuousKlines, .markKlines,
            .indexKlines, .premiumKlines, .dayTicker:
            .tape
        case .interestHistory, .accountRatio, .positionRatio, .takerRatio, .basis, .deliveryPrices:
            .statistics
        case .openListenKey, .keepListenKey, .closeListenKey: .listenKeys
        case .accountV2, .accountV3, .balance, .positionRiskV2, .positionRiskV3,
            .leverageBracket, .positionMode, .multiAssetsMode, .accountConfig, .symbolConfig,
            .feeBurn, .commissionRate, .orderRateLimit, .adlQuantile, .tradingStatus:
            .account
        case .allOrders, .userTrades, .income, .amendments, .forceOrders, .marginHistory: .history
        case .placeOrder, .testOrder, .amendOrder, .queryOrder, .cancelOrder, .openOrder,
            .openOrders, .cancelAll, .countdown:
            .orders
        case .placeBatch, .amendBatch, .cancelBatch: .batches
        case .placeAlgo, .queryAlgo, .cancelAlgo, .openAlgos, .allAlgos, .cancelAlgos: .algos
        case .setLeverage, .setMarginType, .setPositionMode, .setMultiAssetsMode, .setFeeBurn,
            .changeMargin:
            .settings
        }
    }

    var security: Security {
        switch self {
        case .queryOrder, .openOrder, .openOrders, .queryAlgo, .openAlgos, .allAlgos: return .read
        case .historicalTrades: return .key
        case _: break
        }
        switch topic {
        case .market, .tape, .statistics: return .none
        case .listenKeys: return .key
        case .account, .history: return .read
        case .settings, .orders, .batches, .algos: return .trade
        }
    }
}

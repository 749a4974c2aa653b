extension Endpoint {
    /// What a request counts among new orders: in ten seconds and in a minute; nil for no order.
    var orderCount: (tenSeconds: Int64, minute: Int64)? {
        switch self {
        case .placeOrder, .amendOrder: (1, 1)
        case .placeBatch, .amendBatch: (5, 1)
        case _: nil
        }
    }

    /// Request weight (exchange-facts A3.1).
    func weight(hasSymbol: Bool, limit: Int64) -> Int64 {
        switch self {
        case .ping, .time, .exchangeInfo, .openListenKey, .keepListenKey, .closeListenKey,
            .leverageBracket, .orderRateLimit, .queryOrder, .cancelOrder, .openOrder, .cancelAll,
            .setLeverage, .setMarginType, .setPositionMode, .setMultiAssetsMode, .setFeeBurn,
            .changeMargin, .cancelBatch, .queryAlgo, .cancelAlgo, .cancelAlgos, .tradingStatus,
            .fundingRates, .fundingInfo, .openInterest, .amendments, .marginHistory, .adlRisk,
            .indexInfo, .insuranceBalance:
            1
        // Statistics have a limit of their own at the venue, not the weight's.
        case .placeOrder, .testOrder, .amendOrder, .placeAlgo, .interestHistory, .accountRatio,
            .positionRatio, .takerRatio, .basis, .deliveryPrices:
            0
        case .depth: limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20
        case .trades: 5
        case .historicalTrades, .aggregateTrades: 20
        case .klines, .continuousKlines, .markKlines, .indexKlines, .premiumKlines:
            limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10
        case .dayTicker: hasSymbol ? 1 : 40
        case .bookTicker: hasSymbol ? 2 : 5
        case .tickerPrice: hasSymbol ? 1 : 2
        case .premiumIndex, .assetIndex: hasSymbol ? 1 : 10
        case .constituents: 2
        case .openOrders, .openAlgos: hasSymbol ? 1 : 40
        case .accountV2, .positionRiskV2, .countdown: 10
        case .accountV3, .balance, .positionRiskV3, .accountConfig, .symbolConfig,
            .allOrders, .userTrades, .allAlgos, .adlQuantile, .placeBatch, .amendBatch:
            5
        case .forceOrders: hasSymbol ? 20 : 50
        case .commissionRate: 20
        case .positionMode, .multiAssetsMode, .feeBurn, .income: 30
        }
    }
}

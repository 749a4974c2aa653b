/// The requests the MEXC exchange answers (exchange-facts D).
internal enum MEXCEndpoint: Sendable {
    case ping, time, defaultSymbols, exchangeInfo, depth, trades, aggregateTrades, klines
    case averagePrice, dayTicker, priceTicker, bookTicker, contracts
    case placeOrder, testOrder, placeBatch, queryOrder, cancelOrder, openOrders, cancelAll
    case allOrders, myTrades, account, tradeFee, ownSymbols, coins, userID
    case openListenKey, listenKeys, keepListenKey, closeListenKey

    init?(method: String, path: String) {
        guard let found = MEXCEndpoint.table["\(method) \(path)"] else { return nil }
        self = found
    }

    private static let table: [String: MEXCEndpoint] = [
        "GET /api/v3/ping": .ping, "GET /api/v3/time": .time,
        "GET /api/v3/defaultSymbols": .defaultSymbols,
        "GET /api/v3/exchangeInfo": .exchangeInfo, "GET /api/v3/depth": .depth,
        "GET /api/v3/trades": .trades, "GET /api/v3/historicalTrades": .trades,
        "GET /api/v3/aggTrades": .aggregateTrades, "GET /api/v3/klines": .klines,
        "GET /api/v3/ticker/24hr": .dayTicker, "GET /api/v3/avgPrice": .averagePrice,
        "GET /api/v3/ticker/price": .priceTicker,
        "GET /api/v3/ticker/bookTicker": .bookTicker,
        "GET /api/v1/contract/detail": .contracts, "POST /api/v3/order": .placeOrder,
        "POST /api/v3/order/test": .testOrder, "POST /api/v3/batchOrders": .placeBatch,
        "GET /api/v3/order": .queryOrder, "DELETE /api/v3/order": .cancelOrder,
        "GET /api/v3/openOrders": .openOrders, "DELETE /api/v3/openOrders": .cancelAll,
        "GET /api/v3/allOrders": .allOrders, "GET /api/v3/myTrades": .myTrades,
        "GET /api/v3/account": .account, "GET /api/v3/tradeFee": .tradeFee,
        "GET /api/v3/selfSymbols": .ownSymbols, "GET /api/v3/uid": .userID,
        "GET /api/v3/capital/config/getall": .coins,
        "POST /api/v3/userDataStream": .openListenKey,
        "GET /api/v3/userDataStream": .listenKeys,
        "PUT /api/v3/userDataStream": .keepListenKey,
        "DELETE /api/v3/userDataStream": .closeListenKey,
    ]

    /// Everything private is signed, listen keys too.
    var security: SpotSecurity {
        switch self {
        case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .trades, .aggregateTrades,
            .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts:
            .none
        case .queryOrder, .openOrders, .allOrders, .myTrades, .account, .tradeFee, .ownSymbols,
            .coins, .userID, .openListenKey, .listenKeys, .keepListenKey, .closeListenKey:
            .read
        case .placeOrder, .testOrder, .placeBatch, .cancelOrder, .cancelAll: .trade
        }
    }

    /// Request weight, counted for each endpoint on its own.
    func weight(hasSymbol: Bool) -> Int64 {
        switch self {
        case .exchangeInfo, .account, .allOrders, .myTrades, .coins: 10
        case .trades: 5
        case .openOrders: 3
        case .queryOrder: 2
        case .dayTicker: hasSymbol ? 1 : 40
        case .placeBatch: 1
        case .ping, .time, .defaultSymbols, .depth, .aggregateTrades, .klines, .averagePrice,
            .priceTicker, .bookTicker, .contracts, .placeOrder, .testOrder, .cancelOrder,
            .cancelAll, .tradeFee, .ownSymbols, .userID, .openListenKey, .listenKeys,
            .keepListenKey, .closeListenKey:
            1
        }
    }
}

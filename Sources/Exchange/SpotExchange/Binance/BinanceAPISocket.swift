internal import ExchangeDoor

/// One socket of the WebSocket API.
internal struct BinanceAPISocket: Sendable {
    let remote: String
    /// Epoch milliseconds.
    let connectedSince: Int64
    /// Subscriptions to accounts' events, oldest first, each with its account's number.
    var subscriptions: [(number: Int64, account: Int)] = []
    var nextSubscription: Int64 = 0

    /// Where the API is served.
    static let path = "/ws-api/v3"
    /// What opening a socket costs.
    static let handshakeWeight: Int64 = 2

    /// The REST request each method stands for.
    static let requests: [String: (verb: String, path: String)] = [
        "ping": ("GET", "/api/v3/ping"), "time": ("GET", "/api/v3/time"),
        "exchangeInfo": ("GET", "/api/v3/exchangeInfo"), "depth": ("GET", "/api/v3/depth"),
        "trades.recent": ("GET", "/api/v3/trades"),
        "trades.historical": ("GET", "/api/v3/historicalTrades"),
        "trades.aggregate": ("GET", "/api/v3/aggTrades"), "klines": ("GET", "/api/v3/klines"),
        "uiKlines": ("GET", "/api/v3/uiKlines"), "avgPrice": ("GET", "/api/v3/avgPrice"),
        "ticker.24hr": ("GET", "/api/v3/ticker/24hr"),
        "ticker.tradingDay": ("GET", "/api/v3/ticker/tradingDay"),
        "ticker": ("GET", "/api/v3/ticker"), "ticker.price": ("GET", "/api/v3/ticker/price"),
        "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
        "order.place": ("POST", "/api/v3/order"), "order.test": ("POST", "/api/v3/order/test"),
        "order.status": ("GET", "/api/v3/order"), "order.cancel": ("DELETE", "/api/v3/order"),
        "order.cancelReplace": ("POST", "/api/v3/order/cancelReplace"),
        "order.amend.keepPriority": ("PUT", "/api/v3/order/amend/keepPriority"),
        "order.amendments": ("GET", "/api/v3/order/amendments"),
        "orderList.place.oco": ("POST", "/api/v3/orderList/oco"),
        "orderList.place": ("POST", "/api/v3/order/oco"),
        "orderList.place.oto": ("POST", "/api/v3/orderList/oto"),
        "orderList.place.otoco": ("POST", "/api/v3/orderList/otoco"),
        "orderList.status": ("GET", "/api/v3/orderList"),
        "orderList.cancel": ("DELETE", "/api/v3/orderList"),
        "openOrderLists.status": ("GET", "/api/v3/openOrderList"),
        "allOrderLists": ("GET", "/api/v3/allOrderList"),
        "openOrders.status": ("GET", "/api/v3/openOrders"),
        "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
        "sor.order.place": ("POST", "/api/v3/sor/order"),
        "sor.order.test": ("POST", "/api/v3/sor/order/test"),
        "account.status": ("GET", "/api/v3/account"),
        "account.rateLimits.orders": ("GET", "/api/v3/rateLimit/order"),
        "account.commission": ("GET", "/api/v3/account/commission"),
        "allOrders": ("GET", "/api/v3/allOrders"), "myTrades": ("GET", "/api/v3/myTrades"),
        "myFilters": ("GET", "/api/v3/myFilters"),
        "myPreventedMatches": ("GET", "/api/v3/myPreventedMatches"),
        "myAllocations": ("GET", "/api/v3/myAllocations"),
    ]

    /// Methods whose replies also count orders.
    static let orderMethods: Set<String> = [
        "order.place", "order.cancelReplace", "sor.order.place", "orderList.place",
        "orderList.place.oco", "orderList.place.oto", "orderList.place.otoco",
    ]
}

/// A request of the corpus: what is asked for, before anything is changed about it.
package struct FuzzRequest: Sendable {
    package var method: String
    package var path: String
    package var fields: [(name: String, value: String)]
    package var isSigned: Bool

    /// - Parameter fields: `a=1&b=2`, not encoded.
    package init(_ method: String, _ path: String, _ fields: String = "", isSigned: Bool = true) {
        self.method = method
        self.path = path
        self.isSigned = isSigned
        self.fields = fields.split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }
}

extension FuzzRequest {
    private static let limit =
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=64000"
        + "&newClientOrderId=fuzz"
    private static let batch =
        #"[{"symbol":"BTCUSDT","side":"SELL","type":"MARKET","quantity":"0.01"}]"#

    /// What futures are asked.
    package static let futures: [FuzzRequest] = [
        FuzzRequest("GET", "/fapi/v1/ping", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/exchangeInfo", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/depth", "symbol=BTCUSDT&limit=5", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/klines", "symbol=BTCUSDT&interval=1m&limit=5", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/trades", "symbol=BTCUSDT&limit=5", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/aggTrades", "symbol=BTCUSDT&fromId=1", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/ticker/24hr", "symbol=BTCUSDT", isSigned: false),
        FuzzRequest("GET", "/fapi/v1/premiumIndex", "symbol=BTCUSDT", isSigned: false),
        FuzzRequest("POST", "/fapi/v1/listenKey", isSigned: false),
        FuzzRequest("PUT", "/fapi/v1/listenKey", isSigned: false),
        FuzzRequest("POST", "/fapi/v1/order", limit),
        FuzzRequest("POST", "/fapi/v1/order", limit),
        FuzzRequest(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01&newOrderRespType=RESULT"),
        FuzzRequest(
            "POST", "/fapi/v1/order",
            "symbol=ETHUSDT&side=SELL&type=LIMIT&timeInForce=IOC&quantity=1&price=3000"
                + "&reduceOnly=true&selfTradePreventionMode=EXPIRE_BOTH"),
        FuzzRequest(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTD&quantity=0.01&priceMatch=QUEUE"
                + "&goodTillDate=1700010000000&positionSide=BOTH"),
        FuzzRequest("POST", "/fapi/v1/order/test", limit),
        FuzzRequest("PUT", "/fapi/v1/order", limit + "&origClientOrderId=fuzz"),
        FuzzRequest("POST", "/fapi/v1/batchOrders", "batchOrders=" + batch),
        FuzzRequest("DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT&orderIdList=[1,2]"),
        FuzzRequest("GET", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=fuzz"),
        FuzzRequest("DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=fuzz"),
        FuzzRequest("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT"),
        FuzzRequest("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT"),
        FuzzRequest("GET", "/fapi/v1/allOrders", "symbol=BTCUSDT&orderId=1&limit=5"),
        FuzzRequest("GET", "/fapi/v1/userTrades", "symbol=BTCUSDT&fromId=1&limit=5"),
        FuzzRequest("GET", "/fapi/v3/account"),
        FuzzRequest("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT"),
        FuzzRequest("GET", "/fapi/v1/income", "incomeType=COMMISSION&limit=5"),
        FuzzRequest("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=20"),
        FuzzRequest("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED"),
        FuzzRequest("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false"),
        FuzzRequest("POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=60000"),
        FuzzRequest(
            "POST", "/fapi/v1/algoOrder",
            "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=60000"
                + "&quantity=0.01"),
    ]

    /// What spot is asked; MEXC the same with its own words where they differ.
    package static let spot: [FuzzRequest] = [
        FuzzRequest("GET", "/api/v3/exchangeInfo", isSigned: false),
        FuzzRequest("GET", "/api/v3/depth", "symbol=BTCUSDT&limit=5", isSigned: false),
        FuzzRequest("GET", "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=5", isSigned: false),
        FuzzRequest("GET", "/api/v3/ticker/24hr", "symbols=[\"BTCUSDT\"]", isSigned: false),
        FuzzRequest("POST", "/api/v3/order", limit),
        FuzzRequest(
            "POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100"),
        FuzzRequest(
            "POST", "/api/v3/order",
            "symbol=QRLUSDT&side=BUY&type=IMMEDIATE_OR_CANCEL&quantity=10&price=0.7"),
        FuzzRequest(
            "POST", "/api/v3/order/cancelReplace",
            limit + "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrigClientOrderId=fuzz"),
        FuzzRequest(
            "POST", "/api/v3/orderList/oco",
            "symbol=BTCUSDT&side=SELL&quantity=0.01&aboveType=LIMIT_MAKER&abovePrice=70000"
                + "&belowType=STOP_LOSS_LIMIT&belowStopPrice=60000&belowPrice=59900"
                + "&belowTimeInForce=GTC&listClientOrderId=pair"),
        FuzzRequest("GET", "/api/v3/orderList", "origClientOrderId=pair"),
        FuzzRequest("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&listClientOrderId=pair"),
        FuzzRequest(
            "PUT", "/api/v3/order/amend/keepPriority",
            "symbol=BTCUSDT&origClientOrderId=fuzz&newQty=0.005"),
        FuzzRequest("GET", "/api/v3/order/amendments", "symbol=BTCUSDT&orderId=1"),
        FuzzRequest("GET", "/api/v3/myPreventedMatches", "symbol=BTCUSDT&orderId=1"),
        FuzzRequest("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=fuzz"),
        FuzzRequest("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=fuzz"),
        FuzzRequest("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT"),
        FuzzRequest("GET", "/api/v3/openOrders", "symbol=BTCUSDT"),
        FuzzRequest("GET", "/api/v3/allOrders", "symbol=BTCUSDT&limit=5"),
        FuzzRequest("GET", "/api/v3/myTrades", "symbol=BTCUSDT&limit=5"),
        FuzzRequest("GET", "/api/v3/account", "omitZeroBalances=true"),
        FuzzRequest("POST", "/api/v3/userDataStream"),
        FuzzRequest("POST", "/api/v3/batchOrders", "batchOrders=" + batch),
        FuzzRequest("GET", "/sapi/v1/capital/config/getall"),
    ] + spotConditional + spotLists

    /// What sockets are told.
    package static let messages: [String] = [
        #"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@bookTicker"],"id":1}"#,
        #"{"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":"x"}"#,
        #"{"method":"LIST_SUBSCRIPTIONS","id":3}"#,
        #"{"method":"SET_PROPERTY","params":["combined",true],"id":4}"#,
        #"{"method":"SUBSCRIPTION","params":["spot@public.aggre.depth.v3.api.pb@100ms@QRLUSDT"]}"#,
        #"{"method":"PING"}"#,
        #"{"id":"1","method":"order.place","params":{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","#
            + #""timeInForce":"GTC","quantity":"0.01","price":"64000","apiKey":"fuzz-key","#
            + #""timestamp":1700000000000,"signature":"00"}}"#,
        #"{"id":2,"method":"account.status","params":{"apiKey":"fuzz-key","timestamp":1}}"#,
        #"{"id":3,"method":"userDataStream.subscribe.signature","params":{"apiKey":"fuzz-key"}}"#,
        #"{"id":4,"method":"depth","params":{"symbol":"BTCUSDT"}}"#,
    ] + listMessages

    /// Where sockets are opened.
    package static let targets = [
        "/ws/btcusdt@bookTicker", "/stream?streams=btcusdt@depth/ethusdt@aggTrade", "/public/ws",
        "/private/ws?listenKey=x", "/market/stream", "/ws-fapi/v1", "/ws-api/v3", "/ws", "/stream",
    ]
}

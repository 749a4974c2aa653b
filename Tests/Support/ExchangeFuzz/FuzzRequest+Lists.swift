/// Orders that wait for others or for prices, and what belongs to them.
extension FuzzRequest {
    private static let limit =
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=64000"

    /// Conditional, trailing and iceberg orders of spot.
    static let spotConditional: [FuzzRequest] = [
        FuzzRequest("POST", "/api/v3/order", limit + "&icebergQty=0.002&newClientOrderId=ice"),
        FuzzRequest(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=LIMIT_MAKER&quantity=0.02&price=70000&icebergQty=0.004"),
        FuzzRequest(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.01&trailingDelta=100"
                + "&newClientOrderId=trail"),
        FuzzRequest(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=BUY&type=TAKE_PROFIT_LIMIT&timeInForce=GTC&quantity=0.01"
                + "&price=60000&stopPrice=60500&trailingDelta=200"),
        FuzzRequest(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=0.01"
                + "&price=60000&stopPrice=60500&icebergQty=0.002"),
        FuzzRequest(
            "POST", "/api/v3/order",
            limit + "&selfTradePreventionMode=EXPIRE_BOTH&newOrderRespType=FULL"),
        FuzzRequest(
            "POST", "/api/v3/order/cancelReplace",
            limit + "&cancelReplaceMode=ALLOW_FAILURE&cancelOrigClientOrderId=ice"
                + "&icebergQty=0.001"),
        FuzzRequest("POST", "/api/v3/order/test", limit + "&computeCommissionRates=true"),
        FuzzRequest("POST", "/api/v3/sor/order", limit),
    ]

    /// Order lists: the former OCO, OTO, OTOCO, and the questions about them.
    static let spotLists: [FuzzRequest] = [
        FuzzRequest(
            "POST", "/api/v3/order/oco",
            "symbol=BTCUSDT&side=SELL&quantity=0.01&price=70000&stopPrice=60000"
                + "&stopLimitPrice=59900&stopLimitTimeInForce=GTC&limitIcebergQty=0.002"
                + "&stopIcebergQty=0.002&listClientOrderId=former"),
        FuzzRequest(
            "POST", "/api/v3/order/oco",
            "symbol=BTCUSDT&side=SELL&quantity=0.01&price=70000&stopPrice=60000&trailingDelta=100"),
        FuzzRequest(
            "POST", "/api/v3/orderList/oco",
            "symbol=BTCUSDT&side=BUY&quantity=0.01&aboveType=STOP_LOSS&aboveTrailingDelta=100"
                + "&belowType=LIMIT_MAKER&belowPrice=60000&belowIcebergQty=0.002"),
        FuzzRequest("POST", "/api/v3/orderList/oto", trigger + "&listClientOrderId=oto"),
        FuzzRequest(
            "POST", "/api/v3/orderList/oto",
            trigger + "&workingIcebergQty=0.002&pendingStopPrice=60000&pendingTrailingDelta=100"),
        FuzzRequest(
            "POST", "/api/v3/orderList/otoco",
            working + "&pendingSide=SELL&pendingQuantity=0.01&pendingAboveType=LIMIT_MAKER"
                + "&pendingAbovePrice=70000&pendingBelowType=STOP_LOSS&pendingBelowStopPrice=60000"
                + "&listClientOrderId=otoco"),
        FuzzRequest(
            "POST", "/api/v3/orderList/otoco",
            working + "&pendingSide=SELL&pendingQuantity=0.01&pendingAboveType=TAKE_PROFIT_LIMIT"
                + "&pendingAbovePrice=70000&pendingAboveStopPrice=69000"
                + "&pendingAboveTimeInForce=GTC&pendingAboveIcebergQty=0.002"
                + "&pendingBelowType=STOP_LOSS_LIMIT&pendingBelowStopPrice=60000"
                + "&pendingBelowPrice=59900&pendingBelowTimeInForce=GTC"
                + "&pendingBelowTrailingDelta=100"),
        FuzzRequest("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&listClientOrderId=oto"),
        FuzzRequest("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&orderListId=1"),
        FuzzRequest("GET", "/api/v3/orderList", "orderListId=1"),
        FuzzRequest("GET", "/api/v3/allOrderList", "fromId=1&limit=5"),
        FuzzRequest("GET", "/api/v3/openOrderList"),
    ]

    private static let working =
        "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=64000&workingQuantity=0.01"
        + "&workingTimeInForce=GTC"
    private static let trigger =
        working + "&pendingType=LIMIT&pendingSide=SELL&pendingPrice=70000&pendingQuantity=0.01"
        + "&pendingTimeInForce=GTC"

    /// What sockets are told about them.
    static let listMessages: [String] = [
        #"{"id":5,"method":"orderList.place.oto","params":{"symbol":"BTCUSDT","workingType":"LIMIT","#
            + #""workingSide":"BUY","workingPrice":"64000","workingQuantity":"0.01","#
            + #""workingTimeInForce":"GTC","pendingType":"MARKET","pendingSide":"SELL","#
            + #""pendingQuantity":"0.01","apiKey":"fuzz-key","timestamp":1,"signature":"0"}}"#,
        #"{"id":6,"method":"orderList.place.otoco","params":{"symbol":"BTCUSDT","apiKey":"fuzz-key"}}"#,
        #"{"id":7,"method":"orderList.cancel","params":{"symbol":"BTCUSDT","orderListId":1}}"#,
        #"{"id":8,"method":"order.amend.keepPriority","params":{"symbol":"BTCUSDT","newQty":"0.001"}}"#,
    ]
}

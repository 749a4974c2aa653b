internal import Bytes
internal import Trading

extension SpotOrder {
    /// The order's type as MEXC has it.
    internal var mexcType: String {
        switch kind {
        case .limitMaker: "LIMIT_MAKER"
        case .market, .stopLoss, .takeProfit: "MARKET"
        case .limit, .stopLossLimit, .takeProfitLimit:
            switch timeInForce {
            case .immediateOrCancel: "IMMEDIATE_OR_CANCEL"
            case .fillOrKill: "FILL_OR_KILL"
            case .goodTillCancel, .goodTillDate, .postOnly: "LIMIT"
            }
        }
    }

    /// The order's status as MEXC has it: what ends with a part filled is partially cancelled.
    internal var mexcStatus: String {
        switch status {
        case .new: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled, .rejected, .expired, .expiredInMatch:
            executed.isPositive ? "PARTIALLY_CANCELED" : "CANCELED"
        case .other(let text): text
        }
    }
}

/// The shapes in which MEXC shows an order.
internal enum MEXCOrderBodies {
    private static func id(_ order: SpotOrder) -> String {
        MEXCOrderID.text(order.orderID, market: order.market)
    }

    private static func writeClientID(
        _ name: StaticString, _ id: String, _ out: inout JSONWriter
    ) {
        out.key(name)
        if id.isEmpty { out.null() } else { out.value(id) }
    }

    /// The reply to a new order: nothing about what became of it.
    static func write(placed order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        out.field("orderId", id(order))
        out.field("orderListId", -1)
        out.field("price", units: order.price.units)
        out.field("origQty", units: order.quantity.units)
        out.field("type", order.mexcType)
        out.field("side", order.side.rawValue)
        out.field("transactTime", order.createdAtMilliseconds)
        out.endObject()
    }

    /// An element of the reply to `batchOrders`.
    static func write(batched order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        out.field("orderId", id(order))
        if !order.clientOrderID.isEmpty { out.field("newClientOrderId", order.clientOrderID) }
        out.field("orderListId", -1)
        out.endObject()
    }

    private static func writeAmounts(_ order: SpotOrder, _ out: inout JSONWriter) {
        out.field("price", units: order.price.units)
        out.field("origQty", units: order.quantity.units)
        out.field("executedQty", units: order.executed.units)
        out.field("cummulativeQuoteQty", units: order.cumulativeQuote.units)
        out.field("status", order.mexcStatus)
        out.key("timeInForce")
        out.null()
        out.field("type", order.mexcType)
        out.field("side", order.side.rawValue)
    }

    /// The reply to a cancel.
    static func write(canceled order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        writeClientID("origClientOrderId", order.clientOrderID, &out)
        out.field("orderId", id(order))
        writeClientID("clientOrderId", order.clientOrderID, &out)
        writeAmounts(order, &out)
        out.endObject()
    }

    /// An order as queries and lists show it.
    static func write(recorded order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        out.field("orderId", id(order))
        out.field("orderListId", -1)
        writeClientID("clientOrderId", order.clientOrderID, &out)
        writeAmounts(order, &out)
        for name in ["stopPrice", "icebergQty"] {
            out.key(name)
            out.null()
        }
        out.field("time", order.createdAtMilliseconds)
        out.field("updateTime", order.updatedAtMilliseconds)
        out.field("isWorking", true)
        out.field("origQuoteOrderQty", units: order.quoteQuantity.units)
        out.endObject()
    }

    /// One row of `myTrades`.
    static func write(_ trade: SpotTrade, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", MEXCOrderID.trade(trade))
        out.field("orderId", MEXCOrderID.text(trade.orderID, market: trade.market))
        out.field("orderListId", -1)
        out.field("price", units: trade.price.units)
        out.field("qty", units: trade.quantity.units)
        out.field("quoteQty", units: trade.quote.units)
        out.field("commission", units: trade.fee.units)
        out.field("commissionAsset", trade.feeAsset)
        out.field("time", trade.timeMilliseconds)
        out.field("isBuyer", trade.side == .buy)
        out.field("isMaker", trade.isMaker)
        out.field("isBestMatch", true)
        out.field("isSelfTrade", trade.isSelfTrade)
        writeClientID("clientOrderId", trade.clientOrderID, &out)
        out.endObject()
    }
}

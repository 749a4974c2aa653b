internal import Bytes
internal import Matching
internal import Trading

/// How much a reply to a new order tells.
internal enum BinanceResponseForm: String, Sendable {
    case acknowledged = "ACK"
    case result = "RESULT"
    case full = "FULL"
}

/// The shapes in which Binance shows an order.
internal enum BinanceOrderBodies {
    /// Prices and amounts have eight decimals.
    private static let places = 8

    private static func writeHead(_ order: SpotOrder, _ out: inout JSONWriter) {
        out.field("symbol", order.symbol.name)
        out.field("orderId", order.orderID)
        out.field("orderListId", order.listID)
    }

    private static func writeAmounts(_ order: SpotOrder, _ out: inout JSONWriter) {
        out.field("price", units: order.price.units, places: places)
        out.field("origQty", units: order.quantity.units, places: places)
        out.field("executedQty", units: order.executed.units, places: places)
        out.field("origQuoteOrderQty", units: order.quoteQuantity.units, places: places)
        out.field("cummulativeQuoteQty", units: order.cumulativeQuote.units, places: places)
        out.field("status", order.status.text)
        out.field("timeInForce", order.timeInForce.rawValue)
        out.field("type", order.kind.rawValue)
        out.field("side", order.side.rawValue)
    }

    /// What only orders of some kinds have.
    private static func writeStop(_ order: SpotOrder, _ out: inout JSONWriter) {
        if order.icebergQuantity.isPositive {
            out.field("icebergQty", units: order.icebergQuantity.units, places: places)
        }
        if order.kind.isConditional, order.stopPrice.isPositive {
            out.field("stopPrice", units: order.stopPrice.units, places: places)
        }
        writeTrail(order, &out)
    }

    private static func writeTrail(_ order: SpotOrder, _ out: inout JSONWriter) {
        guard order.trailingDelta > 0 else { return }
        out.field("trailingDelta", order.trailingDelta)
        out.field(
            "trailingTime", order.trailingAtMilliseconds > 0 ? order.trailingAtMilliseconds : -1)
    }

    /// Only orders that prevention has struck tell of it.
    private static func writePrevention(_ order: SpotOrder, _ out: inout JSONWriter) {
        guard order.preventedMatchID >= 0 else { return }
        out.field("preventedMatchId", order.preventedMatchID)
        out.field("preventedQuantity", units: order.prevented.units, places: places)
    }

    static func workingTime(_ order: SpotOrder) -> Int64 {
        order.isWorking ? order.workingAtMilliseconds : -1
    }

    /// The reply to a new order.
    static func write(
        placed: SpotPlacement, _ form: BinanceResponseForm, _ out: inout JSONWriter
    ) {
        let order = placed.order
        out.beginObject()
        writeHead(order, &out)
        out.field("clientOrderId", order.clientOrderID)
        out.field("transactTime", order.createdAtMilliseconds)
        if form != .acknowledged {
            writeAmounts(order, &out)
            writeStop(order, &out)
            out.field("workingTime", workingTime(order))
            out.field("selfTradePreventionMode", order.selfTrade.rawValue)
        }
        if form == .full {
            out.key("fills")
            out.beginArray()
            for fill in placed.fills { write(fill: fill, &out) }
            out.endArray()
        }
        if form != .acknowledged { writePreventions(placed, &out) }
        out.endObject()
    }

    /// What prevention did as the order came.
    private static func writePreventions(_ placed: SpotPlacement, _ out: inout JSONWriter) {
        if !placed.preventions.isEmpty {
            out.key("preventedMatches")
            out.beginArray()
            for prevention in placed.preventions {
                out.beginObject()
                out.field("preventedMatchId", prevention.matchID)
                out.field("makerOrderId", prevention.makerOrderID)
                out.field("price", units: prevention.price.units, places: places)
                writeQuantities(prevention, &out)
                out.endObject()
            }
            out.endArray()
        }
        if placed.order.prevented.isPositive {
            out.field("preventedQuantity", units: placed.order.prevented.units, places: places)
        }
    }

    private static func writeQuantities(
        _ prevention: SpotPrevention, _ out: inout JSONWriter
    ) {
        if prevention.takerQuantity.isPositive {
            out.field(
                "takerPreventedQuantity", units: prevention.takerQuantity.units, places: places)
        }
        if prevention.makerQuantity.isPositive {
            out.field(
                "makerPreventedQuantity", units: prevention.makerQuantity.units, places: places)
        }
    }

    /// One row of `myPreventedMatches`.
    static func write(_ prevention: SpotPrevention, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", prevention.symbol.name)
        out.field("preventedMatchId", prevention.matchID)
        out.field("takerOrderId", prevention.takerOrderID)
        out.field("makerSymbol", prevention.symbol.name)
        out.field("makerOrderId", prevention.makerOrderID)
        out.field("tradeGroupId", -1)
        out.field("selfTradePreventionMode", prevention.mode)
        out.field("price", units: prevention.price.units, places: places)
        writeQuantities(prevention, &out)
        out.field("transactTime", prevention.timeMilliseconds)
        out.endObject()
    }

    /// One row of `order/amendments`.
    static func write(_ amendment: SpotAmendment, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", amendment.symbol.name)
        out.field("orderId", amendment.orderID)
        out.field("executionId", amendment.executionID)
        out.field("origClientOrderId", amendment.formerClientID)
        out.field("newClientOrderId", amendment.clientID)
        out.field("origQty", units: amendment.formerQuantity.units, places: places)
        out.field("newQty", units: amendment.quantity.units, places: places)
        out.field("time", amendment.timeMilliseconds)
        out.endObject()
    }

    private static func write(fill: SpotTrade, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("price", units: fill.price.units, places: places)
        out.field("qty", units: fill.quantity.units, places: places)
        out.field("commission", units: fill.fee.units, places: places)
        out.field("commissionAsset", fill.feeAsset)
        out.field("tradeId", fill.tradeID)
        out.endObject()
    }

    /// The reply to a cancel: the request's client id stands where the order's was.
    static func write(canceled order: SpotOrder, requestID: String, _ out: inout JSONWriter) {
        out.beginObject()
        writeHead(order, &out)
        out.field("origClientOrderId", order.clientOrderID)
        out.field("clientOrderId", requestID)
        out.field("transactTime", order.updatedAtMilliseconds)
        writeAmounts(order, &out)
        writeStop(order, &out)
        out.field("selfTradePreventionMode", order.selfTrade.rawValue)
        writePrevention(order, &out)
        out.endObject()
    }

    /// An order as queries and lists show it.
    static func write(recorded order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        writeHead(order, &out)
        out.field("clientOrderId", order.clientOrderID)
        writeAmounts(order, &out)
        out.field("stopPrice", units: order.stopPrice.units, places: places)
        out.field("icebergQty", units: order.icebergQuantity.units, places: places)
        writeTrail(order, &out)
        out.field("time", order.createdAtMilliseconds)
        out.field("updateTime", order.updatedAtMilliseconds)
        out.field("isWorking", order.isWorking)
        out.field("workingTime", workingTime(order))
        out.field("selfTradePreventionMode", order.selfTrade.rawValue)
        writePrevention(order, &out)
        out.endObject()
    }

    static func write(amended order: SpotOrder, formerID: String, _ out: inout JSONWriter) {
        out.beginObject()
        writeHead(order, &out)
        out.field("origClientOrderId", formerID)
        out.field("clientOrderId", order.clientOrderID)
        out.field("price", units: order.price.units, places: places)
        out.field("qty", units: order.quantity.units, places: places)
        out.field("executedQty", units: order.executed.units, places: places)
        out.field("preventedQty", units: order.prevented.units, places: places)
        out.field("quoteOrderQty", units: order.quoteQuantity.units, places: places)
        out.field("cumulativeQuoteQty", units: order.cumulativeQuote.units, places: places)
        out.field("status", order.status.text)
        out.field("timeInForce", order.timeInForce.rawValue)
        out.field("type", order.kind.rawValue)
        out.field("side", order.side.rawValue)
        out.field("workingTime", workingTime(order))
        out.field("selfTradePreventionMode", order.selfTrade.rawValue)
        out.endObject()
    }

    /// One row of `myTrades`.
    static func write(_ trade: SpotTrade, listID: Int64, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", trade.tradeID)
        out.field("orderId", trade.orderID)
        out.field("orderListId", listID)
        out.field("price", units: trade.price.units, places: places)
        out.field("qty", units: trade.quantity.units, places: places)
        out.field("quoteQty", units: trade.quote.units, places: places)
        out.field("commission", units: trade.fee.units, places: places)
        out.field("commissionAsset", trade.feeAsset)
        out.field("time", trade.timeMilliseconds)
        out.field("isBuyer", trade.side == .buy)
        out.field("isMaker", trade.isMaker)
        out.field("isBestMatch", true)
        out.endObject()
    }
}

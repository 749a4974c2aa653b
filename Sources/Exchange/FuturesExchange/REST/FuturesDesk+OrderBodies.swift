internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// The shapes an order is shown in: replies to placing and cancelling, to changing, and queries.
internal enum OrderShape { case placed, amended, recorded }

extension FuturesDesk {
    internal func listing(of symbol: Symbol) -> Listing {
        guard let number = floor.number(of: symbol) else {
            preconditionFailure("an order's symbol is listed")
        }
        return markets[number].listing
    }

    internal func write(_ order: FuturesOrder, as shape: OrderShape, _ out: inout JSONWriter) {
        let listing = listing(of: order.symbol)
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        out.beginObject()
        out.field("orderId", order.orderID)
        out.field("symbol", order.symbol.name)
        if shape == .amended { out.field("pair", order.symbol.name) }
        out.field("status", order.status.text)
        out.field("clientOrderId", order.clientOrderID)
        out.field("price", units: order.price.units, places: pricePlaces)
        out.field("avgPrice", units: order.averagePrice.units, places: pricePlaces)
        out.field("origQty", units: order.quantity.units, places: places)
        out.field("executedQty", units: order.executed.units, places: places)
        if shape != .recorded { out.field("cumQty", units: order.executed.units, places: places) }
        out.field("cumQuote", units: order.cumulativeQuote.units, places: 5)
        if shape == .amended {
            out.field("cumBase", units: order.executed.units, places: places)
        }
        out.field("timeInForce", order.timeInForce.rawValue)
        out.field("type", order.type.rawValue)
        out.field("reduceOnly", order.isReduceOnly)
        out.field("closePosition", order.closesPosition)
        out.field("side", order.side.rawValue)
        out.field("positionSide", order.leg.text)
        out.field("stopPrice", units: 0, places: pricePlaces)
        out.field("workingType", "CONTRACT_PRICE")
        out.field("priceProtect", false)
        out.field("origType", order.type.rawValue)
        out.field("priceMatch", order.priceMatch)
        out.field("selfTradePreventionMode", order.selfTrade.rawValue)
        out.field("goodTillDate", order.goodTillDate)
        if shape == .recorded { out.field("time", order.createdAtMilliseconds) }
        out.field("updateTime", order.updatedAtMilliseconds)
        out.endObject()
    }

    internal func write(_ trade: FuturesTrade, _ out: inout JSONWriter) {
        let listing = listing(of: trade.symbol)
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", trade.tradeID)
        out.field("orderId", trade.orderID)
        out.field("side", trade.side.rawValue)
        out.field("price", units: trade.price.units, places: listing.pricePrecision)
        out.field("qty", units: trade.quantity.units, places: listing.quantityPrecision)
        out.field("realizedPnl", units: trade.realised.units, places: 8)
        out.field("quoteQty", units: trade.quote.units, places: 5)
        out.field("commission", units: trade.fee.units, places: 8)
        out.field("commissionAsset", "USDT")
        out.field("time", trade.timeMilliseconds)
        out.field("positionSide", trade.leg.text)
        out.field("buyer", trade.side == .buy)
        out.field("maker", trade.isMaker)
        out.endObject()
    }
}

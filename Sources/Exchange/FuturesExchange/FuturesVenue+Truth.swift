package import Bytes
package import ExchangeDoor
internal import Matching
internal import Trading

extension FuturesVenue {
    package func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        switch part {
        case .balances:
            let balance = desk.balance()
            out.beginObject()
            out.field("asset", "USDT")
            out.field("wallet", units: balance.wallet.units)
            out.field("available", units: balance.available.units)
            out.endObject()
            return nil
        case .positions:
            for position in desk.positionRisk() where !position.quantity.isZero {
                write(position, &out)
            }
            return nil
        case .openOrders:
            for order in desk.openOrders() { write(order, &out) }
            return nil
        case .orders:
            return page(from: cursor, limit: limit, desk.stakes.map(\.orders.all), id: \.orderID) {
                write($0, &out)
            }
        case .trades:
            return page(from: cursor, limit: limit, desk.stakes.map(\.trades), id: \.tradeID) {
                write($0, &out)
            }
        case .arrivals: return desk.arrivals.write(from: cursor, limit: limit, &out)
        }
    }

    /// Gives out up to `limit` elements from the cursor on, market by market, each sorted by id.
    private func page<Element>(
        from cursor: TruthCursor, limit: Int, _ lists: [[Element]], id: (Element) -> Int64,
        _ write: (Element) -> Void
    ) -> TruthCursor? {
        var left = limit
        for market in lists.indices.dropFirst(cursor.market) {
            let list = lists[market]
            var index = 0
            if market == cursor.market {
                var end = list.count
                while index < end {
                    let middle = (index + end) / 2
                    if id(list[middle]) < cursor.id { index = middle + 1 } else { end = middle }
                }
            }
            while index < list.count {
                if left == 0 { return TruthCursor(market: market, id: id(list[index])) }
                write(list[index])
                left -= 1
                index += 1
            }
        }
        return nil
    }

    private func write(_ position: FuturesPosition, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", position.symbol.name)
        out.field("side", position.leg.text)
        out.field("quantity", units: position.quantity.units)
        out.field("entryPrice", units: position.entryPrice.units)
        out.field("realised", units: position.holding.realised.units)
        out.endObject()
    }

    private func write(_ order: FuturesOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        out.field("orderId", order.orderID)
        out.field("clientOrderId", order.clientOrderID)
        out.field("side", order.side.rawValue)
        out.field("type", order.type.rawValue)
        out.field("timeInForce", order.timeInForce.rawValue)
        out.field("price", units: order.price.units)
        out.field("quantity", units: order.quantity.units)
        out.field("executed", units: order.executed.units)
        out.field("quote", units: order.cumulativeQuote.units)
        out.field("status", order.status.text)
        out.field("reduceOnly", order.isReduceOnly)
        out.field("created", order.createdAtMilliseconds)
        out.field("updated", order.updatedAtMilliseconds)
        out.endObject()
    }

    private func write(_ trade: FuturesTrade, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", trade.tradeID)
        out.field("orderId", trade.orderID)
        out.field("clientOrderId", trade.clientOrderID)
        out.field("side", trade.side.rawValue)
        out.field("price", units: trade.price.units)
        out.field("quantity", units: trade.quantity.units)
        out.field("fee", units: trade.fee.units)
        out.field("feeAsset", "USDT")
        out.field("realised", units: trade.realised.units)
        out.field("maker", trade.isMaker)
        out.field("time", trade.timeMilliseconds)
        out.endObject()
    }
}

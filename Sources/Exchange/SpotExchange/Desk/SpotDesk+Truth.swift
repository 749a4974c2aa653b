package import Bytes
package import ExchangeDoor
internal import Trading

extension SpotDesk {
    /// Writes elements of a part of the truth, as `Exchange.writeTruth` says.
    package func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        switch part {
        case .balances:
            for balance in balances.rows {
                out.beginObject()
                out.field("asset", balance.asset)
                out.field("free", units: balance.free.units)
                out.field("locked", units: balance.locked.units)
                out.endObject()
            }
            return nil
        case .positions: return nil
        case .openOrders:
            for order in stakes.flatMap(\.orders.open) { write(order, &out) }
            return nil
        case .orders:
            return page(from: cursor, limit: limit, stakes.map(\.orders.all), id: \.orderID) {
                write($0, &out)
            }
        case .trades:
            return page(from: cursor, limit: limit, stakes.map(\.trades), id: \.tradeID) {
                write($0, &out)
            }
        case .arrivals: return arrivals.write(from: cursor, limit: limit, &out)
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
                index = list.firstIndex { id($0) >= cursor.id } ?? list.count
            }
            while index < list.count {
                if left <= 0, index == 0 || id(list[index - 1]) != id(list[index]) {
                    return TruthCursor(market: market, id: id(list[index]))
                }
                write(list[index])
                left -= 1
                index += 1
            }
        }
        return nil
    }

    /// Order ids as the flavour's clients know them.
    private func writeID(_ orderID: Int64, _ market: Int, _ out: inout JSONWriter) {
        switch settings.flavour {
        case .binance: out.field("orderId", orderID)
        case .mexc: out.field("orderId", MEXCOrderID.text(orderID, market: market))
        }
    }

    private func write(_ order: SpotOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", order.symbol.name)
        writeID(order.orderID, order.market, &out)
        out.field("clientOrderId", order.clientOrderID)
        out.field("side", order.side.rawValue)
        out.field("type", order.kind.rawValue)
        out.field("timeInForce", order.timeInForce.rawValue)
        out.field("price", units: order.price.units)
        out.field("quantity", units: order.quantity.units)
        out.field("executed", units: order.executed.units)
        out.field("quote", units: order.cumulativeQuote.units)
        out.field("status", order.status.text)
        out.field("reduceOnly", false)
        out.field("created", order.createdAtMilliseconds)
        out.field("updated", order.updatedAtMilliseconds)
        out.endObject()
    }

    private func write(_ trade: SpotTrade, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", trade.tradeID)
        writeID(trade.orderID, trade.market, &out)
        out.field("clientOrderId", trade.clientOrderID)
        out.field("side", trade.side.rawValue)
        out.field("price", units: trade.price.units)
        out.field("quantity", units: trade.quantity.units)
        out.field("fee", units: trade.fee.units)
        out.field("feeAsset", trade.feeAsset)
        out.field("realised", "0")
        out.field("maker", trade.isMaker)
        out.field("time", trade.timeMilliseconds)
        out.endObject()
    }
}

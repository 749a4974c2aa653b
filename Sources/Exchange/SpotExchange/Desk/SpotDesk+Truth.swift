package import Bytes
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension SpotDesk {
    /// Writes elements of a part of the truth, as `Exchange.writeTruth` says.
    package func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        switch part {
        case .balances:
            for account in accounts.indices {
                serve(account) { writeBalances(&out) }
            }
            return nil
        case .positions: return nil
        case .openOrders:
            for account in accounts.indices {
                serve(account) { for order in stakes.flatMap(\.orders.open) { write(order, &out) } }
            }
            return nil
        case .orders:
            return page(from: cursor, limit: limit, \.orders.all, id: \.orderID) {
                write($0, &out)
            }
        case .trades:
            return page(from: cursor, limit: limit, \.trades, id: \.tradeID) { write($0, &out) }
        case .arrivals: return writeArrivals(from: cursor, limit: limit, &out)
        }
    }

    private func writeBalances(_ out: inout JSONWriter) {
        for balance in balances.rows {
            out.beginObject()
            writeAccount(&out)
            out.field("asset", balance.asset)
            out.field("free", units: balance.free.units)
            out.field("locked", units: balance.locked.units)
            out.endObject()
        }
    }

    /// Whose an element is, where there are several accounts.
    private func writeAccount(_ out: inout JSONWriter) {
        if accounts.count > 1 { out.field("account", accounts[serving].name) }
    }

    /// The cursor's market is the account's number here.
    private func writeArrivals(
        from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        var cursor = cursor
        while accounts.indices.contains(cursor.market) {
            if let next = accounts[cursor.market].arrivals.write(from: cursor, limit: limit, &out) {
                return TruthCursor(market: cursor.market, id: next.id)
            }
            cursor = TruthCursor(market: cursor.market + 1, id: 0)
        }
        return nil
    }

    /// Gives out up to `limit` elements from the cursor on, account by account and market by market, each
    /// sorted by id; the cursor counts the markets of all accounts.
    private func page<Element>(
        from cursor: TruthCursor, limit: Int, _ list: (SpotStake) -> [Element],
        id: (Element) -> Int64, _ write: (Element) -> Void
    ) -> TruthCursor? {
        var left = limit
        let markets = floor.markets.count
        for place in (0..<accounts.count * markets).dropFirst(cursor.market) {
            let list = list(accounts[place / markets].stakes[place % markets])
            var index = 0
            if place == cursor.market {
                index = list.firstIndex { id($0) >= cursor.id } ?? list.count
            }
            while index < list.count {
                if left <= 0, index == 0 || id(list[index - 1]) != id(list[index]) {
                    return TruthCursor(market: place, id: id(list[index]))
                }
                serve(place / markets) { write(list[index]) }
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
        writeAccount(&out)
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
        writeAccount(&out)
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

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
            for account in desk.accounts.indices { desk.serve(account) { writeBalance(&out) } }
            return nil
        case .positions:
            for account in desk.accounts.indices {
                desk.serve(account) {
                    for position in desk.positionRisk() where !position.quantity.isZero {
                        write(position, &out)
                    }
                }
            }
            return nil
        case .openOrders:
            for account in desk.accounts.indices {
                desk.serve(account) { for order in desk.openOrders() { write(order, &out) } }
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

    private func writeBalance(_ out: inout JSONWriter) {
        let balance = desk.balance()
        out.beginObject()
        writeAccount(&out)
        out.field("asset", "USDT")
        out.field("wallet", units: balance.wallet.units)
        out.field("available", units: balance.available.units)
        out.endObject()
    }

    /// Whose an element is, where there are several.
    private func writeAccount(_ out: inout JSONWriter) {
        if desk.accounts.count > 1 { out.field("account", desk.accounts[desk.serving].name) }
    }

    /// The cursor's market is the account's number here.
    private func writeArrivals(
        from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        var cursor = cursor
        while desk.accounts.indices.contains(cursor.market) {
            let arrivals = desk.accounts[cursor.market].arrivals
            if let next = arrivals.write(from: cursor, limit: limit, &out) {
                return TruthCursor(market: cursor.market, id: next.id)
            }
            cursor = TruthCursor(market: cursor.market + 1)
        }
        return nil
    }

    /// Gives out up to `limit` elements from the cursor on, account by account and market by market,
    /// each sorted by id; the cursor's market counts through both.
    private func page<Element>(
        from cursor: TruthCursor, limit: Int, _ list: (Stake) -> [Element],
        id: (Element) -> Int64, _ write: (Element) -> Void
    ) -> TruthCursor? {
        var left = limit
        let markets = desk.markets.count
        for place in (0..<desk.accounts.count * markets).dropFirst(cursor.market) {
            let list = list(desk.accounts[place / markets].stakes[place % markets])
            var index = 0
            if place == cursor.market {
                var end = list.count
                while index < end {
                    let middle = (index + end) / 2
                    if id(list[middle]) < cursor.id { index = middle + 1 } else { end = middle }
                }
            }
            let shown = list[index...].prefix(left)
            desk.serve(place / markets) { for element in shown { write(element) } }
            left -= shown.count
            if shown.endIndex < list.endIndex {
                return TruthCursor(market: place, id: id(list[shown.endIndex]))
            }
        }
        return nil
    }

    private func write(_ position: FuturesPosition, _ out: inout JSONWriter) {
        out.beginObject()
        writeAccount(&out)
        out.field("symbol", position.symbol.name)
        out.field("side", position.leg.text)
        out.field("quantity", units: position.quantity.units)
        out.field("entryPrice", units: position.entryPrice.units)
        out.field("realised", units: position.holding.realised.units)
        out.endObject()
    }

    private func write(_ order: FuturesOrder, _ out: inout JSONWriter) {
        out.beginObject()
        writeAccount(&out)
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
        writeAccount(&out)
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

internal import Bytes
internal import Matching
internal import Trading

/// What Binance's user data stream carries (exchange-facts C2).
internal enum BinanceUserBodies {
    private static let places = 8

    /// Writes an event; false where Binance has none like it.
    static func write(_ event: SpotUserEvent, _ out: inout JSONWriter) -> Bool {
        switch event {
        case .report(let report): write(report, &out)
        case .balances(let changes, _, let at):
            out.beginObject()
            out.field("e", "outboundAccountPosition")
            out.field("E", at)
            out.field("u", at)
            out.key("B")
            out.beginArray()
            for change in changes {
                out.beginObject()
                out.field("a", change.asset)
                out.field("f", units: change.free.units, places: places)
                out.field("l", units: change.locked.units, places: places)
                out.endObject()
            }
            out.endArray()
            out.endObject()
        case .balanceChanged(let asset, let change, let at):
            out.beginObject()
            out.field("e", "balanceUpdate")
            out.field("E", at)
            out.field("a", asset)
            out.field("d", units: change.units, places: places)
            out.field("T", at)
            out.endObject()
        case .list(let record, let at): BinanceListBodies.write(event: record, at: at, &out)
        case .listenKeyExpired: return false
        }
        return true
    }

    private static func write(_ report: SpotReport, _ out: inout JSONWriter) {
        let order = report.order
        let at = report.timeMilliseconds
        out.beginObject()
        out.field("e", "executionReport")
        out.field("E", at)
        out.field("s", order.symbol.name)
        out.field("c", report.requestID ?? order.clientOrderID)
        out.field("S", order.side.rawValue)
        out.field("o", order.kind.rawValue)
        out.field("f", order.timeInForce.rawValue)
        out.field("q", units: order.quantity.units, places: places)
        out.field("p", units: order.price.units, places: places)
        out.field("P", units: order.stopPrice.units, places: places)
        if order.trailingDelta > 0 {
            out.field("d", order.trailingDelta)
            if order.trailingAtMilliseconds > 0 { out.field("D", order.trailingAtMilliseconds) }
        }
        out.field("F", units: order.icebergQuantity.units, places: places)
        out.field("g", order.listID)
        let original = report.requestID == nil ? report.formerID : order.clientOrderID
        out.field("C", original ?? "")
        out.field("x", report.execution.rawValue)
        out.field("X", order.status.text)
        out.field("r", "NONE")
        out.field("i", order.orderID)
        writeFill(report, &out)
        out.field("T", at)
        out.field("t", report.trade?.tradeID ?? -1)
        if report.execution == .prevented { writePrevention(report, &out) }
        out.field("I", report.executionID)
        out.field("w", order.isOpen && order.isWorking)
        out.field("m", report.trade?.isMaker ?? false)
        out.field("M", report.trade != nil)
        out.field("O", order.createdAtMilliseconds)
        out.field("Z", units: order.cumulativeQuote.units, places: places)
        out.field("Y", units: report.trade?.quote.units ?? 0, places: places)
        out.field("Q", units: order.quoteQuantity.units, places: places)
        if order.isWorking { out.field("W", order.workingAtMilliseconds) }
        out.field("V", order.selfTrade.rawValue)
        out.endObject()
    }

    private static func writeFill(_ report: SpotReport, _ out: inout JSONWriter) {
        out.field("l", units: report.trade?.quantity.units ?? 0, places: places)
        out.field("z", units: report.order.executed.units, places: places)
        out.field("L", units: report.trade?.price.units ?? 0, places: places)
        guard let trade = report.trade else {
            out.field("n", "0")
            out.key("N")
            out.null()
            return
        }
        out.field("n", units: trade.fee.units, places: places)
        out.field("N", trade.feeAsset)
    }

    private static func writePrevention(_ report: SpotReport, _ out: inout JSONWriter) {
        guard let prevention = report.prevention else { return }
        let isTaker = prevention.takerOrderID == report.order.orderID
        let lost = isTaker ? prevention.takerQuantity : prevention.makerQuantity
        out.field("v", prevention.matchID)
        out.field("A", units: report.order.prevented.units, places: places)
        out.field("B", units: lost.units, places: places)
        out.field("u", -1)
        out.field("U", isTaker ? prevention.makerOrderID : prevention.takerOrderID)
        out.field("Cs", prevention.symbol.name)
        out.field("pl", units: lost.units, places: places)
        out.field("pL", units: prevention.price.units, places: places)
        let worth = prevention.price.times(lost, .down)
        out.field("pY", units: worth.units, places: places)
    }
}

internal import Bytes
internal import Matching
internal import Trading

extension FuturesDesk {
    /// The body of ACCOUNT_UPDATE (`a`).
    internal func write(_ update: AccountUpdate, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("B")
        out.beginArray()
        out.beginObject()
        out.field("a", "USDT")
        out.field("wb", units: update.wallet.units, places: 8)
        out.field("cw", units: update.crossWallet.units, places: 8)
        out.field("bc", units: update.change.units)
        out.endObject()
        out.endArray()
        out.key("P")
        out.beginArray()
        for position in update.positions {
            out.beginObject()
            out.field("s", position.symbol.name)
            out.field("pa", units: position.quantity.units)
            out.field("ep", units: position.entryPrice.units)
            out.field("bep", units: breakEven(position).units)
            out.field("cr", units: position.holding.realised.units)
            out.field("up", units: position.margin.unrealised.units)
            out.field("mt", position.isIsolated ? "isolated" : "cross")
            out.field("iw", units: position.holding.isolatedWallet.units)
            out.field("ps", position.leg.text)
            out.field("ma", "USDT")
            out.endObject()
        }
        out.endArray()
        out.field("m", update.reason.rawValue)
        out.endObject()
    }

    /// The rest of MARGIN_CALL, behind its head.
    internal func writeMarginCall(
        _ positions: [FuturesPosition], _ crossWallet: Money, _ out: inout JSONWriter
    ) {
        out.field("cw", units: crossWallet.units, places: 8)
        out.key("p")
        out.beginArray()
        for position in positions {
            out.beginObject()
            out.field("s", position.symbol.name)
            out.field("ps", position.leg.text)
            out.field("pa", units: position.quantity.units)
            out.field("mt", position.isIsolated ? "ISOLATED" : "CROSSED")
            out.field("iw", units: position.holding.isolatedWallet.units)
            out.field("mp", units: position.mark.units)
            out.field("up", units: position.margin.unrealised.units)
            out.field("mm", units: position.margin.maintenance.units)
            out.endObject()
        }
        out.endArray()
    }

    /// The body of ALGO_UPDATE (`o`).
    internal func writeAlgoUpdate(_ algo: AlgoOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("caid", algo.clientAlgoID)
        out.field("aid", algo.algoID)
        out.field("at", "CONDITIONAL")
        out.field("o", algo.kind.rawValue)
        out.field("s", algo.symbol.name)
        out.field("S", algo.side.rawValue)
        out.field("ps", algo.leg.text)
        out.field("f", algo.timeInForce.rawValue)
        out.field("q", units: algo.quantity.units)
        out.field("X", algo.status.rawValue)
        out.field("ai", algo.orderID.map { String($0) } ?? "")
        out.field("ap", units: algo.averagePrice.units, places: 5)
        out.field("aq", units: algo.executed.units, places: 5)
        out.field("act", units: algo.activation.units)
        out.field("tp", units: algo.trigger.units)
        out.field("p", units: algo.price.units)
        out.field("V", algo.selfTrade.rawValue)
        out.field("wt", algo.working.rawValue)
        out.field("pm", algo.priceMatch)
        out.field("cp", algo.closesPosition)
        out.field("pP", algo.isPriceProtected)
        out.field("R", algo.isReduceOnly)
        out.field("tt", algo.triggeredAtMilliseconds)
        out.field("gtd", algo.goodTillDate)
        out.field("rm", algo.reason)
        out.endObject()
    }
}

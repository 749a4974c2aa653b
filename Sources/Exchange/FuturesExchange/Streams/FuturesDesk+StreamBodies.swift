internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesDesk {
    /// The text of a user event as it goes over the wire.
    package func json(of event: UserEvent) -> [UInt8] {
        var out = JSONWriter(capacity: 512)
        write(event, &out)
        return out.bytes
    }

    private func begin(_ type: String, _ at: Int64, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("e", type)
        out.field("E", at)
    }

    // MARK: user events

    internal func write(_ event: UserEvent, _ out: inout JSONWriter) {
        switch event {
        case .tradeLite(let trade, let order): writeTradeLite(trade, order, &out)
        case .orderUpdate(let order, let execution, let trade, let bids, let asks, let at):
            begin("ORDER_TRADE_UPDATE", at, &out)
            out.field("T", at)
            out.key("o")
            writeOrderUpdate(order, execution, trade, bids, asks, at, &out)
            out.endObject()
        case .accountUpdate(let update, let at):
            begin("ACCOUNT_UPDATE", at, &out)
            out.field("T", at)
            out.key("a")
            write(update, &out)
            out.endObject()
        case .algoUpdate(let algo, let at):
            begin("ALGO_UPDATE", at, &out)
            out.field("T", at)
            out.key("o")
            writeAlgoUpdate(algo, &out)
            out.endObject()
        case .marginCall(let positions, let crossWallet, let at):
            begin("MARGIN_CALL", at, &out)
            writeMarginCall(positions, crossWallet, &out)
            out.endObject()
        case .triggerRejected(let symbol, let algoID, let reason, let at):
            begin("CONDITIONAL_ORDER_TRIGGER_REJECT", at, &out)
            out.field("T", at)
            out.key("or")
            out.beginObject()
            out.field("s", symbol.name)
            out.field("i", algoID)
            out.field("r", reason)
            out.endObject()
            out.endObject()
        case .multiAssetsChanged(let isMulti, let at):
            begin("ACCOUNT_CONFIG_UPDATE", at, &out)
            out.field("T", at)
            out.key("ai")
            out.beginObject()
            out.field("j", isMulti)
            out.endObject()
            out.endObject()
        case .leverageChanged(let symbol, let leverage, let at):
            begin("ACCOUNT_CONFIG_UPDATE", at, &out)
            out.field("T", at)
            out.key("ac")
            out.beginObject()
            out.field("s", symbol.name)
            out.field("l", leverage)
            out.endObject()
            out.endObject()
        case .listenKeyExpired(let listenKey, let at):
            begin("listenKeyExpired", at, &out)
            out.field("listenKey", listenKey)
            out.endObject()
        }
    }

    /// Padded figures, unlike the order update of the same fill.
    private func writeTradeLite(
        _ trade: FuturesTrade, _ order: FuturesOrder, _ out: inout JSONWriter
    ) {
        let listing = listing(of: trade.symbol)
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        begin("TRADE_LITE", trade.timeMilliseconds, &out)
        out.field("T", trade.timeMilliseconds)
        out.field("s", trade.symbol.name)
        out.field("q", units: order.quantity.units, places: places)
        out.field("p", units: order.price.units, places: pricePlaces)
        out.field("m", trade.isMaker)
        out.field("c", trade.clientOrderID)
        out.field("S", trade.side.rawValue)
        out.field("L", units: trade.price.units, places: pricePlaces)
        out.field("l", units: trade.quantity.units, places: places)
        out.field("t", trade.tradeID)
        out.field("i", trade.orderID)
        out.endObject()
    }

    private func writeOrderUpdate(
        _ order: FuturesOrder, _ execution: ExecutionType, _ trade: FuturesTrade?, _ bids: Money,
        _ asks: Money, _ at: Int64, _ out: inout JSONWriter
    ) {
        out.beginObject()
        out.field("s", order.symbol.name)
        out.field("c", order.clientOrderID)
        out.field("S", order.side.rawValue)
        out.field("o", order.type.rawValue)
        out.field("f", order.timeInForce.rawValue)
        out.field("q", units: order.quantity.units)
        out.field("p", units: order.price.units)
        out.field("ap", units: order.averagePrice.units)
        out.field("sp", units: 0)
        out.field("x", execution.rawValue)
        out.field("X", order.status.text)
        out.field("i", order.orderID)
        out.field("l", units: trade?.quantity.units ?? 0)
        out.field("z", units: order.executed.units)
        out.field("L", units: trade?.price.units ?? 0)
        out.field("n", units: trade?.fee.units ?? 0)
        out.field("N", "USDT")
        out.field("T", at)
        out.field("t", trade?.tradeID ?? 0)
        out.field("b", units: bids.units)
        out.field("a", units: asks.units)
        out.field("m", trade?.isMaker ?? false)
        out.field("R", order.isReduceOnly)
        out.field("wt", "CONTRACT_PRICE")
        out.field("ot", order.type.rawValue)
        out.field("ps", order.leg.text)
        out.field("cp", order.closesPosition)
        out.field("rp", units: trade?.realised.units ?? 0)
        out.field("pP", false)
        out.field("si", 0)
        out.field("ss", 0)
        out.field("V", order.selfTrade.rawValue)
        out.field("pm", order.priceMatch)
        out.field("gtd", order.goodTillDate)
        out.field("er", order.expiryReason)
        out.endObject()
    }
}

extension UserEvent {
    /// The event's `e`.
    internal var type: String {
        switch self {
        case .tradeLite: "TRADE_LITE"
        case .orderUpdate: "ORDER_TRADE_UPDATE"
        case .accountUpdate: "ACCOUNT_UPDATE"
        case .leverageChanged, .multiAssetsChanged: "ACCOUNT_CONFIG_UPDATE"
        case .marginCall: "MARGIN_CALL"
        case .algoUpdate: "ALGO_UPDATE"
        case .triggerRejected: "CONDITIONAL_ORDER_TRIGGER_REJECT"
        case .listenKeyExpired: "listenKeyExpired"
        }
    }
}

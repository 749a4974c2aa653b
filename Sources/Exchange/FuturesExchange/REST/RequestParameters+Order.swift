internal import ExchangeDoor
internal import Matching
internal import Trading

extension RequestParameters {
    /// What a new order is to be; every refusal carries the venue's code.
    func order() throws(ExchangeError) -> OrderParameters {
        let symbol = try requiredSymbol()
        guard let side = Side(rawValue: try required("side")) else { throw .side }
        let type = try orderType()
        if let positionSide = self["positionSide"], positionSide != "BOTH" { throw .positionSide }
        guard let quantity: Quantity = try decimal("quantity", tooLarge: .quantityTooLarge) else {
            throw .missing("quantity")
        }
        var order = OrderParameters(symbol: symbol, side: side, type: type, quantity: quantity)
        order.price = try decimal("price", tooLarge: .priceTooHigh)
        if let text = self["timeInForce"] {
            guard let force = TimeInForce(rawValue: text) else { throw .timeInForce }
            order.timeInForce = force
        }
        order.isReduceOnly = try boolean("reduceOnly") ?? false
        order.clientOrderID = self["newClientOrderId"]
        order.goodTillDate = try integer("goodTillDate") ?? 0
        order.priceMatch = self["priceMatch"] ?? "NONE"
        if let text = self["selfTradePreventionMode"] {
            guard let mode = SelfTradePrevention(rawValue: text) else { throw .selfTradeMode }
            order.selfTrade = mode
        }
        return order
    }

    private func orderType() throws(ExchangeError) -> OrderType {
        let text = try required("type")
        if let type = OrderType(rawValue: text) { return type }
        let conditional = [
            "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
        ]
        if conditional.contains(text) { throw .conditionalType }
        throw .orderType
    }
}

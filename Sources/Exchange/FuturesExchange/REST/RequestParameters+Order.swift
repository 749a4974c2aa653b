internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Matching
internal import Trading
internal import WebProtocol

extension RequestParameters {
    /// The members of an element of a batch, as if they had come as parameters.
    init(element: JSONValue, wall: WallTime) throws(ExchangeError) {
        guard let members = element.members else { throw .illegal("batchOrders") }
        var pairs: [String] = []
        for member in members {
            let text: String
            switch member.value {
            case .string(let value), .number(let value): text = value
            case .boolean(let flag): text = flag ? "true" : "false"
            case .null: continue
            case .array, .object: throw .illegal("batchOrders")
            }
            pairs.append(PercentCoding.encoded(member.key) + "=" + PercentCoding.encoded(text))
        }
        try self.init(
            ExchangeRequest(
                method: "POST", path: "", query: Array(pairs.joined(separator: "&").utf8),
                wall: wall))
    }

    /// What a new order is to be; every refusal carries the venue's code.
    func order(isHedge: Bool) throws(ExchangeError) -> OrderParameters {
        let symbol = try requiredSymbol()
        let side = try orderSide()
        let type = try orderType()
        guard let quantity: Quantity = try decimal("quantity", tooLarge: .quantityTooLarge) else {
            throw .missing("quantity")
        }
        var order = OrderParameters(symbol: symbol, side: side, type: type, quantity: quantity)
        order.leg = try leg()
        order.price = try decimal("price", tooLarge: .priceTooHigh)
        order.timeInForce = try timeInForce()
        order.isReduceOnly = try boolean("reduceOnly") ?? false
        if try boolean("closePosition") ?? false { throw .notRequired("closePosition") }
        order.clientOrderID = self["newClientOrderId"]
        order.goodTillDate = try integer("goodTillDate") ?? 0
        order.priceMatch = self["priceMatch"] ?? "NONE"
        if let mode = try selfTrade() { order.selfTrade = mode }
        return order
    }

    /// What an open order is to become.
    func amendment() throws(ExchangeError) -> AmendParameters {
        let symbol = try requiredSymbol()
        let (orderID, clientID) = try orderName()
        let side = try orderSide()
        guard let quantity: Quantity = try decimal("quantity", tooLarge: .quantityTooLarge) else {
            throw .missing("quantity")
        }
        let price: Price? = try decimal("price", tooLarge: .priceTooHigh)
        var wanted = AmendParameters(
            symbol: symbol, side: side, orderID: orderID, clientOrderID: clientID,
            quantity: quantity, price: price)
        wanted.priceMatch = self["priceMatch"] ?? "NONE"
        if price == nil, wanted.priceMatch == "NONE" { throw .missing("price") }
        return wanted
    }

    /// What a conditional order is to be; the desk gives it its id and its times.
    func algo() throws(ExchangeError) -> AlgoOrder {
        guard try required("algoType") == "CONDITIONAL" else { throw .invalid("algoType") }
        let symbol = try requiredSymbol()
        let side = try orderSide()
        guard let kind = AlgoKind(rawValue: try required("type")) else { throw .orderType }
        let working = self["workingType"] ?? "CONTRACT_PRICE"
        guard let working = WorkingType(rawValue: working) else { throw .invalid("workingType") }
        // Older clients know the parameter by its former name.
        let activation = self["activatePrice"] == nil ? "activationPrice" : "activatePrice"
        return AlgoOrder(
            algoID: 0, clientAlgoID: self["clientAlgoId"] ?? "", symbol: symbol, side: side,
            leg: try leg(), kind: kind, timeInForce: try timeInForce() ?? .goodTillCancel,
            quantity: try decimal("quantity", tooLarge: .quantityTooLarge) ?? .zero,
            price: try decimal("price", tooLarge: .priceTooHigh) ?? .zero,
            trigger: try decimal("triggerPrice", tooLarge: .priceTooHigh) ?? .zero,
            working: working, closesPosition: try boolean("closePosition") ?? false,
            isReduceOnly: try boolean("reduceOnly") ?? false,
            isPriceProtected: try boolean("priceProtect") ?? false,
            selfTrade: try selfTrade() ?? .expireMaker, priceMatch: self["priceMatch"] ?? "NONE",
            goodTillDate: try integer("goodTillDate") ?? 0,
            activation: try decimal(activation, tooLarge: .priceTooHigh) ?? .zero,
            callback: try decimal("callbackRate", tooLarge: .callbackRate) ?? .zero,
            createdAtMilliseconds: 0, updatedAtMilliseconds: 0)
    }

    /// Which order is meant: by number, by the client's id, or by both.
    func orderName() throws(ExchangeError) -> (orderID: Int64?, clientOrderID: String?) {
        let orderID = try integer("orderId")
        let clientID = self["origClientOrderId"]
        if orderID == nil, clientID == nil {
            throw .missingEither("orderId", "origClientOrderId")
        }
        return (orderID, clientID)
    }

    // MARK: words

    func leg() throws(ExchangeError) -> PositionLeg {
        guard let text = self["positionSide"] else { return .net }
        guard let leg = PositionLeg(text: text.uppercased()) else { throw .invalid("positionSide") }
        return leg
    }

    private func orderSide() throws(ExchangeError) -> Side {
        guard let side = Side(rawValue: try required("side").uppercased()) else { throw .side }
        return side
    }

    private func timeInForce() throws(ExchangeError) -> TimeInForce? {
        guard let text = self["timeInForce"] else { return nil }
        guard let force = TimeInForce(rawValue: text) else { throw .timeInForce }
        return force
    }

    private func selfTrade() throws(ExchangeError) -> SelfTradePrevention? {
        guard let text = self["selfTradePreventionMode"] else { return nil }
        // Spot alone takes what would have traded off both orders.
        guard let mode = SelfTradePrevention(rawValue: text), mode != .decrement else {
            throw .selfTradeMode
        }
        return mode
    }

    private func orderType() throws(ExchangeError) -> OrderType {
        let text = try required("type")
        if let type = OrderType(rawValue: text) { return type }
        if AlgoKind(rawValue: text) != nil { throw .conditionalType }
        throw .orderType
    }
}

internal import ExchangeDoor
internal import Matching
internal import Trading

extension RequestParameters {
    /// A list as `orderList/oco` takes it: an order above the market and one below it.
    internal func orderList() throws(ExchangeError) -> SpotListRequest {
        let base = try listBase()
        let above = try leg("above", base)
        let below = try leg("below", base)
        try RequestParameters.checkSides(above.kind, below.kind, base.side)
        return SpotListRequest(
            above: above, below: below, clientListID: self["listClientOrderId"])
    }

    /// A list as the former `order/oco` takes it: a limit order and a stop order.
    internal func formerList() throws(ExchangeError) -> SpotListRequest {
        var limit = try listBase()
        limit.kind = .limitMaker
        guard let price: Price = try amount("price") else { throw .missing("price") }
        limit.price = price
        limit.clientOrderID = self["limitClientOrderId"]
        var stop = try listBase()
        stop.stopPrice = try amount("stopPrice")
        stop.price = try amount("stopLimitPrice")
        stop.kind = stop.price == nil ? .stopLoss : .stopLossLimit
        stop.timeInForce = try timeInForce("stopLimitTimeInForce")
        stop.clientOrderID = self["stopClientOrderId"]
        limit.icebergQuantity = try amount("limitIcebergQty")
        stop.icebergQuantity = try amount("stopIcebergQty")
        stop.trailingDelta = try integer("trailingDelta")
        let isBuy = limit.side == .buy
        return SpotListRequest(
            above: isBuy ? stop : limit, below: isBuy ? limit : stop,
            clientListID: self["listClientOrderId"])
    }

    /// What both orders have in common.
    private func listBase() throws(ExchangeError) -> SpotOrderRequest {
        let symbol = try requiredSymbol()
        guard let side = Side(rawValue: try required("side")) else { throw .side }
        guard let quantity: Quantity = try amount("quantity") else { throw .missing("quantity") }
        var order = SpotOrderRequest(
            symbol: symbol, side: side, kind: .limitMaker, quantity: quantity)
        order.selfTrade = try word("selfTradePreventionMode", .selfTradeMode)
        return order
    }

    private func leg(
        _ name: String, _ base: SpotOrderRequest
    ) throws(ExchangeError) -> SpotOrderRequest {
        guard let kind = SpotOrderKind(rawValue: try required(name + "Type")),
            kind != .limit, kind != .market
        else { throw .orderType }
        var order = base
        order.kind = kind
        try read(name, into: &order)
        return order
    }

    /// What is an order's own in a list, under names that begin alike.
    private func read(
        _ name: String, into order: inout SpotOrderRequest
    ) throws(ExchangeError) {
        order.price = try amount(name + "Price")
        order.stopPrice = try amount(name + "StopPrice")
        order.icebergQuantity = try amount(name + "IcebergQty")
        order.trailingDelta = try integer(name + "TrailingDelta")
        order.timeInForce = try timeInForce(name + "TimeInForce")
        order.clientOrderID = self[name + "ClientOrderId"]
    }

    // MARK: lists of which one order brings about the others

    /// A list as `orderList/oto` takes it, or `orderList/otoco` for a pair.
    internal func triggerList(isPair: Bool) throws(ExchangeError) -> SpotTriggerRequest {
        let working = try part("working", [.limit, .limitMaker])
        guard isPair else {
            let pending = try part("pending", SpotOrderKind.allCases)
            return SpotTriggerRequest(
                working: working, pending: [pending], clientListID: self["listClientOrderId"])
        }
        var base = try sized("pending")
        base.kind = .limitMaker
        let above = try leg("pendingAbove", base)
        let below = try leg("pendingBelow", base)
        try RequestParameters.checkSides(above.kind, below.kind, base.side)
        return SpotTriggerRequest(
            working: working, pending: [below, above], clientListID: self["listClientOrderId"])
    }

    /// Symbol, side and quantity of a part of a list.
    private func sized(_ name: String) throws(ExchangeError) -> SpotOrderRequest {
        let symbol = try requiredSymbol()
        guard let side = Side(rawValue: try required(name + "Side")) else { throw .side }
        guard let quantity: Quantity = try amount(name + "Quantity") else {
            throw .missing(name + "Quantity")
        }
        var order = SpotOrderRequest(
            symbol: symbol, side: side, kind: .limit, quantity: quantity)
        order.selfTrade = try word("selfTradePreventionMode", .selfTradeMode)
        return order
    }

    private func part(
        _ name: String, _ kinds: [SpotOrderKind]
    ) throws(ExchangeError) -> SpotOrderRequest {
        var order = try sized(name)
        guard let kind = SpotOrderKind(rawValue: try required(name + "Type")),
            kinds.contains(kind)
        else { throw .orderType }
        order.kind = kind
        try read(name, into: &order)
        return order
    }

    /// Of a sale, what takes profit is above the market and what stops a loss is below it; of a
    /// purchase the other way round.
    private static func checkSides(
        _ above: SpotOrderKind, _ below: SpotOrderKind, _ side: Side
    ) throws(ExchangeError) {
        if above == .limitMaker, below == .limitMaker { throw .bothLimit }
        switch (side, side == .buy ? above : below) {
        case (_, .stopLoss), (_, .stopLossLimit): break
        case (.buy, .limitMaker), (.buy, .limit), (.buy, .market): throw .buyLimitBelow
        case (.sell, .limitMaker), (.sell, .limit), (.sell, .market): throw .sellLimitAbove
        case (.buy, .takeProfit), (.buy, .takeProfitLimit): throw .buyProfitBelow
        case (.sell, .takeProfit), (.sell, .takeProfitLimit): throw .sellProfitAbove
        }
        switch side == .buy ? below : above {
        case .stopLoss, .stopLossLimit:
            throw side == .buy ? .buyStopAbove : .sellStopBelow
        case .limit, .limitMaker, .market, .takeProfit, .takeProfitLimit: break
        }
    }
}

extension ExchangeError {
    fileprivate static let buyLimitBelow = ExchangeError(
        -1165, "A limit order in a buy OCO must be below.")
    fileprivate static let sellLimitAbove = ExchangeError(
        -1166, "A limit order in a sell OCO must be above.")
    fileprivate static let bothLimit = ExchangeError(
        -1168, "At least one OCO order must be contingent.")
    fileprivate static let buyStopAbove = ExchangeError(
        -1196, "A stop loss order in a buy OCO must be above.")
    fileprivate static let sellStopBelow = ExchangeError(
        -1197, "A stop loss order in a sell OCO must be below.")
    fileprivate static let buyProfitBelow = ExchangeError(
        -1198, "A take profit order in a buy OCO must be below.")
    fileprivate static let sellProfitAbove = ExchangeError(
        -1199, "A take profit order in a sell OCO must be above.")
}

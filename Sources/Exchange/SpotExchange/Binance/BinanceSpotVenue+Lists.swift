internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Matching
internal import Trading

/// Order lists (OCO): placing, cancelling, queries.
extension BinanceSpotVenue {
    internal func answerLists(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeList: try place(try parameters.orderList(), parameters, wall, &out)
        case .placeFormerList: try place(try parameters.formerList(), parameters, wall, &out)
        case .cancelList: try answerCancelList(parameters, wall, &out)
        case .queryList:
            let (listID, clientID) = try listName(parameters, client: "origClientOrderId")
            let record = try inBinanceWords { () throws(SpotRefusal) in
                try desk.list(listID: listID, clientID: clientID)
            }
            BinanceListBodies.write(record, &out)
        case .allLists: try answerAllLists(parameters, &out)
        case .openLists: write(desk.lists.filter { !$0.isDone }, &out)
        case _: preconditionFailure("only endpoints of lists are answered here")
        }
    }

    private func write(_ lists: [SpotOrderList], _ out: inout JSONWriter) {
        out.beginArray()
        for list in lists { BinanceListBodies.write(desk.record(of: list), &out) }
        out.endArray()
    }

    private func listName(
        _ parameters: RequestParameters, client: String
    ) throws(ExchangeError) -> (listID: Int64?, clientID: String?) {
        let listID = try parameters.integer("orderListId")
        let clientID = parameters[client]
        if listID == nil, clientID == nil { throw .missingEither(client, "orderListId") }
        return (listID, clientID)
    }

    private func place(
        _ wanted: SpotListRequest, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let form: BinanceResponseForm =
            try parameters.word("newOrderRespType", .invalid("newOrderRespType")) ?? .full
        let record: SpotListRecord
        do throws(SpotRefusal) {
            record = try desk.placeList(wanted, wall: wall)
        } catch {
            let refusal = ExchangeError(binance: error)
            for leg in [wanted.below, wanted.above] {
                guard let id = leg.clientOrderID else { continue }
                desk.arrivals.refused(id, leg.symbol, code: refusal.code, wall: wall)
            }
            throw refusal
        }
        for order in record.orders {
            desk.arrivals.accepted(
                order.clientOrderID, order.symbol, orderID: order.orderID, wall: wall)
        }
        BinanceListBodies.write(placed: record, form, &out)
    }

    private func answerCancelList(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let (listID, clientID) = try listName(parameters, client: "listClientOrderId")
        let requestID = parameters["newClientOrderId"] ?? desk.generatedID()
        let record = try inBinanceWords { () throws(SpotRefusal) in
            try desk.cancelList(
                listID: listID, clientID: clientID, in: symbol, requestID: requestID, wall: wall)
        }
        BinanceListBodies.write(canceled: record, requestID: requestID, &out)
    }

    /// Lists from `fromId` on, or the newest within the times given.
    private func answerAllLists(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let limit = try parameters.limit(500, most: 1_000)
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime")
        if let first = try parameters.integer("fromId") {
            if start != nil || end != nil { throw .combination }
            return write(Array(desk.lists.filter { $0.listID >= first }.prefix(limit)), &out)
        }
        let within = desk.lists.filter {
            $0.createdAtMilliseconds >= start ?? 0 && $0.createdAtMilliseconds <= end ?? .max
        }
        write(Array(start == nil ? within.suffix(limit) : within.prefix(limit)), &out)
    }
}

extension RequestParameters {
    /// A list as `orderList/oco` takes it: an order above the market and one below it.
    fileprivate func orderList() throws(ExchangeError) -> SpotListRequest {
        let base = try listBase()
        let above = try leg("above", base)
        let below = try leg("below", base)
        try RequestParameters.checkSides(above.kind, below.kind, base.side)
        return SpotListRequest(
            above: above, below: below, clientListID: self["listClientOrderId"])
    }

    /// A list as the former `order/oco` takes it: a limit order and a stop order.
    fileprivate func formerList() throws(ExchangeError) -> SpotListRequest {
        var limit = try listBase()
        limit.kind = .limitMaker
        guard let price: Price = try amount("price") else { throw .missing("price") }
        limit.price = price
        limit.clientOrderID = self["limitClientOrderId"]
        var stop = try listBase()
        guard let stopPrice: Price = try amount("stopPrice") else { throw .missing("stopPrice") }
        stop.stopPrice = stopPrice
        stop.price = try amount("stopLimitPrice")
        stop.kind = stop.price == nil ? .stopLoss : .stopLossLimit
        stop.timeInForce = try timeInForce("stopLimitTimeInForce")
        stop.clientOrderID = self["stopClientOrderId"]
        for name in ["limitIcebergQty", "stopIcebergQty", "trailingDelta"]
        where self[name] != nil { throw .notRequired(name) }
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
        order.price = try amount(name + "Price")
        order.stopPrice = try amount(name + "StopPrice")
        order.timeInForce = try timeInForce(name + "TimeInForce")
        order.clientOrderID = self[name + "ClientOrderId"]
        for part in ["IcebergQty", "TrailingDelta"] where self[name + part] != nil {
            throw .notRequired(name + part)
        }
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

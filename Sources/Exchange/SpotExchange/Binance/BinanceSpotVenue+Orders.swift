internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Matching
internal import Trading

extension BinanceSpotVenue {
    internal func answerOrders(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeOrder: try answerPlace(parameters, wall, &out)
        case .testOrder:
            let wanted = try parameters.spotOrder()
            try inBinanceWords { () throws(SpotRefusal) in try desk.test(wanted, wall: wall) }
            writeTest(parameters, &out)
        case .queryOrder:
            let symbol = try parameters.requiredSymbol()
            let (orderID, clientID) = try orderName(parameters)
            let order = try inBinanceWords { () throws(SpotRefusal) in
                try desk.query(symbol, orderID: orderID, clientOrderID: clientID)
            }
            BinanceOrderBodies.write(recorded: order, &out)
        case .cancelOrder: try answerCancel(parameters, wall, &out)
        case .openOrders:
            let symbol = try parameters.symbol()
            let orders = try inBinanceWords { () throws(SpotRefusal) in
                try desk.openOrders(symbol)
            }
            writeAll(orders, &out)
        case .cancelAll: try answerCancelAll(parameters, wall, &out)
        case .allOrders: writeAll(try allOrders(parameters), &out)
        case .amendOrder: try answerAmend(parameters, wall, &out)
        case .amendments: try answerAmendments(parameters, &out)
        case .myTrades: try answerMyTrades(parameters, &out)
        case _: preconditionFailure("only order endpoints are answered here")
        }
    }

    internal func market(_ parameters: RequestParameters) throws(ExchangeError) -> Int {
        guard let number = desk.number(of: try parameters.requiredSymbol()) else { throw .symbol }
        return number
    }

    internal func orderName(
        _ parameters: RequestParameters, id: String = "orderId",
        client: String = "origClientOrderId"
    ) throws(ExchangeError) -> (orderID: Int64?, clientOrderID: String?) {
        let orderID = try parameters.integer(id)
        let clientID = parameters[client]
        if orderID == nil, clientID == nil { throw .missingEither(client, id) }
        return (orderID, clientID)
    }

    private func writeAll(_ orders: [SpotOrder], _ out: inout JSONWriter) {
        out.beginArray()
        for order in orders { BinanceOrderBodies.write(recorded: order, &out) }
        out.endArray()
    }

    // MARK: placing

    private func answerPlace(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let wanted = try parameters.spotOrder()
        let form = try responseForm(parameters, wanted.kind)
        BinanceOrderBodies.write(placed: try place(wanted, wall), form, &out)
    }

    /// Places an order, and keeps the record of what came to the door.
    internal func place(
        _ wanted: SpotOrderRequest, _ wall: WallTime
    ) throws(ExchangeError) -> SpotPlacement {
        let placement: SpotPlacement
        do throws(SpotRefusal) {
            placement = try desk.place(wanted, wall: wall)
        } catch {
            let refusal = ExchangeError(binance: error)
            if let id = wanted.clientOrderID {
                desk.arrivals.refused(id, wanted.symbol, code: refusal.code, wall: wall)
            }
            throw refusal
        }
        let order = placement.order
        desk.arrivals.accepted(
            order.clientOrderID, order.symbol, orderID: order.orderID, wall: wall)
        // Filled orders do not count: the limit is on unfilled ones.
        if order.executed.isPositive {
            gate.returnOrder(account: desk.accounts[desk.serving].name)
        }
        return placement
    }

    /// `newOrderRespType`: all there is for orders that may trade at once, unless asked otherwise.
    internal func responseForm(
        _ parameters: RequestParameters, _ kind: SpotOrderKind
    ) throws(ExchangeError) -> BinanceResponseForm {
        let usual: BinanceResponseForm = kind == .limit || kind == .market ? .full : .acknowledged
        return try parameters.word("newOrderRespType", .invalid("newOrderRespType")) ?? usual
    }

    private func writeTest(_ parameters: RequestParameters, _ out: inout JSONWriter) {
        out.beginObject()
        if (try? parameters.boolean("computeCommissionRates")) == true {
            for name in ["standardCommissionForOrder", "specialCommissionForOrder"] {
                let isStandard = name.hasPrefix("standard")
                out.key(name)
                writeRates(
                    isStandard ? desk.settings.makerFee : .zero,
                    isStandard ? desk.settings.takerFee : .zero, &out)
            }
            out.key("taxCommissionForOrder")
            writeRates(.zero, .zero, &out)
            writeDiscount(&out)
        }
        out.endObject()
    }

    private func writeRates(_ maker: Ratio, _ taker: Ratio, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("maker", units: maker.units, places: 8)
        out.field("taker", units: taker.units, places: 8)
        out.endObject()
    }

    // MARK: cancelling

    /// Cancels one order; of a list both, and then the list is the reply.
    private func answerCancel(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let (orderID, clientID) = try orderName(parameters)
        let requestID = parameters["newClientOrderId"] ?? desk.generatedID()
        let meant = try? desk.query(symbol, orderID: orderID, clientOrderID: clientID)
        let list = meant.flatMap { desk.openList(of: $0) }
        let order = try cancel(symbol, orderID, clientID, parameters, requestID, wall)
        if let list, let record = try? desk.list(listID: list.listID, clientID: nil) {
            BinanceListBodies.write(canceled: record, requestID: requestID, &out)
        } else {
            BinanceOrderBodies.write(canceled: order, requestID: requestID, &out)
        }
    }

    private func cancel(
        _ symbol: Symbol, _ orderID: Int64?, _ clientID: String?, _ parameters: RequestParameters,
        _ requestID: String, _ wall: WallTime
    ) throws(ExchangeError) -> SpotOrder {
        let only: SpotDesk.CancelRestriction? = try parameters.word(
            "cancelRestrictions", .cancelRestrictions)
        return try inBinanceWords { () throws(SpotRefusal) in
            try desk.cancel(
                symbol, orderID: orderID, clientOrderID: clientID, requestID: requestID,
                only: only, wall: wall)
        }
    }

    private func answerCancelAll(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        var lists = desk.lists.filter { $0.symbol == symbol && !$0.isDone }.map(\.listID)
        let orders = try inBinanceWords { () throws(SpotRefusal) in
            try desk.cancelAll(symbol, wall: wall)
        }
        if orders.isEmpty { throw .unknownOrder }
        out.beginArray()
        var told: Set<Int64> = []
        for order in orders where !told.contains(order.orderID) {
            guard let place = lists.firstIndex(of: order.listID),
                let record = try? desk.list(listID: lists.remove(at: place), clientID: nil)
            else {
                BinanceOrderBodies.write(canceled: order, requestID: order.clientOrderID, &out)
                continue
            }
            // A list is told once, with both its orders.
            told.formUnion(record.orders.map(\.orderID))
            BinanceListBodies.write(canceled: record, requestID: order.clientOrderID, &out)
        }
        out.endArray()
    }

    /// Cancels an order and places another; what became of each is in the reply.
    internal func answerCancelReplace(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) -> Int {
        let wanted = try parameters.spotOrder()
        let form = try responseForm(parameters, wanted.kind)
        let mode: ReplaceMode? = try parameters.word("cancelReplaceMode", .replaceMode)
        guard let mode else { throw .missing("cancelReplaceMode") }
        let (orderID, clientID) = try orderName(
            parameters, id: "cancelOrderId", client: "cancelOrigClientOrderId")
        let only: SpotDesk.CancelRestriction? = try parameters.word(
            "cancelRestrictions", .cancelRestrictions)
        let requestID = parameters["cancelNewClientOrderId"] ?? desk.generatedID()
        var replaced = CancelReplace(requestID: requestID, form: form)
        let meant = try? desk.query(wanted.symbol, orderID: orderID, clientOrderID: clientID)
        let list = meant.flatMap { desk.openList(of: $0) }
        do throws(SpotRefusal) {
            let order = try desk.cancel(
                wanted.symbol, orderID: orderID, clientOrderID: clientID,
                requestID: requestID, only: only, wall: wall)
            replaced.canceled = .success(order)
            replaced.list = list.flatMap { try? desk.list(listID: $0.listID, clientID: nil) }
        } catch {
            replaced.canceled = .failure(ExchangeError(binance: error))
        }
        if case .failure = replaced.canceled, mode == .stopOnFailure {
            return replaced.write(&out)
        }
        do throws(ExchangeError) {
            replaced.placed = .success(try place(wanted, wall))
        } catch {
            replaced.placed = .failure(error)
        }
        return replaced.write(&out)
    }

    private func answerAmend(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let (orderID, clientID) = try orderName(parameters)
        guard let quantity: Quantity = try parameters.amount("newQty") else {
            throw .missing("newQty")
        }
        let requestID = parameters["newClientOrderId"] ?? desk.generatedID()
        let (old, order) = try inBinanceWords { () throws(SpotRefusal) in
            try desk.amend(
                symbol, orderID: orderID, clientOrderID: clientID, to: quantity,
                newClientOrderID: requestID, wall: wall)
        }
        out.beginObject()
        out.field("transactTime", wall.milliseconds)
        out.field("executionId", desk.lastExecutionID)
        out.key("amendedOrder")
        BinanceOrderBodies.write(amended: order, formerID: old.clientOrderID, &out)
        if let list = desk.openList(of: order) {
            out.key("listStatus")
            BinanceListBodies.write(desk.record(of: list), &out)
        }
        out.endObject()
    }

    /// Changes in place of one order, oldest first.
    private func answerAmendments(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(parameters)
        guard let orderID = try parameters.integer("orderId") else { throw .missing("orderId") }
        let first = try parameters.integer("fromExecutionId") ?? 0
        let limit = try parameters.limit(500, most: 1_000)
        out.beginArray()
        let past = desk.stakes[number].amendments.filter {
            $0.orderID == orderID && $0.executionID >= first
        }
        for amendment in past.prefix(limit) { BinanceOrderBodies.write(amendment, &out) }
        out.endArray()
    }

    // MARK: lists

    /// Orders from `orderId` on, or the newest within the times given.
    private func allOrders(_ parameters: RequestParameters) throws(ExchangeError) -> [SpotOrder] {
        let number = try market(parameters)
        let limit = try parameters.limit(500, most: 1_000)
        let all = desk.stakes[number].orders.all
        if let first = try parameters.integer("orderId") {
            return Array(all.filter { $0.orderID >= first }.prefix(limit))
        }
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime") ?? .max
        let within = all.filter {
            $0.createdAtMilliseconds >= start ?? 0 && $0.createdAtMilliseconds <= end
        }
        return Array(start == nil ? within.suffix(limit) : within.prefix(limit))
    }

    private func answerMyTrades(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(parameters)
        let limit = try parameters.limit(500, most: 1_000)
        var trades = desk.stakes[number].trades
        if let orderID = try parameters.integer("orderId") {
            trades = trades.filter { $0.orderID == orderID }
        }
        let start = try parameters.integer("startTime")
        let end = try parameters.integer("endTime") ?? .max
        if let first = try parameters.integer("fromId") {
            trades = Array(trades.filter { $0.tradeID >= first }.prefix(limit))
        } else {
            trades = trades.filter {
                $0.timeMilliseconds >= start ?? 0 && $0.timeMilliseconds <= end
            }
            trades = Array(start == nil ? trades.suffix(limit) : trades.prefix(limit))
        }
        out.beginArray()
        for trade in trades {
            let listID = desk.stakes[number].orders[trade.orderID]?.listID ?? -1
            BinanceOrderBodies.write(trade, listID: listID, &out)
        }
        out.endArray()
    }
}

extension RequestParameters {
    /// What a new order is to be; every refusal carries Binance's code.
    func spotOrder() throws(ExchangeError) -> SpotOrderRequest {
        let symbol = try requiredSymbol()
        guard let side = Side(rawValue: try required("side")) else { throw .side }
        guard let kind = SpotOrderKind(rawValue: try required("type")) else { throw .orderType }
        var order = SpotOrderRequest(symbol: symbol, side: side, kind: kind)
        order.timeInForce = try timeInForce("timeInForce")
        order.quantity = try amount("quantity")
        order.quoteQuantity = try amount("quoteOrderQty")
        order.price = try amount("price")
        order.stopPrice = try amount("stopPrice")
        order.clientOrderID = self["newClientOrderId"]
        order.selfTrade = try word("selfTradePreventionMode", .selfTradeMode)
        order.icebergQuantity = try amount("icebergQty")
        order.trailingDelta = try integer("trailingDelta")
        return order
    }

    func timeInForce(_ name: String) throws(ExchangeError) -> TimeInForce? {
        switch self[name] {
        case nil: nil
        case "GTC": .goodTillCancel
        case "IOC": .immediateOrCancel
        case "FOK": .fillOrKill
        case _: throw .timeInForce
        }
    }
}

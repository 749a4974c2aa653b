internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

extension MEXCVenue {
    /// Most orders of a `batchOrders` call.
    private static let batchLimit = 20
    /// Most symbols of a `DELETE openOrders` call.
    private static let symbolLimit = 5

    internal func answerOrders(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeOrder:
            let wanted = try MEXCOrderFields { parameters[$0] }.request()
            MEXCOrderBodies.write(placed: try place(wanted, wall), &out)
        case .testOrder:
            let wanted = try MEXCOrderFields { parameters[$0] }.request()
            try inMEXCWords { () throws(SpotRefusal) in try desk.test(wanted, wall: wall) }
            out.beginObject()
            out.endObject()
        case .placeBatch:
            try countBatch(wall)
            try answerBatch(parameters, wall, &out)
        case .queryOrder:
            let (symbol, orderID, clientID) = try orderName(parameters)
            let order = try inMEXCWords { () throws(SpotRefusal) in
                try desk.query(symbol, orderID: orderID, clientOrderID: clientID)
            }
            MEXCOrderBodies.write(recorded: order, &out)
        case .cancelOrder:
            let (symbol, orderID, clientID) = try orderName(parameters)
            let order = try inMEXCWords { () throws(SpotRefusal) in
                try desk.cancel(symbol, orderID: orderID, clientOrderID: clientID, wall: wall)
            }
            MEXCOrderBodies.write(canceled: order, &out)
        case .openOrders:
            let symbol = try parameters.requiredSymbol()
            let orders = try inMEXCWords { () throws(SpotRefusal) in
                try desk.openOrders(symbol)
            }
            writeAll(orders, &out)
        case .cancelAll: try answerCancelAll(parameters, wall, &out)
        case .allOrders: writeAll(try allOrders(parameters, wall), &out)
        case .myTrades: try answerMyTrades(parameters, wall, &out)
        case _: preconditionFailure("only order endpoints are answered here")
        }
    }

    internal func market(_ parameters: RequestParameters) throws(ExchangeError) -> Int {
        guard let number = desk.number(of: try parameters.requiredSymbol()) else {
            throw MEXCError.badSymbol
        }
        return number
    }

    private func orderName(
        _ parameters: RequestParameters
    ) throws(ExchangeError) -> (symbol: Symbol, orderID: Int64?, clientOrderID: String?) {
        let symbol = try parameters.requiredSymbol()
        let number = try market(parameters)
        let clientID = parameters["origClientOrderId"]
        guard let text = parameters["orderId"] else {
            if clientID == nil { throw MEXCError.noOrderName }
            return (symbol, nil, clientID)
        }
        // An id of another market is an order that is not there.
        return (symbol, MEXCOrderID.parse(text, market: number) ?? -1, clientID)
    }

    private func writeAll(_ orders: [SpotOrder], _ out: inout JSONWriter) {
        out.beginArray()
        for order in orders { MEXCOrderBodies.write(recorded: order, &out) }
        out.endArray()
    }

    // MARK: placing

    /// Places an order, and keeps the record of what came to the door.
    private func place(
        _ wanted: SpotOrderRequest, _ wall: WallTime
    ) throws(ExchangeError) -> SpotOrder {
        do throws(SpotRefusal) {
            let order = try desk.place(wanted, wall: wall).order
            if !order.clientOrderID.isEmpty {
                desk.arrivals.accepted(
                    order.clientOrderID, order.symbol, orderID: order.orderID, wall: wall)
            }
            return order
        } catch {
            let quote = desk.number(of: wanted.symbol).map { desk.instruments[$0].quote }
            let refusal = MEXCError.from(error, quote: quote ?? "USDT")
            if let id = wanted.clientOrderID {
                desk.arrivals.refused(id, wanted.symbol, code: refusal.code, wall: wall)
            }
            throw refusal
        }
    }

    /// `batchOrders` may be called a few times a second by an account.
    private func countBatch(_ wall: WallTime) throws(ExchangeError) {
        let second = wall.milliseconds / 1_000
        if second != batchSecond { batchCounts = [:] }
        batchSecond = second
        batchCounts[desk.serving, default: 0] += 1
        guard batchCounts[desk.serving, default: 0] <= desk.settings.limits.batchesPerSecond else {
            throw ExchangeError(429, "Too Many Requests", status: 429, retryAfterSeconds: 1)
        }
    }

    /// Orders of one call, one after the other; each says for itself what became of it.
    private func answerBatch(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let text = try parameters.required("batchOrders")
        guard let elements = try? JSONValue.parse(Array(text.utf8)).elements else {
            throw MEXCError.parameter("batchOrders")
        }
        guard (1...MEXCVenue.batchLimit).contains(elements.count) else {
            throw MEXCError.parameter("batchOrders takes 1 to \(MEXCVenue.batchLimit) orders")
        }
        guard Set(elements.compactMap { $0["symbol"]?.text }).count < 2 else {
            throw MEXCError.parameter("batchOrders takes orders of one symbol")
        }
        out.beginArray()
        for element in elements {
            let fields = MEXCOrderFields { name in
                element[name].flatMap { value in
                    switch value {
                    case .string(let text), .number(let text): text
                    case .null, .boolean, .array, .object: nil
                    }
                }
            }
            do throws(ExchangeError) {
                MEXCOrderBodies.write(batched: try place(try fields.request(), wall), &out)
            } catch {
                out.beginObject()
                if let id = fields["newClientOrderId"] { out.field("newClientOrderId", id) }
                let refusal = MEXCError.from(error)
                out.field("msg", refusal.message)
                out.field("code", refusal.code)
                out.endObject()
            }
        }
        out.endArray()
    }

    /// Cancels all open orders of up to five symbols.
    private func answerCancelAll(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let names = try parameters.required("symbol").split(separator: ",")
        guard names.count <= MEXCVenue.symbolLimit else { throw MEXCError.parameter("symbol") }
        var symbols: [Symbol] = []
        for name in names {
            guard let symbol = Symbol(String(name)), desk.number(of: symbol) != nil else {
                throw MEXCError.badSymbol
            }
            symbols.append(symbol)
        }
        out.beginArray()
        for symbol in symbols {
            let orders = try inMEXCWords { () throws(SpotRefusal) in
                try desk.cancelAll(symbol, wall: wall)
            }
            for order in orders { MEXCOrderBodies.write(canceled: order, &out) }
        }
        out.endArray()
    }

    // MARK: lists

    private static let day: Int64 = 86_400_000

    /// The newest orders within the times given: the last day where none are.
    private func allOrders(
        _ parameters: RequestParameters, _ wall: WallTime
    ) throws(ExchangeError) -> [SpotOrder] {
        let number = try market(parameters)
        let limit = try parameters.limit(500, most: 1_000)
        let end = try parameters.integer("endTime") ?? wall.milliseconds
        let start = try parameters.integer("startTime") ?? max(0, end) - MEXCVenue.day
        return desk.stakes[number].orders.all.filter {
            $0.createdAtMilliseconds >= start && $0.createdAtMilliseconds <= end
        }.suffix(limit).reversed()
    }

    private func answerMyTrades(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(parameters)
        let limit = try parameters.limit(100, most: 100)
        var trades = desk.stakes[number].trades
        if let text = parameters["orderId"] {
            let orderID = MEXCOrderID.parse(text, market: number)
            trades = trades.filter { $0.orderID == orderID }
        }
        let end = try parameters.integer("endTime") ?? wall.milliseconds
        let start = try parameters.integer("startTime") ?? 0
        trades = trades.filter { $0.timeMilliseconds >= start && $0.timeMilliseconds <= end }
        out.beginArray()
        for trade in trades.suffix(limit).reversed() { MEXCOrderBodies.write(trade, &out) }
        out.endArray()
    }
}

internal import Bytes
internal import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    /// The account orders are counted under: the exchange has one.
    internal static let accountName = "account"

    /// Answers one request: counted, authenticated, checked, carried out.
    package func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        var out = JSONWriter(capacity: 1_024)
        var status = 200
        var retryAfter: Int64?
        var endpoint: Endpoint?
        do throws(ExchangeError) {
            let found = try admit(request)
            endpoint = found.endpoint
            try answer(found.endpoint, found.parameters, found.key, request, &out)
        } catch {
            status = error.status
            retryAfter = error.retryAfterSeconds
            out.removeAll()
            out.beginObject()
            out.field("code", error.code)
            out.field("msg", error.message)
            out.endObject()
        }
        return ExchangeResponse(
            status: status, headers: headers(request, endpoint, retryAfter), body: out.bytes)
    }

    private struct Admitted {
        let endpoint: Endpoint
        let parameters: RequestParameters
        let key: ExchangeKey?
    }

    /// Finds the endpoint, counts the request's weight, and checks key, time, signature and role.
    private func admit(_ request: ExchangeRequest) throws(ExchangeError) -> Admitted {
        guard let endpoint = Endpoint(method: request.method, path: request.path) else {
            try gate.spend(weight: 1, remote: request.remote, wall: request.wall)
            throw .unknownPath(request.method, request.path)
        }
        let parameters = try RequestParameters(request)
        let limit = (try? parameters.integer("limit")) ?? 500
        let cost = endpoint.weight(hasSymbol: parameters["symbol"] != nil, limit: limit)
        try gate.spend(weight: cost, remote: request.remote, wall: request.wall)
        if endpoint.security == .none {
            return Admitted(endpoint: endpoint, parameters: parameters, key: nil)
        }
        guard let name = request.apiKey, !name.isEmpty else { throw .keyFormat }
        guard let key = settings.keys.first(where: { $0.key == name }) else { throw .keyRefused }
        if endpoint.security != .key {
            try checkTime(parameters, request.wall)
            guard parameters["signature"] != nil else { throw .missing("signature") }
            guard parameters.isSigned(with: key.secret) else { throw .signature }
        }
        if endpoint.security == .trade, key.role != .trade { throw .keyRefused }
        if endpoint.isOrder {
            try gate.spendOrders(account: FuturesDesk.accountName, wall: request.wall)
        }
        return Admitted(endpoint: endpoint, parameters: parameters, key: key)
    }

    private func checkTime(_ parameters: RequestParameters, _ wall: WallTime) throws(ExchangeError)
    {
        guard let sent = try parameters.integer("timestamp") else { throw .missing("timestamp") }
        let window = try parameters.integer("recvWindow") ?? 5_000
        guard (1...60_000).contains(window) else { throw .invalid("recvWindow") }
        guard sent > 0, sent < Int64.max / 2 else { throw .illegal("timestamp") }
        if sent >= wall.milliseconds + 1_000 { throw .timestampEarly }
        if wall.milliseconds - sent > window { throw .timestampLate }
    }

    private func headers(
        _ request: ExchangeRequest, _ endpoint: Endpoint?, _ retryAfter: Int64?
    ) -> [(String, String)] {
        var headers = [("Content-Type", "application/json")]
        headers += gate.headers(
            remote: request.remote,
            account: endpoint?.isOrder == true ? FuturesDesk.accountName : nil,
            wall: request.wall)
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return headers
    }

    private func answer(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ request: ExchangeRequest, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let wall = request.wall
        switch endpoint {
        case .ping, .time, .exchangeInfo, .depth, .bookTicker, .tickerPrice, .premiumIndex:
            try answerMarket(endpoint, parameters, wall, &out)
        case .openListenKey, .keepListenKey, .closeListenKey:
            guard let key else { throw .keyFormat }
            try answerListenKey(endpoint, key.key, wall, &out)
        case .accountV2, .accountV3, .balance, .positionRiskV2, .positionRiskV3, .leverageBracket,
            .positionMode, .multiAssetsMode, .accountConfig, .symbolConfig, .commissionRate,
            .orderRateLimit:
            try answerAccount(endpoint, parameters, &out)
        case .placeOrder, .testOrder, .queryOrder, .cancelOrder, .openOrder, .openOrders,
            .cancelAll, .allOrders, .userTrades:
            try answerOrders(endpoint, parameters, wall, &out)
        case .setLeverage, .setMarginType, .setPositionMode, .setMultiAssetsMode:
            try answerSettings(endpoint, parameters, wall, &out)
        }
    }

    private func answerListenKey(
        _ endpoint: Endpoint, _ apiKey: String, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let life = settings.limits.listenKeyMilliseconds
        if endpoint == .closeListenKey {
            listenKeys.close(apiKey: apiKey)
            out.beginObject()
            out.endObject()
            return
        }
        let listenKey =
            endpoint == .openListenKey
            ? listenKeys.open(apiKey: apiKey, wall: wall.milliseconds, life: life)
            : listenKeys.keepAlive(apiKey: apiKey, wall: wall.milliseconds, life: life)
        guard let listenKey else { throw .listenKey }
        out.beginObject()
        out.field("listenKey", listenKey)
        out.endObject()
    }

    // MARK: orders

    private func answerOrders(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .placeOrder:
            let response = parameters["newOrderRespType"] ?? "ACK"
            guard response == "ACK" || response == "RESULT" else {
                throw .invalid("newOrderRespType")
            }
            let order = try place(try parameters.order(), wall: wall)
            write(response == "ACK" ? order.acknowledged : order, as: .placed, &out)
        case .testOrder:
            let wanted = try parameters.order()
            let number = try market(wanted.symbol)
            try OrderRules.check(wanted, markets[number], stakes[number], wall: wall)
            out.beginObject()
            out.endObject()
        case .cancelOrder:
            let symbol = try parameters.requiredSymbol()
            let (orderID, clientID) = try orderName(parameters)
            let order = try cancel(symbol, orderID: orderID, clientOrderID: clientID, wall: wall)
            write(order, as: .placed, &out)
        case .queryOrder, .openOrder:
            let symbol = try parameters.requiredSymbol()
            let (orderID, clientID) = try orderName(parameters)
            let order = try query(symbol, orderID: orderID, clientOrderID: clientID)
            if endpoint == .openOrder, !order.isOpen { throw .noSuchOrder }
            write(order, as: .recorded, &out)
        case .openOrders:
            let symbol = try parameters.symbol()
            if let symbol { _ = try market(symbol) }
            writeAll(openOrders(symbol), &out)
        case .cancelAll:
            _ = try cancelAll(try parameters.requiredSymbol(), wall: wall)
            writeDone("The operation of cancel all open order is done.", &out)
        case .allOrders: writeAll(try allOrders(parameters), &out)
        case .userTrades: try answerUserTrades(parameters, &out)
        case _: preconditionFailure("only order endpoints are answered here")
        }
    }

    private func orderName(
        _ parameters: RequestParameters
    ) throws(ExchangeError) -> (orderID: Int64?, clientOrderID: String?) {
        let orderID = try parameters.integer("orderId")
        let clientID = parameters["origClientOrderId"]
        if orderID == nil, clientID == nil {
            throw .missingEither("orderId", "origClientOrderId")
        }
        return (orderID, clientID)
    }

    /// Orders from `orderId` on, or the newest within the times given.
    private func allOrders(_ parameters: RequestParameters) throws(ExchangeError) -> [FuturesOrder]
    {
        let number = try market(try parameters.requiredSymbol())
        let limit = try parameters.limit(500, most: 1_000)
        let all = stakes[number].orders.all
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

    private func answerUserTrades(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(try parameters.requiredSymbol())
        let limit = try parameters.limit(500, most: 1_000)
        var trades = stakes[number].trades
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
        for trade in trades { write(trade, &out) }
        out.endArray()
    }

    // MARK: settings

    private func answerSettings(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .setLeverage:
            let symbol = try parameters.requiredSymbol()
            guard let leverage = try parameters.integer("leverage") else {
                throw .missing("leverage")
            }
            let cap = try setLeverage(symbol, leverage, wall: wall)
            out.beginObject()
            out.field("leverage", leverage)
            out.field("maxNotionalValue", cap.text)
            out.field("symbol", symbol.name)
            out.endObject()
        case .setMarginType:
            _ = try market(try parameters.requiredSymbol())
            switch try parameters.required("marginType") {
            case "CROSSED": throw .marginTypeUnchanged
            case _: throw .invalid("marginType")
            }
        case .setPositionMode:
            guard let isDual = try parameters.boolean("dualSidePosition") else {
                throw .missing("dualSidePosition")
            }
            throw isDual ? .invalid("dualSidePosition") : .positionModeUnchanged
        case .setMultiAssetsMode:
            guard let isMulti = try parameters.boolean("multiAssetsMargin") else {
                throw .missing("multiAssetsMargin")
            }
            throw isMulti ? .invalid("multiAssetsMargin") : .multiAssetsUnchanged
        case _: preconditionFailure("only settings are changed here")
        }
    }
}

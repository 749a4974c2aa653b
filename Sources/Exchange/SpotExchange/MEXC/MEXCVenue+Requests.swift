internal import Bytes
internal import Chronology
package import ExchangeDoor
internal import Trading

extension MEXCVenue {
    /// Answers one request: counted, authenticated, checked, carried out.
    package func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        var out = JSONWriter(capacity: 1_024)
        var status = 200
        var headers = [("Content-Type", "application/json;charset=utf-8")]
        do throws(ExchangeError) {
            guard let endpoint = MEXCEndpoint(method: request.method, path: request.path) else {
                try gate.spend(weight: 1, remote: request.remote, wall: request.wall)
                throw ExchangeError(404, "Not Found", status: 404)
            }
            let admitted = try admit(endpoint, request)
            let account = admitted.key.flatMap { desk.account(named: $0.account) } ?? 0
            try desk.serve(account) { () throws(ExchangeError) in
                try answer(endpoint, admitted.parameters, admitted.key, request.wall, &out)
            }
        } catch {
            let refusal = MEXCError.from(error)
            status = refusal.status
            if let seconds = refusal.retryAfterSeconds {
                headers.append(("Retry-After", String(seconds)))
            }
            out.removeAll()
            MEXCVenue.write(refusal, &out)
        }
        return ExchangeResponse(status: status, headers: headers, body: out.bytes)
    }

    internal static func write(_ error: ExchangeError, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("msg", error.message)
        out.field("code", error.code)
        out.endObject()
    }

    private struct Admitted {
        let parameters: RequestParameters
        let key: ExchangeKey?
    }

    /// Counts the request, and checks key, time, signature and role. Weight is counted for each
    /// endpoint on its own: the gate is told who asks for what.
    private func admit(
        _ endpoint: MEXCEndpoint, _ request: ExchangeRequest
    ) throws(ExchangeError) -> Admitted {
        let parameters = try RequestParameters(request)
        try gate.spend(
            weight: endpoint.weight(hasSymbol: parameters["symbol"] != nil),
            remote: request.remote + request.path, wall: request.wall)
        if endpoint.security == .none { return Admitted(parameters: parameters, key: nil) }
        guard let name = request.apiKey, !name.isEmpty else { throw MEXCError.keyFormat }
        guard let key = desk.settings.keys.first(where: { $0.key == name }) else {
            throw MEXCError.keyUnknown
        }
        try checkTime(parameters, request.wall)
        guard let signature = parameters["signature"] else { throw MEXCError.missing("signature") }
        let isLower = signature.utf8.allSatisfy { $0 < UInt8(ascii: "A") || $0 > UInt8(ascii: "Z") }
        guard isLower, parameters.isSigned(with: key.secret) else { throw MEXCError.signature }
        if endpoint.security == .trade, key.role != .trade { throw MEXCError.permission }
        return Admitted(parameters: parameters, key: key)
    }

    private func checkTime(
        _ parameters: RequestParameters, _ wall: WallTime
    ) throws(ExchangeError) {
        do throws(SpotTimestamp.Problem) {
            try SpotTimestamp.check(parameters, wall)
        } catch {
            switch error {
            case .missing: throw MEXCError.missing("timestamp")
            case .illegal: throw MEXCError.illegal("timestamp")
            case .window: throw MEXCError.receiveWindow
            case .early, .late: throw MEXCError.timestamp
            }
        }
    }

    private func answer(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .trades, .aggregateTrades, .klines, .dayTicker:
            try answerHistory(endpoint, parameters, wall, &out)
        case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .averagePrice, .priceTicker,
            .bookTicker, .contracts:
            try answerMarket(endpoint, parameters, wall, &out)
        case .placeOrder, .testOrder, .placeBatch, .queryOrder, .cancelOrder, .openOrders,
            .cancelAll, .allOrders, .myTrades:
            try answerOrders(endpoint, parameters, wall, &out)
        case .account, .tradeFee, .ownSymbols, .coins, .userID:
            try answerAccount(endpoint, parameters, key, wall, &out)
        case .openListenKey, .listenKeys, .keepListenKey, .closeListenKey:
            guard let key else { throw MEXCError.keyFormat }
            try answerListenKey(endpoint, parameters, key.key, wall, &out)
        }
    }

    private func answerListenKey(
        _ endpoint: MEXCEndpoint, _ parameters: RequestParameters, _ apiKey: String,
        _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let life = desk.settings.limits.listenKeyMilliseconds
        let now = wall.milliseconds
        var listenKey: String?
        switch endpoint {
        case .openListenKey:
            listenKey = desk.listenKeys.open(apiKey: apiKey, wall: now, life: life)
        case .listenKeys: listenKey = desk.listenKeys.key(apiKey: apiKey)
        case .keepListenKey:
            listenKey = desk.listenKeys.keepAlive(apiKey: apiKey, wall: now, life: life)
        case .closeListenKey:
            listenKey = desk.listenKeys.key(apiKey: apiKey)
            desk.listenKeys.close(apiKey: apiKey)
        case _: preconditionFailure("only listen keys are answered here")
        }
        if endpoint == .listenKeys {
            out.beginObject()
            out.key("listenKey")
            out.beginArray()
            if let listenKey { out.value(listenKey) }
            out.endArray()
            out.endObject()
            return
        }
        guard let listenKey else { throw MEXCError.listenKey }
        if let named = parameters["listenKey"], named != listenKey { throw MEXCError.listenKey }
        out.beginObject()
        out.field("listenKey", listenKey)
        out.endObject()
    }
}

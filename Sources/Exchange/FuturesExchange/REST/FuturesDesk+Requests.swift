internal import Bytes
internal import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    /// Answers one request: counted, authenticated, checked, carried out for the account of its key.
    package func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        serve(request.apiKey.flatMap { keys[$0]?.account } ?? 0) { answer(request) }
    }

    private func answer(_ request: ExchangeRequest) -> ExchangeResponse {
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
            write(error, &out)
        }
        return ExchangeResponse(
            status: status, headers: headers(request, endpoint, retryAfter), body: out.bytes)
    }

    internal func write(_ error: ExchangeError, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("code", error.code)
        out.field("msg", error.message)
        out.endObject()
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
        guard let known = keys[name] else { throw .keyRefused }
        if endpoint.security != .key {
            try checkTime(parameters, request.wall)
            guard parameters["signature"] != nil else { throw .missing("signature") }
            guard parameters.isSigned(with: known.code) else { throw .signature }
        }
        if endpoint.security == .trade, known.key.role != .trade { throw .keyRefused }
        if let count = endpoint.orderCount {
            try gate.spendOrders(
                count.tenSeconds, longer: count.minute, account: accounts[serving].name,
                wall: request.wall)
        }
        return Admitted(endpoint: endpoint, parameters: parameters, key: known.key)
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
            account: endpoint?.orderCount != nil ? accounts[serving].name : nil,
            wall: request.wall)
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return headers
    }

    private func answer(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ request: ExchangeRequest, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let wall = request.wall
        switch endpoint.topic {
        case .market: try answerMarket(endpoint, parameters, wall, &out)
        case .statistics: try answerStatistics(endpoint, parameters, wall, &out)
        case .tape: try answerTape(endpoint, parameters, wall, &out)
        case .listenKeys:
            guard let key else { throw .keyFormat }
            try answerListenKey(endpoint, key.key, wall, &out)
        case .account: try answerAccount(endpoint, parameters, wall, &out)
        case .history: try answerHistory(endpoint, parameters, wall, &out)
        case .settings: try answerSettings(endpoint, parameters, wall, &out)
        case .orders: try answerOrders(endpoint, parameters, wall, &out)
        case .batches: try answerBatch(endpoint, parameters, wall, &out)
        case .algos: try answerAlgos(endpoint, parameters, wall, &out)
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

    internal func writeDone(_ message: String, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("code", 200)
        out.field("msg", message)
        out.endObject()
    }
}

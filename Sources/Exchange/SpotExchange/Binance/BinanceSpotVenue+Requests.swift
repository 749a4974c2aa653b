internal import Bytes
internal import Chronology
package import ExchangeDoor
internal import Trading

extension BinanceSpotVenue {
    /// Answers one request: counted, authenticated, checked, carried out.
    package func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        var out = JSONWriter(capacity: 1_024)
        var status = 200
        var retryAfter: Int64?
        var isMicroseconds = false
        let endpoint = BinanceEndpoint(method: request.method, path: request.path)
        var account: String?
        do throws(ExchangeError) {
            guard let endpoint else {
                try gate.spend(weight: 1, remote: request.remote, wall: request.wall)
                throw .unknownPath(request.method, request.path)
            }
            let unit = try BinanceTimeUnit(request.timeUnit)
            isMicroseconds = unit == .microsecond
            if endpoint.isOrder { account = self.account(of: request.apiKey) }
            let admitted = try admit(endpoint, request)
            status = try desk.serve(number(of: admitted.key)) { () throws(ExchangeError) in
                try answer(endpoint, admitted.parameters, admitted.key, request.wall, &out)
            }
        } catch {
            status = error.status
            retryAfter = error.retryAfterSeconds
            out.removeAll()
            BinanceSpotVenue.write(error, &out)
        }
        if status != 200, endpoint?.isFreeIfDone == true {
            try? gate.spend(weight: 1, remote: request.remote, wall: request.wall)
        }
        return ExchangeResponse(
            status: status, headers: headers(request, account, retryAfter),
            body: isMicroseconds ? BinanceMicroseconds.rewritten(out.bytes) : out.bytes)
    }

    internal static func write(_ error: ExchangeError, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("code", error.code)
        out.field("msg", error.message)
        out.endObject()
    }

    private func headers(
        _ request: ExchangeRequest, _ account: String?, _ retryAfter: Int64?
    ) -> [(String, String)] {
        let used = gate.usedWeight(remote: request.remote, wall: request.wall)
        var headers = [
            ("Content-Type", "application/json;charset=UTF-8"),
            ("X-MBX-USED-WEIGHT", String(used)),
        ]
        headers += gate.headers(remote: request.remote, account: account, wall: request.wall)
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return headers
    }

    /// The name of the account that a key reaches, under which its orders are counted.
    internal func account(of apiKey: String?) -> String {
        desk.settings.keys.first { $0.key == apiKey }?.account ?? ExchangeKey.mainAccount
    }

    /// The number of the account that a request is of; the main one where it is of none.
    internal func number(of key: ExchangeKey?) -> Int {
        key.flatMap { desk.account(named: $0.account) } ?? 0
    }

    private struct Admitted {
        let parameters: RequestParameters
        let key: ExchangeKey?
    }

    /// Counts the request's weight, and checks key, time, signature and role.
    private func admit(
        _ endpoint: BinanceEndpoint, _ request: ExchangeRequest
    ) throws(ExchangeError) -> Admitted {
        let parameters = try RequestParameters(request)
        let limit = (try? parameters.integer("limit")) ?? 100
        let cost = endpoint.weight(symbols: symbolCount(parameters), limit: limit)
        try gate.spend(
            weight: endpoint.isFreeIfDone ? 0 : cost, remote: request.remote, wall: request.wall)
        if endpoint.security == .none { return Admitted(parameters: parameters, key: nil) }
        let key = try authenticate(
            endpoint.security, parameters, request.apiKey, request.wall)
        if endpoint.isOrder {
            try gate.spendOrders(
                endpoint.orderCount, longer: endpoint.orderCount,
                account: key.account, wall: request.wall)
        }
        return Admitted(parameters: parameters, key: key)
    }

    /// Checks key, time, signature and role.
    internal func authenticate(
        _ security: SpotSecurity, _ parameters: RequestParameters, _ apiKey: String?,
        _ wall: WallTime
    ) throws(ExchangeError) -> ExchangeKey {
        guard let name = apiKey, !name.isEmpty else { throw .keyFormat }
        guard let key = desk.settings.keys.first(where: { $0.key == name }) else {
            throw .keyRefused
        }
        if security != .key {
            try checkTime(parameters, wall)
            guard parameters["signature"] != nil else { throw .missing("signature") }
            guard parameters.isSigned(with: key.secret) else { throw .signature }
        }
        if security == .trade, key.role != .trade { throw .keyRefused }
        return key
    }

    private func symbolCount(_ parameters: RequestParameters) -> Int {
        if parameters["symbol"] != nil { return 1 }
        return parameters["symbols"].map { $0.split(separator: ",").count } ?? 0
    }

    private func checkTime(
        _ parameters: RequestParameters, _ wall: WallTime
    ) throws(ExchangeError) {
        do throws(SpotTimestamp.Problem) {
            try SpotTimestamp.check(parameters, wall)
        } catch {
            switch error {
            case .missing: throw .missing("timestamp")
            case .illegal: throw .illegal("timestamp")
            case .window: throw .receiveWindow
            case .early: throw .timestampEarly
            case .late: throw .timestampLate
            }
        }
    }

    /// Carries out an admitted request; returns the HTTP status.
    internal func answer(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ key: ExchangeKey?,
        _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) -> Int {
        switch endpoint {
        case .ping, .time, .exchangeInfo, .depth, .averagePrice, .priceTicker, .bookTicker:
            try answerMarket(endpoint, parameters, wall, &out)
        case .trades, .aggregateTrades, .klines, .dayTicker, .windowTicker:
            try answerHistory(endpoint, parameters, wall, &out)
        case .placeOrder, .testOrder, .queryOrder, .cancelOrder, .openOrders, .cancelAll,
            .allOrders, .amendOrder, .amendments, .myTrades:
            try answerOrders(endpoint, parameters, wall, &out)
        case .placeList, .placeFormerList, .placeTrigger, .placeTriggerPair, .cancelList,
            .queryList, .allLists, .openLists:
            try answerLists(endpoint, parameters, wall, &out)
        case .cancelReplace: return try answerCancelReplace(parameters, wall, &out)
        case .account, .commission, .orderRateLimit, .filters, .preventedMatches, .allocations,
            .systemStatus, .coins, .tradeFee, .restrictions, .accountStatus, .tradingStatus,
            .userAssets, .marginPairs:
            try answerAccount(endpoint, parameters, key, wall, &out)
        }
        return 200
    }
}

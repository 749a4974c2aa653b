internal import Bytes
internal import Chronology
internal import ExchangeDoor

/// One socket of the WebSocket order API.
internal struct OrderSocket: Sendable {
    let remote: String
    /// Epoch milliseconds.
    let connectedSince: Int64

    /// Where the API is served.
    static let path = "/ws-fapi/v1"
    /// What opening a socket costs (exchange-facts A3.1).
    static let handshakeWeight: Int64 = 5

    /// The REST request each method stands for (exchange-facts B6).
    static let requests: [String: (verb: String, path: String)] = [
        "ping": ("GET", "/fapi/v1/ping"), "time": ("GET", "/fapi/v1/time"),
        "depth": ("GET", "/fapi/v1/depth"), "ticker.price": ("GET", "/fapi/v2/ticker/price"),
        "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
        "order.place": ("POST", "/fapi/v1/order"), "order.modify": ("PUT", "/fapi/v1/order"),
        "order.cancel": ("DELETE", "/fapi/v1/order"), "order.status": ("GET", "/fapi/v1/order"),
        "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
        "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
        "account.status": ("GET", "/fapi/v2/account"),
        "v2/account.status": ("GET", "/fapi/v3/account"),
        "account.balance": ("GET", "/fapi/v2/balance"),
        "v2/account.balance": ("GET", "/fapi/v3/balance"),
        "account.position": ("GET", "/fapi/v2/positionRisk"),
        "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
        "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
        "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"),
        "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
    ]

    /// Methods whose replies also count orders.
    static let orderMethods: Set<String> = ["order.place", "order.modify"]
}

extension FuturesDesk {
    /// Answers one message of the WebSocket order API: it is the REST request it stands for, signed
    /// over its sorted parameters.
    internal func answer(_ message: RawSpan, _ socket: OrderSocket, wall: WallTime) -> [UInt8] {
        let request: SocketRequest
        do throws(SocketRequest.Problem) {
            request = try SocketRequest(message)
        } catch {
            try? gate.spend(weight: 1, remote: socket.remote, wall: wall)
            return SocketRequest.refusal(error.id, error.error)
        }
        if let response = answerSession(request, socket, wall) {
            return SocketRequest.reply(request.id, response, limits: limits(request, socket, wall))
        }
        guard let (verb, path) = OrderSocket.requests[request.method] else {
            try? gate.spend(weight: 1, remote: socket.remote, wall: wall)
            return SocketRequest.refusal(request.id, .unknownMethod(request.method))
        }
        let asked = request.request(verb, path, remote: socket.remote, wall: wall)
        let response = respond(asked)
        let account = asked.apiKey.flatMap { keys[$0]?.account } ?? 0
        return SocketRequest.reply(
            request.id, response, limits: limits(request, socket, wall, account))
    }

    /// Sessions belong to Ed25519 keys, which nobody has here: there is never one.
    private func answerSession(
        _ request: SocketRequest, _ socket: OrderSocket, _ wall: WallTime
    ) -> ExchangeResponse? {
        switch request.method {
        case "session.logon": return ExchangeResponse(refusing: .logon)
        case "session.status", "session.logout":
            var out = JSONWriter(capacity: 128)
            out.beginObject()
            out.key("apiKey")
            out.null()
            out.key("authorizedSince")
            out.null()
            out.field("connectedSince", socket.connectedSince)
            out.field("returnRateLimits", request.wantsRateLimits)
            out.field("serverTime", wall.milliseconds)
            out.endObject()
            return ExchangeResponse(status: 200, headers: [], body: out.bytes)
        case _: return nil
        }
    }

    /// What writes the limits behind a reply; nil where they are not wanted.
    private func limits(
        _ request: SocketRequest, _ socket: OrderSocket, _ wall: WallTime, _ number: Int = 0
    ) -> ((inout JSONWriter) -> Void)? {
        guard request.wantsRateLimits else { return nil }
        let hasOrders = OrderSocket.orderMethods.contains(request.method)
        let account = hasOrders ? accounts[number].name : nil
        return { [gate] out in
            out.beginArray()
            gate.write(remote: socket.remote, account: account, wall: wall, &out)
            out.endArray()
        }
    }
}

extension ExchangeError {
    static func unknownMethod(_ method: String) -> ExchangeError {
        ExchangeError(-5000, "Method \(method) is invalid", status: 404)
    }
}

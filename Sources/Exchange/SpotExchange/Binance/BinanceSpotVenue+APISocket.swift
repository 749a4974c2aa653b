internal import Bytes
internal import Chronology
internal import ExchangeDoor

extension BinanceSpotVenue {
    /// Answers one message of the WebSocket API: it is the REST request it stands for, signed over
    /// its sorted parameters.
    internal func answer(_ message: RawSpan, _ id: Int, wall: WallTime) -> [UInt8] {
        guard let socket = apiSockets[id] else { return [] }
        let request: SocketRequest
        do throws(SocketRequest.Problem) {
            request = try SocketRequest(message)
        } catch {
            try? gate.spend(weight: 1, remote: socket.remote, wall: wall)
            return SocketRequest.refusal(error.id, error.error)
        }
        let response: ExchangeResponse
        if let session = answerSession(request, id, wall) {
            response = session
        } else if let (verb, path) = BinanceAPISocket.requests[request.method] {
            response = respond(request.request(verb, path, remote: socket.remote, wall: wall))
        } else {
            try? gate.spend(weight: 1, remote: socket.remote, wall: wall)
            response = ExchangeResponse(
                refusing: ExchangeError(
                    -1136, "Invalid 'method' in JSON request: \(request.method)"))
        }
        return SocketRequest.reply(
            request.id, response, limits: limits(request, socket.remote, wall))
    }

    /// What writes the limits behind a reply; nil where they are not wanted.
    private func limits(
        _ request: SocketRequest, _ remote: String, _ wall: WallTime
    ) -> ((inout JSONWriter) -> Void)? {
        guard request.wantsRateLimits else { return nil }
        let isOrder = BinanceAPISocket.orderMethods.contains(request.method)
        let account = isOrder ? self.account(of: request["apiKey"]) : nil
        return { [gate] out in
            out.beginArray()
            gate.write(remote: remote, account: account, wall: wall, &out)
            out.endArray()
        }
    }

    // MARK: sessions and subscriptions

    private func answerSession(
        _ request: SocketRequest, _ id: Int, _ wall: WallTime
    ) -> ExchangeResponse? {
        switch request.method {
        case "session.logon": return ExchangeResponse(refusing: .logon)
        case "session.status", "session.logout": return sessionStatus(request, id, wall)
        case "userDataStream.subscribe":
            return ExchangeResponse(
                refusing: ExchangeError(
                    -1002,
                    "The session is not authenticated; sign with "
                        + "userDataStream.subscribe.signature instead.", status: 401))
        case "userDataStream.subscribe.signature": return subscribe(request, id, wall)
        case "userDataStream.unsubscribe": return unsubscribe(request, id, wall)
        case "userDataStream.subscriptions", "session.subscriptions":
            return listSubscriptions(id)
        case _: return nil
        }
    }

    /// Sessions belong to Ed25519 keys, which nobody has here: there is never one.
    private func sessionStatus(
        _ request: SocketRequest, _ id: Int, _ wall: WallTime
    ) -> ExchangeResponse {
        var out = JSONWriter(capacity: 128)
        out.beginObject()
        out.key("apiKey")
        out.null()
        out.key("authorizedSince")
        out.null()
        out.field("connectedSince", apiSockets[id]?.connectedSince ?? wall.milliseconds)
        out.field("returnRateLimits", request.wantsRateLimits)
        out.field("serverTime", wall.milliseconds)
        out.field("userDataStream", apiSockets[id]?.subscriptions.isEmpty == false)
        out.endObject()
        return ExchangeResponse(status: 200, headers: [], body: out.bytes)
    }

    private func subscribe(
        _ request: SocketRequest, _ id: Int, _ wall: WallTime
    ) -> ExchangeResponse {
        let remote = apiSockets[id]?.remote ?? ""
        let signed = request.request("POST", "", remote: remote, wall: wall)
        let account: Int
        do throws(ExchangeError) {
            try gate.spend(weight: 2, remote: remote, wall: wall)
            account = self.number(
                of: try authenticate(.read, try RequestParameters(signed), signed.apiKey, wall))
        } catch {
            return ExchangeResponse(refusing: error)
        }
        let number = apiSockets[id]?.nextSubscription ?? 0
        apiSockets[id]?.nextSubscription = number + 1
        apiSockets[id]?.subscriptions.append((number, account))
        if !subscribers.contains(id) { subscribers.append(id) }
        var out = JSONWriter(capacity: 64)
        out.beginObject()
        out.field("subscriptionId", number)
        out.endObject()
        return ExchangeResponse(status: 200, headers: [], body: out.bytes)
    }

    /// Ends one subscription, or all of the socket's where none is named; their streams say so.
    private func unsubscribe(
        _ request: SocketRequest, _ id: Int, _ wall: WallTime
    ) -> ExchangeResponse {
        var gone = apiSockets[id]?.subscriptions ?? []
        if let text = request["subscriptionId"] {
            guard let number = Int64(text), gone.contains(where: { $0.number == number }) else {
                return ExchangeResponse(
                    refusing: ExchangeError(-2035, "Invalid subscription."))
            }
            gone = [(number, 0)]
        }
        for (number, _) in gone { terminate(number, id, wall.milliseconds) }
        return ExchangeResponse(status: 200, headers: [], body: Array("{}".utf8))
    }

    internal func terminate(_ number: Int64, _ id: Int, _ wall: Int64) {
        apiSockets[id]?.subscriptions.removeAll { $0.number == number }
        if apiSockets[id]?.subscriptions.isEmpty != false { subscribers.removeAll { $0 == id } }
        var out = JSONWriter(capacity: 128)
        out.beginObject()
        out.field("subscriptionId", number)
        out.key("event")
        out.beginObject()
        out.field("e", "eventStreamTerminated")
        out.field("E", wall)
        out.endObject()
        out.endObject()
        actions.append(.send(id, out.bytes))
    }

    private func listSubscriptions(_ id: Int) -> ExchangeResponse {
        var out = JSONWriter(capacity: 64)
        out.beginArray()
        for (number, _) in apiSockets[id]?.subscriptions ?? [] {
            out.beginObject()
            out.field("subscriptionId", number)
            out.endObject()
        }
        out.endArray()
        return ExchangeResponse(status: 200, headers: [], body: out.bytes)
    }
}

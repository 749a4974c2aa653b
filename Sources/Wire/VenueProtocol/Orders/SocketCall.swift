internal import Bytes
internal import Trading

/// Orders over a venue's WebSocket API: the REST request each message stands for, and its answer.
/// Source: exchange-facts B6, usds-margined-futures websocket-api.
package enum SocketCall {
    /// Where Binance futures serve it.
    package static let futuresPath = "/ws-fapi/v1"
    /// How long a connection may live, with an hour to spare.
    package static let lifeSeconds: Int64 = 23 * 3600

    /// The method that stands for a REST request; nil for what only REST can do.
    package static func method(of request: VenueRequest) -> String? {
        guard request.path == "/fapi/v1/order" else { return nil }
        return switch request.method {
        case .post: "order.place"
        case .put: "order.modify"
        case .delete: "order.cancel"
        case .get: "order.status"
        }
    }
}

extension RequestSigner {
    /// The message that stands for a signed REST request, or nil where there is none; it holds the
    /// key, so it is not to be logged.
    package func socketMessage(
        _ request: VenueRequest, id: Int64, timestamp: Int64
    ) -> [UInt8]? {
        guard let method = SocketCall.method(of: request) else { return nil }
        var parameters = request.parameters
        parameters.append(.init("apiKey", keyText))
        parameters.append(.init("recvWindow", String(receiveWindowMilliseconds)))
        parameters.append(.init("timestamp", String(timestamp)))
        // Signed are the parameters in the order of their names.
        parameters.sort { $0.name < $1.name }
        var writer = JSONWriter(capacity: 640)
        writer.beginObject()
        writer.field("id", id)
        writer.field("method", method)
        writer.key("params" as StaticString)
        writer.beginObject()
        for parameter in parameters {
            writer.key(parameter.name)
            if let number = SocketCall.number(parameter) {
                writer.value(number)
            } else {
                writer.value(parameter.value)
            }
        }
        writer.field("signature", sign(RequestSigner.form(parameters)))
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension SocketCall {
    /// Whole numbers travel as JSON numbers, decimals as texts.
    fileprivate static func number(_ parameter: VenueRequest.Parameter) -> Int64? {
        switch parameter.name {
        case "recvWindow", "timestamp", "orderId": Int64(parameter.value)
        case _: nil
        }
    }
}

/// The answer to one message of a WebSocket API.
package struct SocketReply: Equatable, Sendable {
    /// One limit with what the venue has counted in its present window.
    package struct Count: Equatable, Sendable {
        package let limit: RateLimit
        package let count: Int64
    }

    package let id: Int64
    /// An HTTP status.
    package let status: Int
    /// `result`, or `error` where the status is not 200.
    package let body: [UInt8]
    package let counts: [Count]

    /// Nil where the message is none, or its id no number of ours.
    package init?(_ bytes: RawSpan) {
        var id: Int64?
        var status: Int64 = 0
        var body: [UInt8] = []
        var counts: [Count] = []
        do throws(JSONError) {
            var scanner = JSONScanner(bytes)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "id" where try scanner.nextKind() == .number: id = try scanner.integer()
                case "status": status = try scanner.integer()
                case "result", "error": body = Array(try scanner.rawValue())
                case "rateLimits":
                    try scanner.enterArray()
                    while try scanner.nextElement() {
                        if let count = try SocketReply.count(try scanner.rawValue()) {
                            counts.append(count)
                        }
                    }
                case _: try scanner.skipValue()
                }
            }
            try scanner.finish()
        } catch {
            return nil
        }
        guard let id, status > 0 else { return nil }
        self.id = id
        self.status = Int(clamping: status)
        self.body = body
        self.counts = counts
    }

    private static func count(_ raw: RawSpan) throws(JSONError) -> Count? {
        var scanner = JSONScanner(raw)
        guard let limit = try RateLimit.read(&scanner) else { return nil }
        var again = JSONScanner(raw)
        var count: Int64?
        try again.enterObject()
        while let key = try again.nextKey() {
            if key == "count" { count = try again.integer() } else { try again.skipValue() }
        }
        return count.map { Count(limit: limit, count: $0) }
    }
}

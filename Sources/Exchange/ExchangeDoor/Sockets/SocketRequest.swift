package import Bytes
package import Chronology

/// One request of a WebSocket API: `{"id":…,"method":…,"params":{…}}` (exchange-facts B6).
///
/// It is carried out as the REST request it stands for, so that there is one set of rules; only the
/// signature differs, which covers the parameters sorted by name, `apiKey` included.
package struct SocketRequest: Equatable, Sendable {
    package let id: RequestID
    package let method: String
    /// The parameters sorted by name, each as it was written.
    package let fields: [RequestField]

    /// Whether the reply says how much of the limits is used.
    package var wantsRateLimits: Bool { self["returnRateLimits"]?.lowercased() != "false" }

    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Why a message is no request, with the id it is answered under.
    package struct Problem: Error, Equatable, Sendable {
        package let id: RequestID
        package let error: ExchangeError
    }

    package init(_ bytes: RawSpan) throws(Problem) {
        var limits = JSONScanner.Limits()
        limits.size = 64 << 10
        limits.depth = 6
        var (id, method, params) = (RequestID.none, String?.none, JSONValue?.none)
        do throws(JSONError) {
            var scanner = JSONScanner(bytes, limits: limits)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if key == "id" {
                    id = try RequestID(next: &scanner)
                } else if key == "method" {
                    method = try scanner.text()
                } else if key == "params" {
                    params = try JSONValue(next: &scanner)
                } else {
                    try scanner.skipValue()
                }
            }
            try scanner.finish()
        } catch {
            throw Problem(id: .none, error: .json(error.description))
        }
        guard id.isFit else { throw Problem(id: .none, error: .requestID) }
        guard let method else { throw Problem(id: id, error: .missing("method")) }
        if let params, params != .null, params.members == nil {
            throw Problem(id: id, error: .params)
        }
        self.id = id
        self.method = method
        fields = SocketRequest.sorted(params?.members ?? [])
    }

    /// Null stands for a parameter that was not given; of a repeated one, the last counts.
    private static func sorted(_ members: [JSONValue.Member]) -> [RequestField] {
        var values: [String: String] = [:]
        for member in members {
            switch member.value {
            case .null: values[member.key] = nil
            case .string(let text), .number(let text): values[member.key] = text
            case .boolean, .array, .object: values[member.key] = member.value.json
            }
        }
        return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { RequestField(name: $0.key, value: $0.value) }
    }

    /// The REST request that this one stands for.
    package func request(
        _ verb: String, _ path: String, remote: String, wall: WallTime
    ) -> ExchangeRequest {
        ExchangeRequest(
            method: verb, path: path, fields: fields, apiKey: self["apiKey"], remote: remote,
            wall: wall)
    }

    /// The reply: the REST answer's status and body, and the limits where they are wanted.
    package static func reply(
        _ id: RequestID, _ response: ExchangeResponse, limits: ((inout JSONWriter) -> Void)?
    ) -> [UInt8] {
        var out = JSONWriter(capacity: response.body.count + 512)
        out.beginObject()
        out.key("id")
        out.value(json: id.raw.rawSpan)
        out.field("status", Int64(response.status))
        out.key(response.status == 200 ? "result" as StaticString : "error")
        out.value(json: response.body.rawSpan)
        if let limits {
            out.key("rateLimits")
            limits(&out)
        }
        out.endObject()
        return out.bytes
    }

    /// The reply to what could not be carried out.
    package static func refusal(
        _ id: RequestID, _ error: ExchangeError, limits: ((inout JSONWriter) -> Void)? = nil
    ) -> [UInt8] {
        reply(id, ExchangeResponse(refusing: error), limits: limits)
    }
}

extension ExchangeError {
    package static func json(_ why: String) -> ExchangeError {
        ExchangeError(-1135, "Invalid JSON request: \(why)")
    }
    package static let params = ExchangeError(
        -1135, "Invalid 'params' in JSON request; expected an object.")
    package static let requestID = ExchangeError(
        -1135, "Invalid 'id' in JSON request; expected a number, a short string or null.")
    /// `session.logon` is for Ed25519 keys only (exchange-facts A2).
    package static let logon = ExchangeError(
        -4056, "HMAC_SHA256 API key is not supported. Sign every request instead.")
}

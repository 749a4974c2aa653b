internal import Bytes
package import Chronology

/// A parameter that came as it is, as in the requests of a WebSocket API.
package struct RequestField: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One request as it came over the wire, with the time it came at.
package struct ExchangeRequest: Equatable, Sendable {
    package var method: String
    package var path: String
    /// The bytes after `?`, untouched: signatures cover them.
    package var query: [UInt8]
    package var body: [UInt8]
    /// Parameters sorted by name, in place of query and body; a signature covers `name=value` of each
    /// but its own, joined by `&`.
    package var fields: [RequestField]?
    /// The header the exchange names as its `keyHeader`.
    package var apiKey: String?
    /// The address the request came from: weight is counted by it.
    package var remote: String
    package var wall: WallTime
    /// The unit times are wanted in (`X-MBX-TIME-UNIT`), as it was written.
    package var timeUnit: String?

    package init(
        method: String, path: String, query: [UInt8] = [], body: [UInt8] = [],
        apiKey: String? = nil, remote: String = "127.0.0.1", wall: WallTime
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.apiKey = apiKey
        self.remote = remote
        self.wall = wall
    }

    package init(
        method: String, path: String, fields: [RequestField], apiKey: String?,
        remote: String = "127.0.0.1", wall: WallTime
    ) {
        self.init(method: method, path: path, apiKey: apiKey, remote: remote, wall: wall)
        self.fields = fields
    }
}

/// What is answered: always JSON.
package struct ExchangeResponse: Equatable, Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A refusal as it is answered: `{"code":…,"msg":…}`.
    package init(refusing error: ExchangeError, headers: [(String, String)] = []) {
        var out = JSONWriter(capacity: 128)
        out.beginObject()
        out.field("code", error.code)
        out.field("msg", error.message)
        out.endObject()
        self.init(status: error.status, headers: headers, body: out.bytes)
    }

    package static func == (a: ExchangeResponse, b: ExchangeResponse) -> Bool {
        a.status == b.status && a.body == b.body
    }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

package import Chronology

/// One request as it came over the wire, with the time it came at.
package struct ExchangeRequest: Equatable, Sendable {
    package var method: String
    package var path: String
    /// The bytes after `?`, untouched: signatures cover them.
    package var query: [UInt8]
    package var body: [UInt8]
    /// The header the exchange names as its `keyHeader`.
    package var apiKey: String?
    /// The address the request came from: weight is counted by it.
    package var remote: String
    package var wall: WallTime

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

    package static func == (a: ExchangeResponse, b: ExchangeResponse) -> Bool {
        a.status == b.status && a.body == b.body
    }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why a WebSocket could not be opened.
package struct WebSocketHandshakeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The status the server answered with; nil when it was not an HTTP answer.
    package let status: Int?
    /// What was wrong, lower-case.
    package let message: String

    package init(status: Int?, message: String) {
        self.status = status
        self.message = message
    }

    package var description: String { status.map { "\($0) \(message)" } ?? message }
}

/// The client's half of the opening handshake: a request to send, and the answer to it.
package struct WebSocketClientHandshake: Sendable {
    /// Bytes and lines of an answer's head.
    private static let limits = HTTPLimits(headerBytes: 16_384, headerCount: 64)

    private let key: String
    private var input = HTTPLineBuffer()
    private var status: Int?
    private var headers = HTTPHeaders()
    private var lineBytes = 0

    /// The nonce is 16 random bytes.
    package init(nonce: (UInt64, UInt64)) {
        let words = [nonce.0, nonce.1]
        key = Base64.encoded(
            words.flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
            })
    }

    /// The request; `target` is path and query, `host` has the port unless it is the scheme's own.
    package func request(host: String, target: String, headers: HTTPHeaders) -> [UInt8] {
        var out: [UInt8] = []
        out.append(text: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n")
        out.append(text: "Upgrade: websocket\r\nConnection: Upgrade\r\n")
        out.append(text: "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n")
        for field in headers.fields { HTTPResponseWriter.append(field, to: &out) }
        out.append(text: "\r\n")
        return out
    }

    /// Takes bytes of the answer; true when the socket is open. Throws when it will not be.
    package mutating func received(_ bytes: RawSpan) throws(WebSocketHandshakeError) -> Bool {
        input.append(bytes)
        do throws(HTTPError) {
            while let line = try takeLine() {
                if status == nil {
                    status = try HTTPSyntax.status(input.bytes[line]).0
                } else if line.isEmpty {
                    try checkAnswer()
                    return true
                } else {
                    try fieldReceived(line)
                }
            }
            return false
        } catch {
            throw WebSocketHandshakeError(status: status, message: error.message)
        }
    }

    /// The frames that came right behind the answer.
    package mutating func takeRemainder() -> [UInt8] { input.takeRemainder() }

    /// A header of the answer.
    package func header(_ name: String) -> String? { headers[name] }

    private mutating func takeLine() throws(HTTPError) -> Range<Int>? {
        let limit = Self.limits.headerBytes - lineBytes
        guard let line = try input.takeLine(limit: limit, .headersTooLarge) else { return nil }
        lineBytes += line.count
        return line
    }

    private mutating func fieldReceived(_ line: Range<Int>) throws(HTTPError) {
        guard headers.count < Self.limits.headerCount else { throw .tooManyHeaders }
        let field = try HTTPSyntax.field(line, in: input.bytes)
        headers.append(field.name, field.value)
    }

    private func checkAnswer() throws(HTTPError) {
        guard status == 101 else { throw .malformed("server refused the websocket") }
        guard headers.contains("websocket", in: "upgrade"),
            headers.contains("upgrade", in: "connection")
        else { throw .malformed("answer does not switch to websocket") }
        guard headers.values("sec-websocket-accept") == [WebSocketHandshake.accept(forKey: key)]
        else { throw .malformed("answer does not match the key") }
        guard headers["sec-websocket-extensions"] == nil, headers["sec-websocket-protocol"] == nil
        else { throw .malformed("answer chooses what was not offered") }
    }
}

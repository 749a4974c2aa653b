/// The opening handshake of RFC 6455 section 4, the server's half and what both share.
package enum WebSocketHandshake {
    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.
    package static func accept(forKey key: String) -> String {
        Base64.encoded(SHA1.digest(Array((key + identifier).utf8)))
    }

    /// Whether the request asks for a WebSocket at all; a wrong way of asking is still asking.
    package static func isUpgrade(_ request: HTTPRequest) -> Bool {
        request.headers.contains("websocket", in: "upgrade")
    }

    /// The bytes of the `101` answer; throws 400, 405 or 426 when the request does not allow one.
    package static func response(to request: HTTPRequest) throws(HTTPError) -> [UInt8] {
        guard request.method == "GET" else {
            throw HTTPError(status: 405, message: "websocket handshake is not a GET")
        }
        guard request.minorVersion >= 1, isUpgrade(request), request.body.isEmpty,
            request.headers.contains("upgrade", in: "connection")
        else { throw .malformed("not a websocket handshake") }
        guard request.headers["sec-websocket-version"] == "13" else {
            throw HTTPError(status: 426, message: "websocket version is not 13")
        }
        let keys = request.headers.values("sec-websocket-key")
        guard keys.count == 1, Base64.decodedCount(keys[0]) == 16 else {
            throw .malformed("bad websocket key")
        }
        var out: [UInt8] = []
        HTTPResponseWriter.appendStatusLine(101, to: &out)
        out.append(text: "Upgrade: websocket\r\nConnection: Upgrade\r\n")
        out.append(text: "Sec-WebSocket-Accept: \(accept(forKey: keys[0]))\r\n\r\n")
        return out
    }
}

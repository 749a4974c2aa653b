/// One whole HTTP/1.x request as it came over the wire.
package struct HTTPRequest: Equatable, Sendable {
    /// Case matters: `GET`, `POST`.
    package var method: String
    /// The raw target, percent-encoding and query included.
    package var target: String
    /// The target's path, percent-encoding kept; `*` for `OPTIONS *`.
    package var path: String
    /// The bytes after the first `?`, untouched, because signatures cover them.
    package var query: [UInt8]
    package var headers: HTTPHeaders
    /// The body with its transfer coding removed.
    package var body: [UInt8]
    /// 0 or 1, of HTTP/1.x.
    package var minorVersion: Int

    package init(
        method: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
        minorVersion: Int = 1
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.minorVersion = minorVersion
        (path, query) = HTTPRequest.split(target)
    }

    /// Whether the connection may carry another request (RFC 9112 section 9.3).
    package var keepsAlive: Bool {
        minorVersion >= 1
            ? !headers.contains("close", in: "connection")
            : headers.contains("keep-alive", in: "connection")
    }

    /// Path and query; an absolute-form target loses its scheme and authority.
    private static func split(_ target: String) -> (String, [UInt8]) {
        let bytes = Array(target.utf8)
        var start = 0
        if bytes.first != UInt8(ascii: "/"), let scheme = target.utf8.firstIndex(of: 0x3A) {
            start = target.utf8.distance(from: target.utf8.startIndex, to: scheme) + 3
            while start < bytes.count, bytes[start] != UInt8(ascii: "/"),
                bytes[start] != UInt8(ascii: "?")
            { start += 1 }
            start = min(start, bytes.count)
        }
        let mark = bytes[start...].firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        let path = String(decoding: bytes[start..<mark], as: UTF8.self)
        return (path.isEmpty ? "/" : path, Array(bytes[mark...].dropFirst()))
    }
}

/// The parts of an absolute URL that the link itself needs; RFC 3986, without user information.
struct WebURL: Sendable {
    let origin: WebOrigin
    /// Path and query, at least `/`.
    let target: String

    var scheme: String { origin.scheme }
    /// Host and port as written: what a Host header carries.
    var authority: String { origin.authority }
    var text: String { "\(scheme)://\(authority)\(target)" }

    /// Nil where the text has no scheme, no host, user information, white space or a control byte.
    init?(_ text: String) {
        let bytes = text.utf8
        guard WebText.isVisible(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            colon > bytes.startIndex, bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        let rest = bytes[bytes.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex(where: WebURL.endsAuthority) ?? rest.endIndex
        let host = rest[..<end]
        guard !host.isEmpty, !host.contains(UInt8(ascii: "@")) else { return nil }
        origin = WebOrigin(scheme: text[..<colon].lowercased(), authority: String(host) ?? "")
        let tail = String(rest[end...].prefix { $0 != UInt8(ascii: "#") }) ?? ""
        target = tail.utf8.first == UInt8(ascii: "/") ? tail : "/" + tail
    }

    /// A resource of an origin that was read before; nil where the target does not begin with a slash
    /// or holds white space, a control byte or a fragment.
    init?(_ origin: WebOrigin, target: String) {
        guard target.utf8.first == UInt8(ascii: "/"), WebText.isTarget(target) else { return nil }
        self.origin = origin
        self.target = target
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// The host without port and brackets.
    var host: Substring {
        if authority.hasPrefix("[") { return authority.dropFirst().prefix { $0 != "]" } }
        return authority.prefix { $0 != ":" }
    }

    /// Whether the host is this machine; then no proxy may come between.
    var isLoopback: Bool {
        host == "localhost" || host == "::1"
            || host.hasPrefix("127.") && host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }
}

/// Scheme and authority, and what requests to them have behind their target.
final class WebOrigin: Sendable {
    let scheme: String
    let authority: String
    /// From behind the target to the end of the headers that all requests have.
    let lines: [UInt8]

    init(scheme: String, authority: String) {
        self.scheme = scheme
        self.authority = authority
        lines = Array(" HTTP/1.1\r\nHost: \(authority)\r\nAccept: */*\r\n".utf8)
    }

    var isHTTP: Bool { scheme == "http" || scheme == "https" }

    func isSame(as other: WebOrigin) -> Bool {
        self === other || authority == other.authority && scheme == other.scheme
    }
}

/// What of a request's text could end a line early.
enum WebText {
    /// Whether all bytes are printable ASCII, and none is a space.
    static func isVisible(_ text: String) -> Bool {
        for byte in text.utf8 where byte <= 0x20 || byte >= 0x7F { return false }
        return true
    }

    static func isTarget(_ text: String) -> Bool {
        for byte in text.utf8
        where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") { return false }
        return true
    }

    /// Whether it can be a method or a header's name.
    static func isName(_ text: String) -> Bool {
        for byte in text.utf8
        where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: ":") { return false }
        return !text.isEmpty
    }

    static func isValue(_ text: String) -> Bool {
        for byte in text.utf8 where byte < 0x20 || byte == 0x7F { return false }
        return true
    }
}

/// The parts of an absolute URL that the link itself needs; RFC 3986, without user information.
struct WebURL: Equatable {
    let scheme: String
    /// Host and port as written: what a Host header carries.
    let authority: String
    /// Path and query, at least `/`.
    let target: String

    /// Nil where the text has no scheme, no host, user information, white space or a control byte.
    init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        scheme = text[..<colon].lowercased()
        let rest = bytes[bytes.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex(where: WebURL.endsAuthority) ?? rest.endIndex
        let host = rest[..<end]
        guard !host.isEmpty, !host.contains(UInt8(ascii: "@")) else { return nil }
        authority = String(host) ?? ""
        let tail = String(rest[end...].prefix { $0 != UInt8(ascii: "#") }) ?? ""
        target = tail.utf8.first == UInt8(ascii: "/") ? tail : "/" + tail
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

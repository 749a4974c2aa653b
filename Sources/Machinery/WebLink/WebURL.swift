/// The parts of an absolute URL that the link itself needs; RFC 3986, without user information.
struct WebURL: Equatable {
    let scheme: String
    /// Host and port as written: what a Host header carries.
    let authority: String
    /// Path and query, at least `/`.
    let target: String

    /// Nil where the text has no scheme, no host, user information, white space or a control byte.
    init?(_ text: String) {
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }),
            let mark = text.firstRange(of: "://"), mark.lowerBound > text.startIndex
        else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        authority = String(rest[..<end])
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let tail = rest[end...].prefix { $0 != "#" }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
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

extension String {
    fileprivate func firstRange(of text: String) -> Range<Index>? { ranges(of: text).first }
}

/// The parts of an absolute URL that configuration looks at; RFC 3986 without percent-decoding.
package struct WebAddress: Equatable, Sendable {
    package let scheme: String
    /// The name or address, without the brackets of an IPv6 literal.
    package let host: String
    /// Nil where the scheme's own is meant.
    package let port: UInt16?

    /// Nil where the text has no scheme, no host, white space, or a port that is none.
    package init?(_ text: String) {
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }),
            let mark = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        var authority = text[mark.upperBound...]
        authority = authority.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
        }
        let bracket = authority.hasPrefix("[") ? authority.firstIndex(of: "]") : nil
        let tail: Substring
        if let bracket {
            host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            tail = authority[authority.index(after: bracket)...]
        } else {
            host = String(authority.prefix { $0 != ":" })
            tail = authority.dropFirst(host.count)
        }
        if tail.isEmpty {
            port = nil
        } else {
            guard tail.hasPrefix(":"), let number = UInt16(tail.dropFirst()), number > 0 else {
                return nil
            }
            port = number
        }
        guard !scheme.isEmpty, !host.isEmpty else { return nil }
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The text with a password in it replaced by `***`.
    package static func redacted(_ text: String) -> String {
        guard let mark = text.firstRange(of: "://") else { return text }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return text }
        let user = authority[..<at].prefix { $0 != ":" }
        return text[..<mark.upperBound] + user + ":***" + rest[at...]
    }
}

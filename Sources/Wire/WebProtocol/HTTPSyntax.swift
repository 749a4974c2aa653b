/// The character classes and small grammar of RFC 9110 section 5.6.
enum HTTPSyntax {
    /// `tchar`: what a method or a field name is made of.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    /// Field values hold visible characters, space, tab and bytes from 0x80; no other control.
    static func isValueByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == 0x09
    }

    /// A request target: visible ASCII without the fragment mark.
    static func isTargetByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    static func digit(_ byte: UInt8) -> Int? {
        byte >= 0x30 && byte <= 0x39 ? Int(byte) - 0x30 : nil
    }

    static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x37
        case 0x61...0x66: Int(byte) - 0x57
        default: nil
        }
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Equality without regard to ASCII case.
    static func equal(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
        a.utf8.count == b.utf8.count
            && (a == b || zip(a.utf8, b.utf8).allSatisfy { lowercase($0) == lowercase($1) })
    }

    /// Whether a comma-separated list holds the token.
    static func listHolds(_ list: String, _ token: String) -> Bool {
        list.split(separator: ",").contains { equal(trimmed($0), token) }
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, isSpace(first) { text.removeFirst() }
        while let last = text.utf8.last, isSpace(last) { text.removeLast() }
        return text
    }

    /// Splits one field line; throws on an empty or bad name, a space before the colon, a folded
    /// line (RFC 9112 section 5.2) and control characters.
    static func field(
        _ line: Range<Int>, in bytes: borrowing [UInt8]
    ) throws(HTTPError) -> HTTPHeaders.Field {
        var colon = line.lowerBound
        while colon < line.upperBound, isTokenByte(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, colon > line.lowerBound, bytes[colon] == UInt8(ascii: ":")
        else { throw .malformed("header name not a token") }
        var start = colon + 1
        var end = line.upperBound
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        for index in start..<end where !isValueByte(bytes[index]) {
            throw .malformed("control character in a header value")
        }
        return HTTPHeaders.Field(
            name: String(decoding: bytes[line.lowerBound..<colon], as: UTF8.self),
            value: String(decoding: bytes[start..<end], as: UTF8.self))
    }

    /// The minor version of `HTTP/1.x`; of one after 1.1, 1.
    static func minorVersion(_ text: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let bytes = Array(text)
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[6] == UInt8(ascii: "."),
            let major = digit(bytes[5]), let minor = digit(bytes[7])
        else { throw .malformed("bad HTTP version") }
        guard major == 1 else {
            throw HTTPError(status: 505, message: "HTTP version not supported")
        }
        return min(minor, 1)
    }

    /// Status and minor version of an answer's first line.
    static func status(_ line: ArraySlice<UInt8>) throws(HTTPError) -> (Int, Int) {
        let bytes = Array(line)
        guard bytes.count >= 12, bytes[8] == 0x20, bytes.count == 12 || bytes[12] == 0x20,
            let a = digit(bytes[9]), let b = digit(bytes[10]), let c = digit(bytes[11]), a > 0
        else { throw .malformed("answer is not HTTP") }
        return (100 * a + 10 * b + c, try minorVersion(bytes[..<8]))
    }

    /// The one decimal length; none is zero. Two are refused even when they agree.
    static func length(_ values: [String]) throws(HTTPError) -> Int {
        guard let value = values.first else { return 0 }
        guard values.count == 1, !value.isEmpty else { throw .malformed("bad content length") }
        var length = 0
        for byte in value.utf8 {
            guard let digit = digit(byte) else { throw .malformed("bad content length") }
            guard length < 1 << 52 else { throw .bodyTooLarge }
            length = length * 10 + digit
        }
        return length
    }
}

/// Percent-encoding of URL parts (RFC 3986 section 2.1).
package enum PercentCoding {
    /// The decoded text; nil for a `%` without two hex digits or bytes that are not UTF-8.
    /// `+` means a space in queries and forms, and itself in paths.
    package static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> String? {
        // Nearly all text is ASCII and stands for itself.
        var (isPlain, all): (Bool, UInt8) = (true, 0)
        for byte in bytes {
            all |= byte
            if byte == UInt8(ascii: "%") || (plusIsSpace && byte == UInt8(ascii: "+")) {
                isPlain = false
                break
            }
        }
        if isPlain {
            return all < 0x80
                ? String(decoding: bytes, as: UTF8.self)
                : String(validating: bytes, as: UTF8.self)
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            var byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - index > 2,
                    let high = HTTPSyntax.hexDigit(bytes[index + 1]),
                    let low = HTTPSyntax.hexDigit(bytes[index + 2])
                else { return nil }
                byte = UInt8(high << 4 | low)
                index += 2
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                byte = 0x20
            }
            result.append(byte)
            index += 1
        }
        return String(validating: result, as: UTF8.self)
    }

    /// Text with all but unreserved characters encoded, hex digits upper-case.
    package static func encoded(_ text: String) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            let isLetterOrDigit =
                HTTPSyntax.digit(byte) != nil || (0x61...0x7A).contains(byte | 0x20)
            if isLetterOrDigit || "-._~".utf8.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

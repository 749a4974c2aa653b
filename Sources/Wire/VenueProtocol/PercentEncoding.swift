package import Bytes

/// Percent-encoding of query strings and form bodies (RFC 3986 section 2).
package enum PercentEncoding {
    /// Writes `text` with everything but unreserved characters as upper-case `%XX` of its UTF-8.
    package static func write(_ text: String, into writer: inout ByteWriter) {
        text.withRawSpan { bytes in
            // Nearly all that is sent needs no encoding.
            var plain = 0
            while plain < bytes.byteCount, isUnreserved(bytes.byte(plain)) { plain += 1 }
            writer.append(bytes.extracting(0..<plain))
            for index in plain..<bytes.byteCount {
                let byte = bytes.byte(index)
                if isUnreserved(byte) {
                    writer.append(byte: byte)
                } else {
                    writer.append(byte: UInt8(ascii: "%"))
                    writer.append(byte: upperDigit(byte >> 4))
                    writer.append(byte: upperDigit(byte & 15))
                }
            }
        }
    }

    /// The encoded text.
    package static func encoded(_ text: String) -> String {
        var writer = ByteWriter(capacity: text.utf8.count)
        write(text, into: &writer)
        return String(writer.rawSpan)
    }

    /// Writes `name=value` pairs joined by `&`.
    package static func write(
        _ parameters: [VenueRequest.Parameter], into writer: inout ByteWriter
    ) {
        for parameter in parameters {
            if !writer.isEmpty { writer.append(byte: UInt8(ascii: "&")) }
            write(parameter.name, into: &writer)
            writer.append(byte: UInt8(ascii: "="))
            write(parameter.value, into: &writer)
        }
    }

    @inline(__always)
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte < 128 && (byte < 64 ? lower >> UInt64(byte) : upper >> UInt64(byte - 64)) & 1 == 1
    }

    /// The unreserved signs below 64, a bit each: `-`, `.` and the digits.
    private static let lower: UInt64 = 1 << 45 | 1 << 46 | 0x3FF << 48
    /// Those from 64 on: letters, `_` and `~`.
    private static let upper: UInt64 = 0x3FF_FFFF << 1 | 1 << 31 | 0x3FF_FFFF << 33 | 1 << 62

    private static func upperDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + (value - 10)
    }
}

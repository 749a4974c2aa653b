package import Bytes

/// Percent-encoding of query strings and form bodies (RFC 3986 section 2).
package enum PercentEncoding {
    /// Writes `text` with everything but unreserved characters as upper-case `%XX` of its UTF-8.
    package static func write(_ text: String, into writer: inout ByteWriter) {
        for byte in text.utf8 {
            if isUnreserved(byte) {
                writer.append(byte: byte)
            } else {
                writer.append(byte: UInt8(ascii: "%"))
                writer.append(byte: upperDigit(byte >> 4))
                writer.append(byte: upperDigit(byte & 15))
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

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            true
        case _: false
        }
    }

    private static func upperDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + (value - 10)
    }
}

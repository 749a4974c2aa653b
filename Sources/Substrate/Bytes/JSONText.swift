/// Resolving and writing JSON string escapes.
package enum JSONText {
    /// The text of a string's raw inside, or nil where an escape or the UTF-8 is malformed.
    package static func unescaped(_ raw: RawSpan) -> String? {
        if isPlainASCII(raw) { return String(raw) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.byteCount)
        var index = 0
        while index < raw.byteCount {
            let byte = raw.byte(index)
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard index < raw.byteCount else { return nil }
            let escape = raw.byte(index)
            index += 1
            switch escape {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(escape)
            case UInt8(ascii: "u"):
                guard let scalar = unicodeEscape(raw, &index) else { return nil }
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            case _: return nil
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Whether all bytes are ASCII and none is a backslash.
    private static func isPlainASCII(_ raw: RawSpan) -> Bool {
        for index in 0..<raw.byteCount {
            let byte = raw.byte(index)
            if byte >= 0x80 || byte == UInt8(ascii: "\\") { return false }
        }
        return true
    }

    private static func unicodeEscape(_ raw: RawSpan, _ index: inout Int) -> Unicode.Scalar? {
        guard let high = hexUnit(raw, &index) else { return nil }
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard (0xD800..<0xDC00).contains(high), index + 1 < raw.byteCount,
            raw.byte(index) == UInt8(ascii: "\\"), raw.byte(index + 1) == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let low = hexUnit(raw, &index), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
    }

    private static func hexUnit(_ raw: RawSpan, _ index: inout Int) -> UInt16? {
        guard index + 4 <= raw.byteCount else { return nil }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Hex.value(of: raw.byte(index)) else { return nil }
            value = value << 4 | UInt16(digit)
            index += 1
        }
        return value
    }

    /// Writes `text` with quotes and the escapes JSON asks for.
    package static func write(_ text: String, into writer: inout ByteWriter) {
        text.withRawSpan { write($0, into: &writer) }
    }

    /// Writes bytes that are UTF-8 already, with quotes and escapes.
    package static func write(_ bytes: RawSpan, into writer: inout ByteWriter) {
        writer.append(byte: UInt8(ascii: "\""))
        var start = 0
        for index in 0..<bytes.byteCount {
            let byte = bytes.byte(index)
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                continue
            }
            writer.append(bytes.extracting(start..<index))
            writeEscaped(byte, into: &writer)
            start = index + 1
        }
        writer.append(bytes.extracting(start..<bytes.byteCount))
        writer.append(byte: UInt8(ascii: "\""))
    }

    private static func writeEscaped(_ byte: UInt8, into writer: inout ByteWriter) {
        switch byte {
        case UInt8(ascii: "\""): writer.append("\\\"")
        case UInt8(ascii: "\\"): writer.append("\\\\")
        case 0x0A: writer.append("\\n")
        case 0x0D: writer.append("\\r")
        case 0x09: writer.append("\\t")
        case _:
            writer.append("\\u00")
            writer.append(byte: Hex.digit(byte >> 4))
            writer.append(byte: Hex.digit(byte & 15))
        }
    }
}

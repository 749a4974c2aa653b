internal import Bytes

/// Writes WebSocket frames into a byte buffer the caller owns and reuses.
///
/// Clients must give a masking key that the peer cannot foretell; servers give none.
package enum WebSocketFrameWriter {
    /// One frame. Control frames carry at most 125 bytes.
    package static func append(
        _ opcode: WebSocketOpcode, payload: RawSpan, isFinal: Bool = true, maskingKey: UInt32?,
        to out: inout [UInt8]
    ) {
        let count = payload.byteCount
        precondition(
            !opcode.isControl || count <= 125 && isFinal, "a control frame is short and whole")
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        out.append(opcode.rawValue | (isFinal ? 0x80 : 0))
        switch count {
        case ...125:
            out.append(maskBit | UInt8(count))
        case ...0xFFFF:
            out.append(maskBit | 126)
            append(UInt64(count), width: 2, to: &out)
        default:
            out.append(maskBit | 127)
            append(UInt64(count), width: 8, to: &out)
        }
        if let maskingKey { append(UInt64(maskingKey), width: 4, to: &out) }
        let start = out.count
        out.append(bytes: payload)
        if let maskingKey { WebSocketMask.apply(maskingKey, to: &out, start..<out.count) }
    }

    /// A close frame; the reason is cut to 123 bytes at a character. No code means an empty frame.
    package static func appendClose(
        _ code: WebSocketCloseCode?, reason: String = "", maskingKey: UInt32?, to out: inout [UInt8]
    ) {
        var payload: [UInt8] = []
        if let code {
            append(UInt64(code.rawValue), width: 2, to: &payload)
            var text = Substring(reason)
            while text.utf8.count > 123 { text.removeLast() }
            payload.append(contentsOf: text.utf8)
        }
        append(.close, payload: payload.rawSpan, maskingKey: maskingKey, to: &out)
    }

    private static func append(_ value: UInt64, width: Int, to out: inout [UInt8]) {
        for index in (0..<width).reversed() {
            out.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}

internal import Bytes

/// What a frame carries (RFC 6455 section 5.2).
package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Close, ping and pong: short, never fragmented, allowed between fragments.
    package var isControl: Bool { rawValue & 0x8 != 0 }
}

/// The first 2 to 14 bytes of a frame.
struct WebSocketFrameHeader {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    /// The masking key, first byte most significant; nil on an unmasked frame.
    var maskingKey: UInt32?
    var payloadCount: Int
    /// Bytes of the header itself.
    var headerCount: Int

    /// Reads a header; nil while it is incomplete. Every rule is checked at the first byte that
    /// shows its breach, so that the outcome does not depend on how the bytes were split.
    init?(_ bytes: RawSpan, expectsMask: Bool, payloadLimit: Int) throws(WebSocketError) {
        guard bytes.byteCount >= 2 else { return nil }
        let first = bytes.byte(0)
        let second = bytes.byte(1)
        guard first & 0x70 == 0 else { throw .violated("reserved bits set") }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            throw .violated("unknown opcode")
        }
        let isMasked = second & 0x80 != 0
        guard isMasked == expectsMask else {
            throw .violated(expectsMask ? "client frame not masked" : "server frame masked")
        }
        let short = Int(second & 0x7F)
        let isFinal = first & 0x80 != 0
        guard !opcode.isControl || isFinal && short <= 125 else {
            throw .violated("control frame fragmented or too long")
        }
        guard let (count, sizeEnd) = try Self.payloadCount(bytes, short) else { return nil }
        guard count <= payloadLimit else {
            throw WebSocketError(code: .messageTooBig, message: "frame too large")
        }
        headerCount = sizeEnd + (isMasked ? 4 : 0)
        guard bytes.byteCount >= headerCount else { return nil }
        self.opcode = opcode
        self.isFinal = isFinal
        payloadCount = count
        maskingKey =
            isMasked ? UInt32(truncatingIfNeeded: Self.bigEndian(bytes, at: sizeEnd, 4)) : nil
    }

    /// The payload's length and where its field ends; the shortest form is required.
    private static func payloadCount(
        _ bytes: RawSpan, _ short: Int
    ) throws(WebSocketError) -> (Int, Int)? {
        guard short >= 126 else { return (short, 2) }
        let width = short == 126 ? 2 : 8
        guard bytes.byteCount >= 2 + width else { return nil }
        let count = bigEndian(bytes, at: 2, width)
        guard count <= UInt64(Int.max), count > (width == 2 ? 125 : 0xFFFF) else {
            throw .violated("frame length not in its shortest form")
        }
        return (Int(count), 2 + width)
    }

    private static func bigEndian(_ bytes: RawSpan, at offset: Int, _ width: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<(offset + width) { value = value << 8 | UInt64(bytes.byte(index)) }
        return value
    }
}

/// Masking of payloads (RFC 6455 section 5.3): byte i is combined with byte i mod 4 of the key.
enum WebSocketMask {
    /// Masks or unmasks a range in place.
    static func apply(_ key: UInt32, to bytes: inout [UInt8], _ range: Range<Int>) {
        guard key != 0, !range.isEmpty else { return }
        let wide = UInt64(key) << 32 | UInt64(key)
        unsafe bytes.withUnsafeMutableBytes { raw in
            var index = range.lowerBound
            while index + 8 <= range.upperBound {
                let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                unsafe raw.storeBytes(
                    of: word ^ wide.bigEndian, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < range.upperBound {
                let shift = UInt32(24 - 8 * ((index - range.lowerBound) & 3))
                unsafe raw[index] ^= UInt8(truncatingIfNeeded: key >> shift)
                index += 1
            }
        }
    }
}

/// CRC-32 (IEEE 802.3, as in zlib and PNG) over bytes that arrive in any number of pieces.
///
/// It finds torn and rotten journal lines; it is no protection against a forger.
package struct CRC32: Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// The checksum of the bytes taken so far.
    package var value: UInt32 { register ^ 0xFFFF_FFFF }

    package mutating func update(_ bytes: RawSpan) {
        var register = register
        for index in 0..<bytes.byteCount {
            let entry = Int((register ^ UInt32(bytes.byte(index))) & 0xFF)
            register = CRC32.table[entry] ^ (register >> 8)
        }
        self.register = register
    }

    /// The checksum of one message.
    package static func checksum(_ bytes: RawSpan) -> UInt32 {
        var sum = CRC32()
        sum.update(bytes)
        return sum.value
    }

    /// What each byte does to the register: eight steps of the reversed polynomial.
    private static let table = [256 of UInt32] { index in
        var entry = UInt32(index)
        for _ in 0..<8 {
            entry = entry & 1 == 1 ? 0xEDB8_8320 ^ (entry >> 1) : entry >> 1
        }
        return entry
    }
}

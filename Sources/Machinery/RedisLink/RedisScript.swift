/// A Lua script with the SHA-1 Redis knows it by (`SCRIPT LOAD`).
package struct RedisScript: Sendable {
    package let source: String
    /// Forty hex digits.
    package let sha: String

    package init(_ source: String) {
        self.source = source
        sha = SHA1.hex(of: Array(source.utf8))
    }
}

/// SHA-1 (RFC 3174), for naming scripts as Redis does; nothing secret hangs on it.
enum SHA1 {
    static func hex(of message: [UInt8]) -> String {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: (message.count * 8) >> shift))
        }
        for start in stride(from: 0, to: padded.count, by: 64) {
            compress(padded[start..<(start + 64)], &state)
        }
        let digits = Array("0123456789abcdef")
        return String(
            state.flatMap { word in
                (0..<8).map { digits[Int(word >> UInt32(28 - $0 * 4)) & 15] }
            })
    }

    private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
        var words = (0..<16).map { index -> UInt32 in
            let at = block.startIndex + index * 4
            return (0..<4).reduce(0) { $0 << 8 | UInt32(block[at + $1]) }
        }
        for index in 16..<80 {
            let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
            words.append(rotate(mixed, 1))
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let (f, k): (UInt32, UInt32) =
                switch index {
                case 0..<20: ((b & c) | (~b & d), 0x5A82_7999)
                case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case 40..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
                case _: (b ^ c ^ d, 0xCA62_C1D6)
                }
            let next = rotate(a, 5) &+ f &+ e &+ k &+ words[index]
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }
}

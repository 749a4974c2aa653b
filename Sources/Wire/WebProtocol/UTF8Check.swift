internal import Bytes

/// Validation of text (RFC 3629); ASCII goes by in words.
enum UTF8Check {
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private typealias Words = SIMD2<UInt64>

    /// Whether the bytes are UTF-8.
    @inline(__always)
    static func isValid(_ bytes: RawSpan) -> Bool { isASCII(bytes) || isValidText(bytes) }

    /// Whether all bytes are ASCII; false for fewer than 64, of which it does not know.
    ///
    /// All are looked at, 64 at a time and the last 64 once more, and judged once: nearly all
    /// messages are, so that a branch for each piece would be wasted.
    @inline(__always)
    private static func isASCII(_ bytes: RawSpan) -> Bool {
        let last = bytes.byteCount &- 64
        guard last >= 0 else { return false }
        return unsafe bytes.withUnsafeBytes { raw in
            var all = unsafe union(raw, at: last)
            var index = 0
            while index < last {
                unsafe all |= union(raw, at: index)
                index &+= 64
            }
            return (all[0] | all[1]) & highBits == 0
        }
    }

    /// The bits that are set in any word of the 64 bytes at an offset, which must lie inside.
    @unsafe @inline(__always)
    private static func union(_ raw: UnsafeRawBufferPointer, at offset: Int) -> Words {
        let start = unsafe raw.baseAddress.unsafelyUnwrapped + offset
        let first = unsafe start.loadUnaligned(fromByteOffset: 0, as: Words.self)
        let second = unsafe start.loadUnaligned(fromByteOffset: 16, as: Words.self)
        let third = unsafe start.loadUnaligned(fromByteOffset: 32, as: Words.self)
        let fourth = unsafe start.loadUnaligned(fromByteOffset: 48, as: Words.self)
        return (first | second) | (third | fourth)
    }

    @inline(never)
    private static func isValidText(_ bytes: RawSpan) -> Bool {
        var index = 0
        while true {
            index = asciiEnd(bytes, from: index)
            guard index < bytes.byteCount else { return true }
            let length = sequenceLength(bytes, at: index)
            guard length > 0 else { return false }
            index += length
        }
    }

    /// Where the run of ASCII that begins at the offset ends, or a little before that.
    private static func asciiEnd(_ bytes: RawSpan, from start: Int) -> Int {
        unsafe bytes.withUnsafeBytes { raw in
            var index = start
            while index + 64 <= raw.count {
                let all = unsafe union(raw, at: index)
                guard (all[0] | all[1]) & highBits == 0 else { break }
                index += 64
            }
            while index + 8 <= raw.count {
                let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                guard word & highBits == 0 else { break }
                index += 8
            }
            if raw.count >= 8, index < raw.count {
                // The last word, part of which may have been looked at before.
                let word = unsafe raw.loadUnaligned(
                    fromByteOffset: raw.count - 8, as: UInt64.self)
                if index + 8 > raw.count, word & highBits == 0 { return raw.count }
            }
            while unsafe index < raw.count && raw[index] < 0x80 { index += 1 }
            return index
        }
    }

    /// Bytes of the character at the offset; 0 if it is cut short, overlong, a surrogate or above
    /// U+10FFFF.
    private static func sequenceLength(_ bytes: RawSpan, at index: Int) -> Int {
        let first = bytes.byte(index)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard index + length <= bytes.byteCount, second.contains(bytes.byte(index + 1)) else {
            return 0
        }
        for offset in 2..<max(length, 2) where bytes.byte(index + offset) & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}

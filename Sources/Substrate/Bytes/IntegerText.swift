/// Whole numbers in text.
package enum IntegerText {
    /// The whole number that all of `bytes` spells, or nil: not a number, or beyond `Int64`.
    package static func parse(_ bytes: RawSpan) -> Int64? {
        var index = 0
        let end = bytes.byteCount
        guard end > 0 else { return nil }
        let isNegative = bytes.byte(0) == UInt8(ascii: "-")
        if isNegative { index = 1 }
        guard index < end, end - index <= 19 else { return nil }
        var value: UInt64 = 0
        while index < end {
            let digit = bytes.byte(index) &- 48
            guard digit < 10 else { return nil }
            value = value &* 10 &+ UInt64(digit)
            index += 1
        }
        if isNegative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }
}

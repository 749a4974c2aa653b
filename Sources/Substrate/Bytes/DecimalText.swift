/// Exact decimal text: between digits in a buffer and an `Int128` count of 1e-12.
///
/// Accepted are an optional sign, digits with at most one point, and an optional exponent
/// (`-1.5`, `+2`, `007`, `.5`, `5.`, `1E-7`). Refused are other bytes, no digit at all, a magnitude
/// of 1e13 or more, digits below 1e-12 that are not zero, more than 32 significant digits, and
/// exponents of more than four digits: nothing is ever rounded in reading.
@usableFromInline
package enum DecimalText {
    /// Decimal places held: one unit is 1e-12.
    package static let places = 12
    /// Units in one whole: 1e12.
    package static let unitsPerWhole: Int128 = 1_000_000_000_000
    /// Magnitudes read are below this many units (1e13 wholes), so that the product of any two
    /// fits an `Int128` of units.
    package static let limit: Int128 = 10_000_000_000_000 * 1_000_000_000_000

    @usableFromInline
    package enum Problem: Error, Equatable, Sendable {
        case empty, malformed, tooLarge, tooFine
    }

    /// Reads the whole of `bytes` as one decimal.
    @inlinable package static func parse(_ bytes: RawSpan) throws(Problem) -> Int128 {
        var index = 0
        if let units = plain(bytes, &index), index == bytes.byteCount { return units }
        return try parseAny(bytes)
    }

    /// Reads `[-]digits[.digits]` from `index` to the first other byte, and leaves `index` there;
    /// nil where the text is of another form, or long enough to need more than one machine word.
    @inlinable @inline(__always)
    package static func plain(_ bytes: RawSpan, _ index: inout Int) -> Int128? {
        let isNegative =
            index < bytes.byteCount && bytes.byte(index) == UInt8(ascii: "-")
        let start = isNegative ? index &+ 1 : index
        let whole = DigitRun.read(bytes, at: start)
        var cursor = start &+ whole.count
        if whole.count == 0 || whole.count == 8 { return longPlain(bytes, &index) }
        let wide = whole.value.multipliedFullWidth(by: 1_000_000_000_000)
        var units = UInt128(wide.high) << 64 | UInt128(wide.low)
        if cursor < bytes.byteCount, bytes.byte(cursor) == UInt8(ascii: ".") {
            let fraction = DigitRun.read(bytes, at: cursor &+ 1)
            if fraction.count == 0 || fraction.count == 8 { return longPlain(bytes, &index) }
            cursor &+= 1 &+ fraction.count
            units &+= UInt128(fraction.value &* powerOfTen(12 &- fraction.count))
        }
        index = cursor
        let value = Int128(truncatingIfNeeded: units)
        return isNegative ? 0 &- value : value
    }

    /// The same for parts of eight digits and more, one by one.
    @usableFromInline @inline(never)
    static func longPlain(_ bytes: RawSpan, _ index: inout Int) -> Int128? {
        let end = bytes.byteCount
        var cursor = index
        let isNegative = cursor < end && bytes.byte(cursor) == UInt8(ascii: "-")
        if isNegative { cursor &+= 1 }
        let start = cursor
        var mantissa: UInt64 = 0
        while cursor < end {
            let digit = bytes.byte(cursor) &- 48
            if digit > 9 { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            cursor &+= 1
        }
        let whole = cursor &- start
        var fraction = 0
        if cursor < end, bytes.byte(cursor) == UInt8(ascii: ".") {
            cursor &+= 1
            let point = cursor
            while cursor < end {
                let digit = bytes.byte(cursor) &- 48
                if digit > 9 { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                cursor &+= 1
            }
            fraction = cursor &- point
            if fraction == 0 || fraction > 12 { return nil }
        }
        if whole == 0 || whole > 13 || whole &+ fraction > 19 { return nil }
        index = cursor
        let scaled = mantissa.multipliedFullWidth(by: powerOfTen(12 &- fraction))
        let units = Int128(truncatingIfNeeded: UInt128(scaled.high) << 64 | UInt128(scaled.low))
        return isNegative ? 0 &- units : units
    }

    /// 10 to the power of `exponent`, 0 to 19.
    @inlinable @inline(__always)
    package static func powerOfTen(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        case 9: 1_000_000_000
        case 10: 10_000_000_000
        case 11: 100_000_000_000
        case 12: 1_000_000_000_000
        case 13: 10_000_000_000_000
        case 14: 100_000_000_000_000
        case 15: 1_000_000_000_000_000
        case 16: 10_000_000_000_000_000
        case 17: 100_000_000_000_000_000
        case 18: 1_000_000_000_000_000_000
        case _: 10_000_000_000_000_000_000
        }
    }

    /// How many digits a value is written with.
    @inline(__always)
    static func digitCount(_ value: UInt64) -> Int {
        // 1233 / 4096 is log10(2) closely enough for 64 bits; the table settles the last digit.
        let guess = ((64 &- (value | 1).leadingZeroBitCount) &* 1233) &>> 12
        return guess &+ (value < powerOfTen(guess) && guess > 0 ? 0 : 1)
    }
}

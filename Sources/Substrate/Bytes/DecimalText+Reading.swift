extension DecimalText {
    /// Reads decimal text of any accepted form; the slow twin of `plain`.
    @usableFromInline @inline(never)
    static func parseAny(_ bytes: RawSpan) throws(Problem) -> Int128 {
        var index = 0
        let end = bytes.byteCount
        guard end > 0 else { throw .empty }
        let first = bytes.byte(0)
        let isNegative = first == UInt8(ascii: "-")
        if isNegative || first == UInt8(ascii: "+") { index = 1 }
        var number = Mantissa()
        var exponent = 0
        while index < end {
            let byte = bytes.byte(index)
            if byte &- 48 < 10 {
                try number.take(digit: byte &- 48)
            } else if byte == UInt8(ascii: "."), !number.sawPoint {
                number.sawPoint = true
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                exponent = try parseExponent(bytes, from: index + 1)
                break
            } else {
                throw .malformed
            }
            index += 1
        }
        guard number.sawDigit else { throw .malformed }
        let units = try scaled(number.value, by: places - number.fraction + exponent)
        return isNegative ? -units : units
    }

    /// The digits read so far, without sign, point and exponent.
    private struct Mantissa {
        var value: UInt128 = 0
        var fraction = 0
        var sawPoint = false
        var sawDigit = false

        mutating func take(digit: UInt8) throws(Problem) {
            sawDigit = true
            if value >= 10_000_000_000_000_000_000_000_000_000_000 {
                if !sawPoint { throw .tooLarge }
                if digit != 0 { throw .tooFine }
                return
            }
            value = value * 10 + UInt128(digit)
            if sawPoint { fraction += 1 }
        }
    }

    private static func parseExponent(_ bytes: RawSpan, from start: Int) throws(Problem) -> Int {
        var index = start
        let end = bytes.byteCount
        var isNegative = false
        if index < end {
            let sign = bytes.byte(index)
            isNegative = sign == UInt8(ascii: "-")
            if isNegative || sign == UInt8(ascii: "+") { index += 1 }
        }
        guard index < end, end - index <= 4 else { throw .malformed }
        var value = 0
        while index < end {
            let digit = bytes.byte(index) &- 48
            guard digit < 10 else { throw .malformed }
            value = value * 10 + Int(digit)
            index += 1
        }
        return isNegative ? -value : value
    }

    private static func scaled(_ mantissa: UInt128, by power: Int) throws(Problem) -> Int128 {
        var value = mantissa
        if value == 0 { return 0 }
        var power = power
        while power > 0 {
            guard value < UInt128(limit) else { throw .tooLarge }
            value *= 10
            power -= 1
        }
        while power < 0 {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { throw .tooFine }
            value = quotient
            power += 1
        }
        guard value < UInt128(limit) else { throw .tooLarge }
        return Int128(value)
    }
}

/// Exact decimal text: between digits in a buffer and an `Int128` count of 1e-12.
///
/// Accepted are an optional sign, digits with at most one point, and an optional exponent
/// (`-1.5`, `.5`, `5.`, `1E-7`). Refused are other bytes, no digit at all, a magnitude of 1e13 or
/// more, and digits below 1e-12 that are not zero: nothing is ever rounded in reading.
package enum DecimalText {
    /// Decimal places held: one unit is 1e-12.
    package static let places = 12
    /// Units in one whole: 1e12.
    package static let unitsPerWhole: Int128 = 1_000_000_000_000
    /// Magnitudes read are below this many units (1e13 wholes), so that the product of any two
    /// fits an `Int128` of units.
    package static let limit: Int128 = 10_000_000_000_000 * 1_000_000_000_000

    package enum Problem: Error, Equatable, Sendable {
        case empty, malformed, tooLarge, tooFine
    }

    /// Reads the whole of `bytes` as one decimal.
    package static func parse(_ bytes: RawSpan) throws(Problem) -> Int128 {
        var index = 0
        let end = bytes.byteCount
        guard end > 0 else { throw .empty }
        var isNegative = false
        let first = bytes.byte(0)
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            index = 1
        }
        var mantissa: UInt128 = 0
        var digits = 0
        var fraction = 0
        var sawPoint = false
        var exponent = 0
        while index < end {
            let byte = bytes.byte(index)
            let digit = byte &- 48
            if digit < 10 {
                digits += 1
                if mantissa > 10_000_000_000_000_000_000_000_000_000_000 {
                    if !sawPoint { throw .tooLarge }
                    if digit != 0 { throw .tooFine }
                } else {
                    mantissa = mantissa &* 10 &+ UInt128(digit)
                    if sawPoint { fraction += 1 }
                }
            } else if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                exponent = try parseExponent(bytes, from: index + 1)
                break
            } else {
                throw .malformed
            }
            index += 1
        }
        guard digits > 0 else { throw .malformed }
        let units = try scaled(mantissa, by: places - fraction + exponent)
        return isNegative ? -units : units
    }

    private static func parseExponent(_ bytes: RawSpan, from start: Int) throws(Problem) -> Int {
        var index = start
        let end = bytes.byteCount
        var isNegative = false
        if index < end {
            let sign = bytes.byte(index)
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                isNegative = sign == UInt8(ascii: "-")
                index += 1
            }
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

    /// Writes units as plain decimal text without exponent and without trailing zeros (`-0.05`, `12`).
    package static func write(_ units: Int128, into writer: inout ByteWriter) {
        write(units, minimumPlaces: 0, into: &writer)
    }

    /// Writes units with at least `minimumPlaces` (0...12) decimals, as venues pad theirs.
    package static func write(
        _ units: Int128, minimumPlaces: Int, into writer: inout ByteWriter
    ) {
        let magnitude = units.magnitude
        let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: UInt128(unitsPerWhole))
        if units < 0 { writer.append(byte: UInt8(ascii: "-")) }
        if let small = UInt64(exactly: whole) {
            writer.append(integer: small)
        } else {
            writer.append(integer: whole)
        }
        var fraction = UInt64(rest)
        var length = places
        while length > minimumPlaces, fraction % 10 == 0 {
            fraction /= 10
            length -= 1
        }
        if length == 0 { return }
        writer.append(byte: UInt8(ascii: "."))
        var divisor: UInt64 = 1
        for _ in 1..<length { divisor *= 10 }
        while divisor > 0 {
            writer.append(byte: UInt8(ascii: "0") + UInt8(fraction / divisor % 10))
            divisor /= 10
        }
    }

    /// The plain text of units, as `write` gives it.
    package static func text(_ units: Int128) -> String {
        var writer = ByteWriter(capacity: 48)
        write(units, into: &writer)
        return String(writer.rawSpan)
    }
}

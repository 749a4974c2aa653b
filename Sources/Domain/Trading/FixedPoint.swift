public import Bytes

/// The arithmetic under the decimal types: products and quotients of counts of 1e-12.
///
/// The common case, operands below 1.8e7 and a result below that too, is inlined at the call and
/// has no division instruction in products; the rest is exact as well, and goes through `Wide`.
@usableFromInline
package enum FixedPoint {
    /// a × b / 1e12; traps where the result does not fit an `Int128`.
    @inlinable package static func multiply(
        _ a: Int128, _ b: Int128, _ rounding: Rounding
    ) -> Int128 {
        let x = a.magnitude
        let y = b.magnitude
        guard (x | y) >> 64 == 0 else { return wideMultiply(a, b, rounding) }
        let product = UInt64(truncatingIfNeeded: x).multipliedFullWidth(
            by: UInt64(truncatingIfNeeded: y))
        guard product.high < Trillion.count else { return wideMultiply(a, b, rounding) }
        let (quotient, remainder) = Trillion.divide(high: product.high, low: product.low)
        let isNegative = (a ^ b) < 0
        let away = goesAway(
            remainder, of: Trillion.count, isOdd: quotient & 1 == 1, isNegative: isNegative,
            rounding)
        let magnitude = Int128(truncatingIfNeeded: quotient) &+ (away ? 1 : 0)
        return isNegative ? 0 &- magnitude : magnitude
    }

    @usableFromInline @inline(never)
    static func wideMultiply(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128 {
        let (quotient, remainder) = Wide.product(a.magnitude, b.magnitude)
        return settle(
            quotient, UInt128(remainder), divisor: UInt128(Trillion.count),
            isNegative: (a ^ b) < 0, rounding)
    }

    /// a × 1e12 / b; `b` must not be zero, and the result must fit.
    @inlinable package static func quotient(
        _ a: Int128, _ b: Int128, _ rounding: Rounding
    ) -> Int128 {
        let (scaled, overflow) = a.multipliedReportingOverflow(by: 1_000_000_000_000)
        if !overflow { return divide(scaled, by: b, rounding) }
        return wideQuotient(a, b, rounding)
    }

    @usableFromInline @inline(never)
    static func wideQuotient(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128 {
        precondition(b != 0, "a decimal is not divided by zero")
        let wide = a.magnitude.multipliedFullWidth(by: UInt128(Trillion.count))
        precondition(wide.high < b.magnitude, "a quotient fits the decimal range")
        let (quotient, remainder) = b.magnitude.dividingFullWidth(wide)
        return settle(
            quotient, remainder, divisor: b.magnitude, isNegative: (a ^ b) < 0, rounding)
    }

    /// a / b as a whole number, settled by `rounding`; `b` must not be zero.
    @inlinable package static func divide(
        _ a: Int128, by b: Int128, _ rounding: Rounding
    ) -> Int128 {
        precondition(b != 0, "a decimal is not divided by zero")
        let x = a.magnitude
        let y = b.magnitude
        guard (x | y) >> 64 == 0 else { return wideDivide(a, b, rounding) }
        let divisor = UInt64(truncatingIfNeeded: y)
        let (quotient, remainder) = UInt64(truncatingIfNeeded: x)
            .quotientAndRemainder(dividingBy: divisor)
        let isNegative = (a ^ b) < 0
        let away = goesAway(
            remainder, of: divisor, isOdd: quotient & 1 == 1, isNegative: isNegative, rounding)
        let magnitude = Int128(truncatingIfNeeded: quotient) &+ (away ? 1 : 0)
        return isNegative ? 0 &- magnitude : magnitude
    }

    @usableFromInline @inline(never)
    static func wideDivide(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128 {
        let (x, y) = (a.magnitude, b.magnitude)
        // One division: what is left is found by a product, at a fraction of a second one's cost.
        let quotient = x / y
        return settle(
            quotient, x &- quotient &* y, divisor: y, isNegative: (a ^ b) < 0, rounding)
    }

    /// Whether a quotient that left `remainder` is settled one away from zero.
    @inlinable @inline(__always)
    static func goesAway<Word: FixedWidthInteger & UnsignedInteger>(
        _ remainder: Word, of divisor: Word, isOdd: Bool, isNegative: Bool, _ rounding: Rounding
    ) -> Bool {
        switch rounding {
        case .down: return false
        case .up: return remainder != 0
        case .floor: return isNegative && remainder != 0
        case .ceiling: return !isNegative && remainder != 0
        case .nearestEven:
            let rest = divisor &- remainder
            return remainder > rest || (remainder == rest && isOdd)
        }
    }

    private static func settle(
        _ quotient: UInt128, _ remainder: UInt128, divisor: UInt128, isNegative: Bool,
        _ rounding: Rounding
    ) -> Int128 {
        let away = goesAway(
            remainder, of: divisor, isOdd: quotient & 1 == 1, isNegative: isNegative, rounding)
        let magnitude = away ? quotient + 1 : quotient
        precondition(magnitude <= UInt128(Int128.max), "a decimal result fits its range")
        return isNegative ? -Int128(magnitude) : Int128(magnitude)
    }
}

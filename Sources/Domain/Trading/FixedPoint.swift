/// The arithmetic under the decimal types: products and quotients of counts of 1e-12.
package enum FixedPoint {
    /// a × b / 1e12; traps where the result does not fit an `Int128`.
    @inlinable package static func multiply(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128 {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        if !overflow { return divide(product, by: 1_000_000_000_000, rounding) }
        return wideMultiply(a, b, rounding)
    }

    @usableFromInline static func wideMultiply(
        _ a: Int128, _ b: Int128, _ rounding: Rounding
    ) -> Int128 {
        let isNegative = (a < 0) != (b < 0)
        let wide = a.magnitude.multipliedFullWidth(by: b.magnitude)
        precondition(wide.high < 1_000_000_000_000, "a product fits the decimal range")
        let (quotient, remainder) = UInt128(1_000_000_000_000).dividingFullWidth(wide)
        return settle(
            quotient, remainder, divisor: 1_000_000_000_000, isNegative: isNegative, rounding)
    }

    /// a × 1e12 / b; `b` must not be zero, and the result must fit.
    @inlinable package static func quotient(_ a: Int128, _ b: Int128, _ rounding: Rounding) -> Int128 {
        let (scaled, overflow) = a.multipliedReportingOverflow(by: 1_000_000_000_000)
        if !overflow { return divide(scaled, by: b, rounding) }
        return wideQuotient(a, b, rounding)
    }

    @usableFromInline static func wideQuotient(
        _ a: Int128, _ b: Int128, _ rounding: Rounding
    ) -> Int128 {
        precondition(b != 0, "a decimal is not divided by zero")
        let isNegative = (a < 0) != (b < 0)
        let wide = a.magnitude.multipliedFullWidth(by: 1_000_000_000_000)
        precondition(wide.high < b.magnitude, "a quotient fits the decimal range")
        let (quotient, remainder) = b.magnitude.dividingFullWidth(wide)
        return settle(
            quotient, remainder, divisor: b.magnitude, isNegative: isNegative, rounding)
    }

    /// a / b as a whole number, settled by `rounding`; `b` must not be zero.
    @inlinable package static func divide(_ a: Int128, by b: Int128, _ rounding: Rounding) -> Int128 {
        precondition(b != 0, "a decimal is not divided by zero")
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        if remainder == 0 { return quotient }
        return settle(
            quotient.magnitude, remainder.magnitude, divisor: b.magnitude,
            isNegative: (a < 0) != (b < 0), rounding)
    }

    @usableFromInline static func settle(
        _ quotient: UInt128, _ remainder: UInt128, divisor: UInt128, isNegative: Bool,
        _ rounding: Rounding
    ) -> Int128 {
        let goesAway: Bool
        switch rounding {
        case .down: goesAway = false
        case .up: goesAway = remainder != 0
        case .floor: goesAway = isNegative && remainder != 0
        case .ceiling: goesAway = !isNegative && remainder != 0
        case .nearestEven:
            let rest = divisor - remainder
            goesAway = remainder > rest || (remainder == rest && quotient & 1 == 1)
        }
        let magnitude = goesAway ? quotient + 1 : quotient
        precondition(magnitude <= UInt128(Int128.max), "a decimal result fits its range")
        return isNegative ? -Int128(magnitude) : Int128(magnitude)
    }
}

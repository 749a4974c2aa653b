/// Division by 1e12 without a division instruction: the step between units and wholes.
///
/// Method: "Improved division by invariant integers" (Möller and Granlund, 2011), algorithm 4,
/// with 1e12 shifted to the top of the word.
@usableFromInline
package enum Trillion {
    /// 1e12.
    @inlinable package static var count: UInt64 { 1_000_000_000_000 }

    /// `high` × 2^64 + `low` over 1e12, where `high` is below 1e12, so that the quotient fits.
    @inlinable @inline(__always)
    package static func divide(
        high: UInt64, low: UInt64
    ) -> (quotient: UInt64, remainder: UInt64) {
        let divisor: UInt64 = 1_000_000_000_000 << 24
        // floor((2^128 - 1) / divisor) - 2^64
        let reciprocal: UInt64 = 1_835_665_529_942_118_807
        let top = high &<< 24 | low &>> 40
        let bottom = low &<< 24
        let product = reciprocal.multipliedFullWidth(by: top)
        let (q0, carry) = product.low.addingReportingOverflow(bottom)
        var quotient = product.high &+ top &+ (carry ? 2 : 1)
        var remainder = bottom &- quotient &* divisor
        if remainder > q0 {
            quotient &-= 1
            remainder &+= divisor
        }
        if remainder >= divisor {
            quotient &+= 1
            remainder &-= divisor
        }
        return (quotient, remainder &>> 24)
    }

    /// Any value over 1e12.
    @inlinable
    package static func divide(_ value: UInt128) -> (quotient: UInt128, remainder: UInt64) {
        let low = UInt64(truncatingIfNeeded: value)
        let high = UInt64(truncatingIfNeeded: value >> 64)
        if high == 0 {
            let quotient = low / 1_000_000_000_000
            return (UInt128(quotient), low &- quotient &* 1_000_000_000_000)
        }
        let top = high / 1_000_000_000_000
        let rest = high &- top &* 1_000_000_000_000
        let (quotient, remainder) = divide(high: rest, low: low)
        return (UInt128(top) << 64 | UInt128(quotient), remainder)
    }
}

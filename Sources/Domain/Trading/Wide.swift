import Bytes

/// Products of 128 by 128 bits, brought back by 1e12 limb by limb.
enum Wide {
    /// a × b / 1e12 and what is left; traps where the quotient does not fit 128 bits.
    static func product(_ a: UInt128, _ b: UInt128) -> (quotient: UInt128, remainder: UInt64) {
        let wide = a.multipliedFullWidth(by: b)
        let limbs = (
            UInt64(truncatingIfNeeded: wide.high >> 64), UInt64(truncatingIfNeeded: wide.high),
            UInt64(truncatingIfNeeded: wide.low >> 64), UInt64(truncatingIfNeeded: wide.low)
        )
        precondition(
            limbs.0 == 0 && limbs.1 < Trillion.count, "a product fits the decimal range")
        let upper = Trillion.divide(high: limbs.1, low: limbs.2)
        let lower = Trillion.divide(high: upper.remainder, low: limbs.3)
        return (UInt128(upper.quotient) << 64 | UInt128(lower.quotient), lower.remainder)
    }
}

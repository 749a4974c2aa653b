import Bounded
import Foundation
import Testing
import Trading

/// The same arithmetic on Foundation's 38-digit decimals.
enum Twin {
    static let unit = Decimal(sign: .plus, exponent: -12, significand: 1)

    static func value(_ units: Int128) -> Decimal {
        Decimal(string: "\(units)e-12", locale: Locale(identifier: "en_US_POSIX")) ?? .nan
    }

    /// Settles a value at 12 places.
    static func settled(_ value: Decimal, _ rounding: Rounding) -> Decimal {
        let mode: NSDecimalNumber.RoundingMode =
            switch rounding {
            case .down: value < 0 ? .up : .down
            case .up: value < 0 ? .down : .up
            case .floor: .down
            case .ceiling: .up
            case .nearestEven: .bankers
            }
        var input = value
        var result = Decimal()
        unsafe NSDecimalRound(&result, &input, 12, mode)
        return result
    }

    /// Units of `digits` random decimal digits or fewer, of either sign.
    static func units(_ random: inout SplitMix64, digits: ClosedRange<Int>) -> Int128 {
        var bound: UInt128 = 1
        for _ in 0..<Int.random(in: digits, using: &random) { bound *= 10 }
        let magnitude = (UInt128(random.next()) << 64 | UInt128(random.next())) % bound
        return Bool.random(using: &random) ? Int128(magnitude) : -Int128(magnitude)
    }
}

let roundings: [Rounding] = [.down, .up, .floor, .ceiling, .nearestEven]

@Suite("Decimals compute what Foundation.Decimal computes")
struct DecimalTwinTests {
    @Test("add, subtract, compare, negate and text, 20,000 pairs, seed 21")
    func sums() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<20_000 {
            let a = Money(units: Twin.units(&random, digits: 0...25))
            let b = Money(units: Twin.units(&random, digits: 0...25))
            let (x, y) = (Twin.value(a.units), Twin.value(b.units))
            #expect(Twin.value((a + b).units) == x + y)
            #expect(Twin.value((a - b).units) == x - y)
            #expect(Twin.value((-a).units) == -x)
            #expect((a < b) == (x < y))
            #expect((a == b) == (x == y))
            #expect(a.text == x.description)
            #expect(Money(text: x.description) == a)
        }
    }

    @Test("products with each rounding, 25,000 pairs, seed 22", arguments: roundings)
    func products(rounding: Rounding) {
        var random = SplitMix64(seed: 22)
        for _ in 0..<5_000 {
            let a = Price(units: Twin.units(&random, digits: 0...19))
            let b = Quantity(units: Twin.units(&random, digits: 0...18))
            let exact = Twin.value(a.units) * Twin.value(b.units)
            let found = Twin.value(a.times(b, rounding).units)
            #expect(found == Twin.settled(exact, rounding), "\(a) x \(b)")
        }
    }

    @Test("quotients with each rounding, 25,000 pairs, seed 23", arguments: roundings)
    func quotients(rounding: Rounding) {
        var random = SplitMix64(seed: 23)
        for _ in 0..<5_000 {
            let a = Money(units: Twin.units(&random, digits: 0...17))
            let b = Quantity(units: Twin.units(&random, digits: 3...15))
            if b.isZero { continue }
            let exact = Twin.value(a.units) / Twin.value(b.units)
            let found = Twin.value(a.divided(by: b, rounding).units)
            #expect(found == Twin.settled(exact, rounding), "\(a) / \(b)")
        }
    }

    @Test("ties go to the even neighbour, on both signs and both paths")
    func ties() {
        for (units, expected) in [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)] {
            let half = Ratio(units: 500_000_000_000)
            let value = Money(units: Int128(units))
            #expect(value.scaled(by: half, .nearestEven).units == Int128(expected))
            #expect(
                FixedPoint.divide(Int128(units), by: 2, .nearestEven) == Int128(expected))
            let wide = Int128(units) << 70
            #expect(FixedPoint.divide(wide, by: 2 << 70, .nearestEven) == Int128(expected))
        }
    }

    @Test("wide products and quotients lie where their rounding says, 40,000 pairs, seed 24")
    func wide() {
        var random = SplitMix64(seed: 24)
        for _ in 0..<20_000 {
            let a = Twin.units(&random, digits: 0...25)
            let b = Twin.units(&random, digits: 0...25)
            let low = FixedPoint.multiply(a, b, .floor)
            // low x 1e12 <= a x b < (low + 1) x 1e12, on 256 bits
            let product = a.multipliedFullWidth(by: b)
            let least = low.multipliedFullWidth(by: 1_000_000_000_000)
            let next = (low + 1).multipliedFullWidth(by: 1_000_000_000_000)
            #expect((least.high, least.low) <= (product.high, product.low))
            #expect((product.high, product.low) < (next.high, next.low))
            let isExact = (least.high, least.low) == (product.high, product.low)
            let high = FixedPoint.multiply(a, b, .ceiling)
            #expect(high == (isExact ? low : low + 1))
            let isNegative = (a < 0) != (b < 0)
            #expect(FixedPoint.multiply(a, b, .down) == (isNegative ? high : low))
            #expect(FixedPoint.multiply(a, b, .up) == (isNegative ? low : high))
        }
    }

    @Test("wide quotients times their divisor come back within one divisor, seed 25")
    func wideQuotients() {
        var random = SplitMix64(seed: 25)
        for _ in 0..<20_000 {
            let a = Twin.units(&random, digits: 20...25)
            let b = Twin.units(&random, digits: 13...25)
            if b == 0 { continue }
            let quotient = FixedPoint.quotient(a, b, .down)
            let dividend = a.magnitude.multipliedFullWidth(by: 1_000_000_000_000)
            let least = quotient.magnitude.multipliedFullWidth(by: b.magnitude)
            let next = (quotient.magnitude + 1).multipliedFullWidth(by: b.magnitude)
            #expect((least.high, least.low) <= (dividend.high, dividend.low))
            #expect((dividend.high, dividend.low) < (next.high, next.low))
            let away = FixedPoint.quotient(a, b, .up)
            #expect(away == quotient || away.magnitude == quotient.magnitude + 1)
        }
    }

    @Test("an overflow is reported where it is asked for")
    func overflow() {
        let most = Money(units: .max)
        #expect(most.addingReportingOverflow(Money(units: 1)).overflow)
        #expect(!most.addingReportingOverflow(.zero).overflow)
        #expect(Money(text: "10000000000000") == nil)
        #expect(Money(text: "9999999999999.999999999999") != nil)
    }
}

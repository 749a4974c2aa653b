public import Bytes

/// An exact decimal: an `Int128` count of 1e-12 under a name that says what it measures.
///
/// | left | × right | gives |      | left | ÷ right | gives |
/// |---|---|---|---|---|---|---|
/// | Price | Quantity | Money | | Money | Quantity | Price |
/// | Money | Ratio | Money | | Money | Price | Quantity |
/// | Price | Ratio | Price | | Money | Money | Ratio |
/// | Quantity | Ratio | Quantity | | | | |
///
/// Values read from outside are below 1e13 in magnitude (`DecimalText.limit`), so that the product
/// of any two of them fits. Sums and differences beyond ±1.7e26 trap; `addingReportingOverflow`
/// reports.
@usableFromInline
package protocol ExactDecimal: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The value in units of 1e-12.
    var units: Int128 { get }
    init(units: Int128)
}

/// How a result that falls between two representable values is settled.
@usableFromInline
package enum Rounding: Sendable {
    /// Toward zero.
    case down
    /// Away from zero.
    case up
    /// Toward minus infinity.
    case floor
    /// Toward plus infinity.
    case ceiling
    /// To the nearest, halves to the even neighbour.
    case nearestEven
}

extension ExactDecimal {
    @inlinable package static var zero: Self { Self(units: 0) }
    /// One: 1e12 units.
    @inlinable package static var one: Self { Self(units: 1_000_000_000_000) }
    /// A whole number of wholes.
    @inlinable package static func whole(_ count: Int64) -> Self {
        Self(units: Int128(count) * 1_000_000_000_000)
    }

    @inlinable package var isZero: Bool { units == 0 }
    @inlinable package var isPositive: Bool { units > 0 }
    @inlinable package var isNegative: Bool { units < 0 }
    @inlinable package var magnitude: Self { Self(units: units < 0 ? -units : units) }
    /// -1, 0 or 1.
    @inlinable package var signum: Int { units > 0 ? 1 : units < 0 ? -1 : 0 }

    @inlinable package static func < (a: Self, b: Self) -> Bool { a.units < b.units }
    @inlinable package static func == (a: Self, b: Self) -> Bool { a.units == b.units }
    @inlinable package static func + (a: Self, b: Self) -> Self { Self(units: a.units + b.units) }
    @inlinable package static func - (a: Self, b: Self) -> Self { Self(units: a.units - b.units) }
    @inlinable package static prefix func - (a: Self) -> Self { Self(units: -a.units) }
    @inlinable package static func += (a: inout Self, b: Self) { a = a + b }
    @inlinable package static func -= (a: inout Self, b: Self) { a = a - b }
    @inlinable package func multiplied(byWhole count: Int64) -> Self {
        Self(units: units * Int128(count))
    }

    /// The sum, or the wrapped sum and `true` where it does not fit.
    @inlinable package func addingReportingOverflow(_ other: Self) -> (Self, overflow: Bool) {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        return (Self(units: sum), overflow)
    }

    /// Reads plain decimal text; see `DecimalText` for what is refused.
    @inlinable package init(_ bytes: RawSpan) throws(DecimalText.Problem) {
        self.init(units: try DecimalText.parse(bytes))
    }

    /// Reads plain decimal text, or nil where it is not a decimal that can be held exactly.
    package init?(text: String) {
        var units: Int128?
        text.withRawSpan { bytes in units = try? DecimalText.parse(bytes) }
        guard let units else { return nil }
        self.init(units: units)
    }

    /// Plain decimal text without exponent or trailing zeros.
    @inlinable package var text: String { DecimalText.text(units) }
    @inlinable package var description: String { text }

    /// The nearest multiple of `step` in the named direction; a zero step leaves the value as it
    /// is.
    @inlinable package func rounded(_ rounding: Rounding, to step: Self) -> Self {
        if step.units == 0 { return self }
        let quotient = FixedPoint.divide(units, by: step.units, rounding)
        return Self(units: quotient * step.units)
    }
    @inlinable package func down(to step: Self) -> Self { rounded(.down, to: step) }
    @inlinable package func up(to step: Self) -> Self { rounded(.up, to: step) }
    /// Whether the value is a multiple of `step`; every value is a multiple of zero.
    @inlinable package func isMultiple(of step: Self) -> Bool {
        if step.units == 0 { return true }
        let x = units.magnitude
        let y = step.units.magnitude
        guard (x | y) >> 64 == 0 else { return x % y == 0 }
        return UInt64(truncatingIfNeeded: x) % UInt64(truncatingIfNeeded: y) == 0
    }

    /// The value times a ratio.
    @inlinable package func scaled(by ratio: Ratio, _ rounding: Rounding) -> Self {
        Self(units: FixedPoint.multiply(units, ratio.units, rounding))
    }
    /// This value as a share of another of its kind, which must not be zero.
    @inlinable package func ratio(to other: Self, _ rounding: Rounding) -> Ratio {
        Ratio(units: FixedPoint.quotient(units, other.units, rounding))
    }
}

/// What one base unit costs, in the quote asset.
@usableFromInline
package struct Price: ExactDecimal {
    @usableFromInline package let units: Int128
    @inlinable package init(units: Int128) { self.units = units }

    @inlinable package func times(_ quantity: Quantity, _ rounding: Rounding) -> Money {
        Money(units: FixedPoint.multiply(units, quantity.units, rounding))
    }
}

/// An amount of the base asset; negative is short.
@usableFromInline
package struct Quantity: ExactDecimal {
    @usableFromInline package let units: Int128
    @inlinable package init(units: Int128) { self.units = units }

    @inlinable package func times(_ price: Price, _ rounding: Rounding) -> Money {
        price.times(self, rounding)
    }
}

/// An amount of the quote or margin asset.
@usableFromInline
package struct Money: ExactDecimal {
    @usableFromInline package let units: Int128
    @inlinable package init(units: Int128) { self.units = units }

    /// The price at which `quantity` (not zero) is worth this.
    @inlinable package func divided(by quantity: Quantity, _ rounding: Rounding) -> Price {
        Price(units: FixedPoint.quotient(units, quantity.units, rounding))
    }
    /// The quantity that is worth this at `price` (not zero).
    @inlinable package func divided(by price: Price, _ rounding: Rounding) -> Quantity {
        Quantity(units: FixedPoint.quotient(units, price.units, rounding))
    }
}

/// A number without a unit: a fee rate, a margin ratio, a share.
@usableFromInline
package struct Ratio: ExactDecimal {
    @usableFromInline package let units: Int128
    @inlinable package init(units: Int128) { self.units = units }
}

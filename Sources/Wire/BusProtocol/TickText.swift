internal import Bytes
internal import Glibc

/// Writes the text of a tick straight into memory that has room for it; every number in a few
/// multiplications, no call a digit.
@safe struct TickText {
    private let start: UnsafeMutableRawPointer
    private var place: UnsafeMutableRawPointer

    /// Bytes a tick takes at most, its symbol's name left out: 66 of field names, six decimals of up
    /// to 40, four whole numbers of up to 20, and what a last store of eight writes beyond.
    static let room = 66 + 6 * 40 + 4 * 20 + 16

    /// - Parameter start: room for everything that will be appended, and eight bytes more.
    @inline(__always)
    init(_ start: UnsafeMutableRawPointer) {
        unsafe self.start = start
        unsafe place = start
    }

    var count: Int { unsafe place - start }

    @inline(__always)
    mutating func append(_ literal: StaticString) {
        unsafe place.copyMemory(from: literal.utf8Start, byteCount: literal.utf8CodeUnitCount)
        unsafe place += literal.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe place.copyMemory(from: base, byteCount: source.count)
        }
        unsafe place += bytes.byteCount
    }

    /// A whole number; negative ones as zero, since no time and no sequence is.
    @inline(__always)
    mutating func append(integer: Int64) {
        append(UInt64(max(0, integer)))
    }

    /// A decimal of zero or more units of 1e-12, without trailing zeros.
    @inline(__always)
    mutating func append(units: Int128) {
        let whole: UInt64
        let fraction: UInt64
        if let small = UInt64(exactly: units) {
            (whole, fraction) = small.quotientAndRemainder(dividingBy: 1_000_000_000_000)
        } else {
            (whole, fraction) = TickText.split(units)
        }
        append(whole)
        if fraction != 0 { append(fraction: fraction) }
    }

    @inline(never)
    private static func split(_ units: Int128) -> (UInt64, UInt64) {
        let parts = units.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000)
        return (UInt64(truncatingIfNeeded: parts.quotient), UInt64(parts.remainder))
    }

    @inline(__always)
    private mutating func append(_ value: UInt64) {
        if value < 100_000_000 { return appendLeading(value) }
        let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        if high < 100_000_000 {
            appendLeading(high)
        } else {
            let (top, middle) = high.quotientAndRemainder(dividingBy: 100_000_000)
            appendLeading(top)
            store(TickText.eightDigits(middle) | 0x3030_3030_3030_3030, length: 8)
        }
        store(TickText.eightDigits(low) | 0x3030_3030_3030_3030, length: 8)
    }

    /// Up to eight digits without leading zeros.
    @inline(__always)
    private mutating func appendLeading(_ value: UInt64) {
        let digits = TickText.eightDigits(value)
        let zeros = min(56, digits.trailingZeroBitCount & ~7)
        store((digits | 0x3030_3030_3030_3030) >> UInt64(zeros), length: 8 - zeros / 8)
    }

    /// The point, and twelve digits without trailing zeros; not zero.
    @inline(__always)
    private mutating func append(fraction: UInt64) {
        unsafe place.storeBytes(of: UInt8(ascii: "."), as: UInt8.self)
        unsafe place += 1
        let (high, low) = fraction.quotientAndRemainder(dividingBy: 10_000)
        let first = TickText.eightDigits(high)
        if low == 0 {
            let length = 8 - first.leadingZeroBitCount / 8
            store(first | 0x3030_3030_3030_3030, length: length)
            return
        }
        store(first | 0x3030_3030_3030_3030, length: 8)
        let rest = TickText.eightDigits(low * 10_000)
        store(rest | 0x3030_3030_3030_3030, length: 4 - (rest << 32).leadingZeroBitCount / 8)
    }

    @inline(__always)
    private mutating func store(_ word: UInt64, length: Int) {
        unsafe place.storeBytes(of: word.littleEndian, as: UInt64.self)
        unsafe place += length
    }

    /// The eight digits of a value below 1e8, one a byte, the first lowest.
    @inline(__always)
    private static func eightDigits(_ value: UInt64) -> UInt64 {
        let pair = value / 10_000 | (value % 10_000) << 32
        let hundreds = ((pair &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let quads = hundreds | (pair &- 100 &* hundreds) << 16
        let tens = ((quads &* 103) >> 10) & 0x000F_000F_000F_000F
        return tens | (quads &- 10 &* tens) << 8
    }
}

import Glibc

extension ByteWriter {
    @inlinable @inline(__always)
    package mutating func append(byte: UInt8) {
        reserve(1)
        unsafe base.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
        length &+= 1
    }

    @inlinable @inline(__always)
    package mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        reserve(count)
        unsafe (base + length).copyMemory(from: text.utf8Start, byteCount: count)
        length &+= count
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count)
            if let source = bytes.baseAddress {
                unsafe memcpy(base + length, source, bytes.count)
            }
            length += bytes.count
        }
    }

    @inlinable
    package mutating func append(_ bytes: RawSpan) {
        let count = bytes.byteCount
        reserve(count)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe (base + length).copyMemory(from: start, byteCount: count)
            }
        }
        length &+= count
    }

    package mutating func append(_ bytes: [UInt8]) { append(bytes.rawSpan) }

    /// Writes a whole number in decimal.
    @inlinable
    package mutating func append<Number: FixedWidthInteger>(integer: Number) {
        if integer < 0 { append(byte: UInt8(ascii: "-")) }
        append(digits: UInt128(truncatingIfNeeded: integer.magnitude))
    }

    @usableFromInline
    internal mutating func append(digits value: UInt128) {
        guard value > UInt128(UInt64.max) else {
            append(digits: UInt64(truncatingIfNeeded: value))
            return
        }
        let (high, low) = value.quotientAndRemainder(dividingBy: 10_000_000_000_000_000)
        append(digits: high)
        append(sixteenDigits: UInt64(truncatingIfNeeded: low))
    }

    private mutating func append(sixteenDigits value: UInt64) {
        reserve(16)
        for pair in 0..<8 {
            let power = DecimalText.powerOfTen(14 - 2 * pair)
            store(pair: value / power % 100, at: length + 2 * pair)
        }
        length += 16
    }

    /// Writes a whole number in decimal, two digits at a time from its end.
    @usableFromInline
    internal mutating func append(digits value: UInt64) {
        reserve(20)
        var place = length + DecimalText.digitCount(value)
        length = place
        var rest = value
        while rest >= 100 {
            let quotient = rest / 100
            place &-= 2
            store(pair: rest &- quotient &* 100, at: place)
            rest = quotient
        }
        if rest >= 10 {
            store(pair: rest, at: place &- 2)
        } else {
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
            unsafe base.storeBytes(of: digit, toByteOffset: place &- 1, as: UInt8.self)
        }
    }

    /// Stores the two digits of a value below 100; the room must have been reserved.
    @inline(__always)
    internal mutating func store(pair value: UInt64, at place: Int) {
        let pairs: StaticString = """
            0001020304050607080910111213141516171819202122232425262728293031323334353637383940\
            4142434445464748495051525354555657585960616263646566676869707172737475767778798081\
            828384858687888990919293949596979899
            """
        let source = unsafe UnsafeRawPointer(pairs.utf8Start)
        let pair = unsafe source.loadUnaligned(
            fromByteOffset: Int(truncatingIfNeeded: value &* 2), as: UInt16.self)
        unsafe base.storeBytes(of: pair, toByteOffset: place, as: UInt16.self)
    }
}

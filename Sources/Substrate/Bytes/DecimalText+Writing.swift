extension DecimalText {
    /// Writes units as plain decimal text without exponent and without trailing zeros (`-0.05`,
    /// `12`).
    package static func write(_ units: Int128, into writer: inout ByteWriter) {
        write(units, minimumPlaces: 0, into: &writer)
    }

    /// Writes units with at least `minimumPlaces` (0...12) decimals, as venues pad theirs.
    package static func write(
        _ units: Int128, minimumPlaces: Int, into writer: inout ByteWriter
    ) {
        precondition(minimumPlaces >= 0 && minimumPlaces <= places, "at most 12 decimals are held")
        let (whole, rest) = Trillion.divide(units.magnitude)
        if units < 0 { writer.append(byte: UInt8(ascii: "-")) }
        writer.append(digits: whole)
        if rest == 0, minimumPlaces == 0 { return }
        writer.append(fraction: rest, minimumPlaces: minimumPlaces)
    }

    /// The plain text of units, as `write` gives it.
    @usableFromInline package static func text(_ units: Int128) -> String {
        var writer = ByteWriter(capacity: 48)
        write(units, into: &writer)
        return String(writer.rawSpan)
    }
}

extension ByteWriter {
    /// Writes a point and the 12 digits of `units`, without the trailing zeros beyond
    /// `minimumPlaces`.
    fileprivate mutating func append(fraction units: UInt64, minimumPlaces: Int) {
        reserve(13)
        unsafe base.storeBytes(of: UInt8(ascii: "."), toByteOffset: length, as: UInt8.self)
        let first = length + 1
        let high = units / 1_000_000
        let low = units &- high &* 1_000_000
        store(sixDigits: high, at: first)
        store(sixDigits: low, at: first + 6)
        length = first + max(minimumPlaces, 12 - trailingZeros(before: first + 12))
    }

    /// How many of the 12 digits that end at `end` are zeros at their end.
    @inline(__always)
    private func trailingZeros(before end: Int) -> Int {
        let zeros: UInt64 = 0x3030_3030_3030_3030
        let late = unsafe base.loadUnaligned(fromByteOffset: end &- 8, as: UInt64.self)
        let digits = UInt64(littleEndian: late) ^ zeros
        if digits != 0 { return digits.leadingZeroBitCount >> 3 }
        let early = unsafe base.loadUnaligned(fromByteOffset: end &- 12, as: UInt32.self)
        let first = UInt32(littleEndian: early) ^ UInt32(truncatingIfNeeded: zeros)
        return 8 &+ first.leadingZeroBitCount >> 3
    }

    @inline(__always)
    private mutating func store(sixDigits value: UInt64, at place: Int) {
        let four = value / 100
        let two = four / 100
        store(pair: two, at: place)
        store(pair: four &- two &* 100, at: place &+ 2)
        store(pair: value &- four &* 100, at: place &+ 4)
    }
}

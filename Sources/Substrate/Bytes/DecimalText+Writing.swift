extension DecimalText {
    /// Writes units as plain decimal text without exponent and without trailing zeros (`-0.05`, `12`).
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
    /// Writes a point and the 12 digits of `units`, without the trailing zeros beyond `minimumPlaces`.
    fileprivate mutating func append(fraction units: UInt64, minimumPlaces: Int) {
        reserve(13)
        unsafe base.storeBytes(of: UInt8(ascii: "."), toByteOffset: length, as: UInt8.self)
        let first = length + 1
        let high = units / 1_000_000
        let low = units &- high &* 1_000_000
        store(sixDigits: high, at: first)
        store(sixDigits: low, at: first + 6)
        var end = first + 12
        while end > first + minimumPlaces,
            unsafe base.load(fromByteOffset: end - 1, as: UInt8.self) == UInt8(ascii: "0")
        {
            end -= 1
        }
        length = end
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

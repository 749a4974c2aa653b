/// The hot scan of a market frame: literals and digits eight bytes at a time, in place.
///
/// It reads one layout and reports any other as a miss; the caller then reads the frame with
/// `JSONScanner`. So it may be strict, and a miss costs time only, never a frame.
struct FrameScan: ~Escapable {
    let bytes: RawSpan
    var offset = 0

    /// - Parameter bytes: at least eight.
    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: RawSpan) {
        assert(bytes.byteCount >= 8, "a frame is scanned from eight bytes on")
        self.bytes = bytes
    }

    /// Eight bytes from `offset`, the first one lowest; bytes beyond the end are zero.
    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        let last = bytes.byteCount - 8
        if offset <= last {
            return UInt64(
                littleEndian: unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt64.self))
        }
        let excess = offset - last
        if excess >= 8 { return 0 }
        let tail = UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: last, as: UInt64.self))
        return tail &>> UInt64(excess * 8)
    }

    /// One byte; `offset` must be in range.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Begins again; true, so that it can stand in a chain of conditions.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func rewind() -> Bool {
        offset = 0
        return true
    }

    /// Steps over a literal of 1 to 8 bytes, given as a word and the mask of its length.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skip(_ literal: FrameLiteral) -> Bool {
        guard word(at: offset) & literal.mask == literal.word else { return false }
        offset += literal.length
        return true
    }

    /// Steps over a longer literal, given in pieces.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skip(
        _ a: FrameLiteral, _ b: FrameLiteral, _ c: FrameLiteral = FrameLiteral("")
    ) -> Bool {
        skip(a) && skip(b) && skip(c)
    }

    /// Steps over the bytes up to the next quote, and gives where they end; nil where none comes.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func text() -> Range<Int>? {
        let start = offset
        let end = bytes.byteCount
        while offset < end {
            let byte = byte(at: offset)
            if byte == UInt8(ascii: "\"") { return start..<offset }
            if byte == UInt8(ascii: "\\") || byte < 0x20 { return nil }
            offset += 1
        }
        return nil
    }

    /// Reads 1 to 16 digits as a bare whole number; -1 for anything else, a leading zero included.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func integer() -> Int64 {
        let first = digits(at: offset)
        guard first.count > 0 else { return -1 }
        if first.count > 1, byte(at: offset) == UInt8(ascii: "0") { return -1 }
        if first.count < 8 {
            offset += first.count
            return Int64(first.value)
        }
        let rest = digits(at: offset + 8)
        offset += 8 + rest.count
        if rest.count == 8, isDigit(at: offset) { return -1 }
        return Int64(first.value &* FrameScan.power(rest.count) &+ rest.value)
    }

    /// Reads up to 13 digits, and a point with up to 8 more, as units of 1e-12; -1 for anything
    /// else.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func decimal() -> Int128 {
        var whole = digits(at: offset)
        if whole.count == 8 { whole = longWhole(whole.value) }
        var place = offset + whole.count
        guard whole.count > 0, place < bytes.byteCount else { return -1 }
        var units = FrameScan.product(whole.value, 1_000_000_000_000)
        if byte(at: place) == UInt8(ascii: ".") {
            let fraction = digits(at: place + 1)
            guard fraction.count > 0 else { return -1 }
            place += 1 + fraction.count
            units = units &+ UInt128(fraction.value &* FrameScan.power(12 - fraction.count))
        }
        if isDigit(at: place) { return -1 }
        offset = place
        return Int128(truncatingIfNeeded: units)
    }

    /// The rest of a whole part that has at least eight digits; no count where it is too long.
    @inline(never)
    private func longWhole(_ value: UInt64) -> (count: Int, value: UInt64) {
        let rest = digits(at: offset + 8)
        if rest.count > 5 { return (0, 0) }
        return (8 + rest.count, value &* FrameScan.power(rest.count) &+ rest.value)
    }

    @inline(__always)
    private func isDigit(at place: Int) -> Bool {
        place < bytes.byteCount && byte(at: place) &- 48 < 10
    }

    /// The run of at most eight digits at a place: how many, and what they spell.
    @inline(__always)
    private func digits(at place: Int) -> (count: Int, value: UInt64) {
        let chunk = word(at: place) ^ 0x3030_3030_3030_3030
        // A byte above 9 gets its top bit set; carries only reach the bytes after the first such.
        let stops = ((chunk &+ 0x7676_7676_7676_7676) | chunk) & 0x8080_8080_8080_8080
        let bits = stops.trailingZeroBitCount & ~7
        if bits == 0 { return (0, 0) }
        // The digits are moved to the top, so that zeros lead, and summed pairwise.
        var value = chunk << UInt64(64 - bits)
        value = (value &* 10) &+ (value >> 8)
        let low = (value & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let high = ((value >> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (bits >> 3, (low &+ high) >> 32)
    }

    @inline(__always)
    private static func product(_ a: UInt64, _ b: UInt64) -> UInt128 {
        let wide = a.multipliedFullWidth(by: b)
        return UInt128(wide.high) << 64 | UInt128(wide.low)
    }

    /// 10 to the power of 0...12, as a table the compiler lays down.
    @inline(__always)
    private static func power(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        case 9: 1_000_000_000
        case 10: 10_000_000_000
        case 11: 100_000_000_000
        case _: 1_000_000_000_000
        }
    }
}

/// Up to eight literal bytes as one word.
struct FrameLiteral {
    let word: UInt64
    let mask: UInt64
    let length: Int

    @inline(__always)
    init(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        precondition(length <= 8, "a frame literal has at most eight bytes")
        var word: UInt64 = 0
        var index = 0
        while index < length {
            word |= unsafe UInt64(text.utf8Start[index]) << UInt64(index * 8)
            index += 1
        }
        self.word = word
        self.length = length
        mask = length == 8 ? UInt64.max : (1 << UInt64(length * 8)) - 1
    }
}

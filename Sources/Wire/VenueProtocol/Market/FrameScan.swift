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
        guard offset <= bytes.byteCount &- 8 else { return lastWord(at: offset) }
        return UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The same where fewer than eight bytes are left.
    @inline(never)
    private func lastWord(at offset: Int) -> UInt64 {
        let last = bytes.byteCount - 8
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
            let stop = FrameScan.textEnd(word(at: offset))
            if stop < 8 {
                offset &+= stop
                guard offset < end, byte(at: offset) == UInt8(ascii: "\"") else { return nil }
                return start..<offset
            }
            offset &+= 8
        }
        return nil
    }

    /// How many bytes go before the first quote, backslash or control byte; 8 where there is none.
    @inline(__always)
    private static func textEnd(_ word: UInt64) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let escapes = word ^ (ones &* 0x5C)
        // The lowest top bit that is set marks the first such byte; borrows only go upward.
        let hits = (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes
        let marks = (hits | (word &- ones &* 0x20) & ~word) & (ones &* 0x80)
        return marks.trailingZeroBitCount &>> 3
    }

    /// Reads 1 to 16 digits as a bare whole number; -1 for anything else, a leading zero included.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func integer() -> Int64 {
        let first = digits(at: offset)
        guard first.count == 8, byte(at: offset) != UInt8(ascii: "0") else {
            return shortInteger(first)
        }
        let rest = digits(at: offset &+ 8)
        offset &+= 8 &+ rest.count
        if rest.count == 8, isDigit(at: offset) { return -1 }
        return Int64(
            truncatingIfNeeded: first.value &* FrameScan.power(rest.count) &+ rest.value)
    }

    /// One of fewer than eight digits; a zero leads none.
    @inline(never)
    @_lifetime(self: copy self)
    private mutating func shortInteger(_ first: (count: Int, value: UInt64)) -> Int64 {
        guard first.count > 0, first.count < 8 else { return -1 }
        if first.count > 1, byte(at: offset) == UInt8(ascii: "0") { return -1 }
        offset += first.count
        return Int64(first.value)
    }

    /// Reads up to 13 digits, and a point with up to 8 more, as units of 1e-12; -1 for anything
    /// else.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func decimal() -> Int128 {
        let whole = digits(at: offset)
        if whole.count == 8 { return longDecimal(whole.value) }
        var place = offset &+ whole.count
        guard whole.count > 0, place < bytes.byteCount else { return -1 }
        // In counts of 1e-8, which fit one word.
        var mantissa = whole.value &* 100_000_000
        if byte(at: place) == UInt8(ascii: ".") {
            let fraction = fraction(at: place &+ 1)
            guard fraction.count > 0 else { return -1 }
            place &+= 1 &+ fraction.count
            if fraction.count == 8, isDigit(at: place) { return -1 }
            mantissa &+= fraction.value
        }
        offset = place
        return Int128(truncatingIfNeeded: FrameScan.product(mantissa, 10_000))
    }

    /// A decimal whose whole part has eight digits or more; `head` are the first eight.
    @inline(never)
    @_lifetime(self: copy self)
    private mutating func longDecimal(_ head: UInt64) -> Int128 {
        let rest = digits(at: offset + 8)
        var place = offset + 8 + rest.count
        guard rest.count <= 5, place < bytes.byteCount else { return -1 }
        let whole = head &* FrameScan.power(rest.count) &+ rest.value
        var units = FrameScan.product(whole, 1_000_000_000_000)
        if byte(at: place) == UInt8(ascii: ".") {
            let fraction = fraction(at: place + 1)
            guard fraction.count > 0 else { return -1 }
            place += 1 + fraction.count
            if fraction.count == 8, isDigit(at: place) { return -1 }
            units = units &+ UInt128(fraction.value &* 10_000)
        }
        offset = place
        return Int128(truncatingIfNeeded: units)
    }

    @inline(__always)
    private func isDigit(at place: Int) -> Bool {
        place < bytes.byteCount && byte(at: place) &- 48 < 10
    }

    /// The run of at most eight digits at a place: how many, and what they spell.
    @inline(__always)
    private func digits(at place: Int) -> (count: Int, value: UInt64) {
        let chunk = word(at: place) ^ 0x3030_3030_3030_3030
        let bits = FrameScan.digitBits(chunk)
        // The digits are moved to the top, so that zeros lead. No digit moves nothing out: both
        // shifts are below 64, and together they are 64.
        let value =
            (chunk &<< UInt64(truncatingIfNeeded: 32 &- bits >> 1))
            &<< UInt64(truncatingIfNeeded: 32 &- bits >> 1)
        return (bits >> 3, FrameScan.sum(value))
    }

    /// The same behind a point: what they spell in eight places.
    @inline(__always)
    private func fraction(at place: Int) -> (count: Int, value: UInt64) {
        let chunk = word(at: place) ^ 0x3030_3030_3030_3030
        let bits = FrameScan.digitBits(chunk)
        // What follows the digits is moved out at the top, so that zeros follow.
        let half = UInt64(truncatingIfNeeded: 32 &- bits >> 1)
        return (bits >> 3, FrameScan.sum((((chunk &<< half) &<< half) &>> half) &>> half))
    }

    /// Eight times the number of digits that lead, the first one lowest.
    @inline(__always)
    private static func digitBits(_ chunk: UInt64) -> Int {
        // A byte above 9 gets its top bit set; carries only reach the bytes after the first such.
        let stops = ((chunk &+ 0x7676_7676_7676_7676) | chunk) & 0x8080_8080_8080_8080
        return stops.trailingZeroBitCount & ~7
    }

    /// Eight digits, the first one lowest, summed pairwise.
    @inline(__always)
    private static func sum(_ digits: UInt64) -> UInt64 {
        let value = (digits &* 10) &+ (digits &>> 8)
        let low = (value & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let high = ((value &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (low &+ high) &>> 32
    }

    @inline(__always)
    private static func product(_ a: UInt64, _ b: UInt64) -> UInt128 {
        let wide = a.multipliedFullWidth(by: b)
        return UInt128(wide.high) << 64 | UInt128(wide.low)
    }

    /// 10 to the power of 0...8, without a branch: the bits of the exponent choose the factors.
    @inline(__always)
    private static func power(_ exponent: Int) -> UInt64 {
        let bits = UInt64(truncatingIfNeeded: exponent)
        return (1 &+ 9 &* (bits & 1)) &* (1 &+ 99 &* (bits &>> 1 & 1))
            &* (1 &+ 9_999 &* (bits &>> 2 & 1)) &* (1 &+ 99_999_999 &* (bits &>> 3))
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

/// Runs of decimal digits, eight bytes in one step.
@usableFromInline
enum DigitRun {
    /// The run of at most eight digits at `place`, which is within the bytes or at their end: how
    /// many there are, and what they spell.
    @inlinable @inline(__always)
    static func read(_ bytes: RawSpan, at place: Int) -> (count: Int, value: UInt64) {
        guard bytes.byteCount &- place >= 8 else { return readSlowly(bytes, at: place) }
        let chunk = bytes.word(place) ^ 0x3030_3030_3030_3030
        // A byte above 9 gets its top bit set; carries only reach the bytes after the first such.
        let stops = ((chunk &+ 0x7676_7676_7676_7676) | chunk) & 0x8080_8080_8080_8080
        let bits = stops.trailingZeroBitCount & ~7
        if bits == 0 { return (0, 0) }
        // The digits are moved to the top, so that zeros lead, and summed pairwise.
        var value = chunk &<< UInt64(64 &- bits)
        value = (value &* 10) &+ (value &>> 8)
        let low = (value & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let high = ((value &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (bits &>> 3, (low &+ high) &>> 32)
    }

    /// The last bytes of a text, one by one.
    @usableFromInline @inline(never)
    static func readSlowly(_ bytes: RawSpan, at place: Int) -> (count: Int, value: UInt64) {
        var value: UInt64 = 0
        var index = place
        while index < bytes.byteCount {
            let digit = bytes.byte(index) &- 48
            if digit > 9 { break }
            value = value &* 10 &+ UInt64(digit)
            index += 1
        }
        return (index - place, value)
    }
}

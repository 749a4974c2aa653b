/// Up to 32 bytes of UTF-8 without a NUL, held in place: a copy counts no references, and comparing
/// and hashing are those of four words. Texts are ordered by their bytes.
struct ShortText: Hashable, Comparable, Sendable {
    /// The bytes, most significant first, with zeros behind the last.
    private var a: UInt64 = 0
    private var b: UInt64 = 0
    private var c: UInt64 = 0
    private var d: UInt64 = 0

    /// The most bytes it holds.
    static let capacity = 32

    /// Nil where the text is longer than 32 bytes or holds a NUL.
    init?(_ text: String) {
        var index = 0
        for byte in text.utf8 {
            guard index < ShortText.capacity, byte != 0 else { return nil }
            put(byte, at: index)
            index += 1
        }
    }

    /// No text.
    init() {}

    /// Puts a byte of valid UTF-8 in; those before it must have been put.
    mutating func put(_ byte: UInt8, at index: Int) {
        let bits = UInt64(byte) << UInt64(56 - 8 * (index & 7))
        switch index >> 3 {
        case 0: a |= bits
        case 1: b |= bits
        case 2: c |= bits
        case _: d |= bits
        }
    }

    /// The byte at `index`, below 32; zero behind the last.
    func byte(_ index: Int) -> UInt8 {
        let word =
            switch index >> 3 {
            case 0: a
            case 1: b
            case 2: c
            case _: d
            }
        return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
    }

    /// How many bytes it is long.
    var count: Int {
        if d != 0 { return 32 - d.trailingZeroBitCount >> 3 }
        if c != 0 { return 24 - c.trailingZeroBitCount >> 3 }
        if b != 0 { return 16 - b.trailingZeroBitCount >> 3 }
        return a == 0 ? 0 : 8 - a.trailingZeroBitCount >> 3
    }

    var string: String {
        let words = (a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian)
        return unsafe withUnsafeBytes(of: words) { bytes in
            unsafe String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    /// All words in one.
    private var folded: UInt64 {
        let (left, right) = (b << 17 | b >> 47, c << 31 | c >> 33)
        return a ^ left ^ right ^ (d << 47 | d >> 17)
    }

    /// A number whose low bits spread texts evenly.
    var spread: UInt64 {
        let mixed = (folded ^ folded >> 32) &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ mixed >> 32
    }

    func hash(into hasher: inout Hasher) { hasher.combine(folded) }

    static func < (x: ShortText, y: ShortText) -> Bool {
        if x.a != y.a { return x.a < y.a }
        if x.b != y.b { return x.b < y.b }
        if x.c != y.c { return x.c < y.c }
        return x.d < y.d
    }
}

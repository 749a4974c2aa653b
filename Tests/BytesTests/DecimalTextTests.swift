import Bounded
import Bytes
import Testing

@Suite("Decimal text is read and written exactly, or refused")
struct DecimalTextTests {
    static func read(_ text: String) -> Result<Int128, DecimalText.Problem> {
        let bytes = Array(text.utf8)
        do throws(DecimalText.Problem) {
            return .success(try DecimalText.parse(bytes.rawSpan))
        } catch { return .failure(error) }
    }

    static let trillion: Int128 = 1_000_000_000_000
    static let accepted: [(text: String, units: Int128)] = [
        ("0", 0), ("-0", 0), ("1", trillion), ("+1", trillion), ("-1.5", -trillion * 3 / 2),
        ("007", 7 * trillion), (".5", trillion / 2), ("5.", 5 * trillion), ("-.5", -trillion / 2),
        ("1E-7", 100_000), ("1e+2", 100 * trillion), ("0.000000000001", 1),
        ("0.0000000000010000", 1), ("61800.20", 61_800_200_000_000_000),
        ("9999999999999.999999999999", 10_000_000_000_000 * trillion - 1),
        ("0000000000000000000000000000000000000000001", trillion),
        ("0.00000000000000000000000000000000000000000", 0), ("0E9999", 0),
        ("123456789.123456789012", 123_456_789_123_456_789_012),
        ("1000000000000", 1_000_000_000_000 * trillion),
    ]

    @Test("each accepted form has its value", arguments: accepted)
    func acceptance(text: String, units: Int128) {
        #expect(Self.read(text) == .success(units))
    }

    static let refused: [(text: String, problem: DecimalText.Problem)] = [
        ("", .empty), ("-", .malformed), ("+", .malformed), (".", .malformed), ("-.", .malformed),
        ("1.2.3", .malformed), ("--1", .malformed), ("+-1", .malformed), ("1e", .malformed),
        ("1e+", .malformed), ("e5", .malformed), ("1e5.5", .malformed), ("1e12345", .malformed),
        (" 1", .malformed), ("1 ", .malformed), ("1,5", .malformed), ("0x10", .malformed),
        ("NaN", .malformed), ("Infinity", .malformed), ("1_000", .malformed), ("１", .malformed),
        ("10000000000000", .tooLarge), ("1e13", .tooLarge), ("1e9999", .tooLarge),
        ("99999999999999999999", .tooLarge), ("123456789012345678901234567890123456", .tooLarge),
        ("0.0000000000001", .tooFine), ("1e-13", .tooFine), ("1e-9999", .tooFine),
        ("1.0000000000001", .tooFine),
    ]

    @Test("each refused form has its reason (I2)", arguments: refused)
    func refusal(text: String, problem: DecimalText.Problem) {
        #expect(Self.read(text) == .failure(problem))
    }

    @Test("what is written is read back, with any padding, 50,000 values, seed 11")
    func roundTrip() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<50_000 {
            let digits = Int.random(in: 0...25, using: &random)
            var bound: UInt128 = 1
            for _ in 0..<digits { bound *= 10 }
            let magnitude = UInt128(random.next()) << 64 | UInt128(random.next())
            var units = Int128(magnitude % bound)
            if Bool.random(using: &random) { units = -units }
            let text = DecimalText.text(units)
            #expect(Self.read(text) == .success(units))
            #expect(!text.contains(".") || !(text.hasSuffix("0") || text.hasSuffix(".")))
            let places = Int.random(in: 0...12, using: &random)
            var writer = ByteWriter()
            DecimalText.write(units, minimumPlaces: places, into: &writer)
            let padded = String(writer.rawSpan)
            #expect(Self.read(padded) == .success(units))
            let decimals = padded.split(separator: ".").dropFirst().first?.utf8.count ?? 0
            #expect(decimals >= places)
        }
    }

    @Test("the word-sized reader agrees with the general one on 100,000 texts, seed 12")
    func agreement() {
        var random = SplitMix64(seed: 12)
        let alphabet = Array("0123456789012345678900..-+eE".utf8)
        for _ in 0..<100_000 {
            let length = Int.random(in: 0...24, using: &random)
            let bytes = (0..<length).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            // An exponent keeps a number from the short way and does not change its value.
            let text = String(decoding: bytes, as: UTF8.self)
            guard !bytes.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }), !bytes.isEmpty else {
                continue
            }
            #expect(Self.read(text) == Self.read(text + "e0"), "\(text)")
        }
    }

    @Test("extreme units are written in full")
    func extremes() {
        #expect(DecimalText.text(Int128.max) == "170141183460469231731687303.715884105727")
        #expect(DecimalText.text(Int128.min) == "-170141183460469231731687303.715884105728")
        #expect(DecimalText.text(-1) == "-0.000000000001")
        #expect(DecimalText.text(0) == "0")
    }

    @Test("integers are written as the standard library writes them, seed 13")
    func integers() {
        var random = SplitMix64(seed: 13)
        var writer = ByteWriter(capacity: 16)
        func expect<Number: FixedWidthInteger>(_ value: Number) {
            writer.removeAll()
            writer.append(integer: value)
            let text = String(writer.rawSpan)
            #expect(text == "\(value)")
        }
        var power: UInt64 = 1
        for _ in 0..<19 {
            for value in [power - 1, power, power + 1] { expect(value) }
            power *= 10
        }
        for _ in 0..<20_000 {
            let word = random.next() >> UInt64.random(in: 0..<64, using: &random)
            expect(word)
            expect(Int64(bitPattern: word))
            expect(UInt128(random.next()) << 64 | UInt128(word))
        }
        expect(Int64.min)
        expect(UInt64.max)
        expect(UInt128.max)
        expect(Int128.min)
        expect(UInt8(200))
        expect(Int8(-128))
    }

    @Test("whole numbers are read within Int64 and refused beyond")
    func integerText() {
        let cases: [(String, Int64?)] = [
            ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), ("-", nil),
            ("+1", nil), ("1.0", nil), ("12a", nil), ("99999999999999999999", nil), ("007", 7),
        ]
        for (text, value) in cases {
            let bytes = Array(text.utf8)
            #expect(IntegerText.parse(bytes.rawSpan) == value)
        }
    }

    @Test("division by 1e12 agrees with the standard library's, seed 14")
    func trillion() {
        var random = SplitMix64(seed: 14)
        for _ in 0..<50_000 {
            let shift = UInt128.random(in: 0..<128, using: &random)
            let value = (UInt128(random.next()) << 64 | UInt128(random.next())) >> shift
            for value in [value, value / 1_000_000_000_000 * 1_000_000_000_000] {
                let (quotient, remainder) = Trillion.divide(value)
                let expected = value.quotientAndRemainder(dividingBy: 1_000_000_000_000)
                #expect(quotient == expected.quotient && UInt128(remainder) == expected.remainder)
            }
        }
        let top = Trillion.divide(UInt128.max)
        #expect(top.quotient == UInt128.max / 1_000_000_000_000)
    }
}

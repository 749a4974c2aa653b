import Testing

@testable import Bytes

@Suite("SHA-256, HMAC-SHA-256 and CRC-32 match the published vectors")
struct HashTests {
    /// FIPS 180-4 and the NIST examples (CAVP short and long messages).
    static let digests: [(message: String, digest: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    @Test("each NIST message has its digest", arguments: digests)
    func digest(message: String, digest: String) {
        #expect(Hex.text(SHA256.digest(Array(message.utf8))) == digest)
    }

    @Test("a million letters a have their digest, whatever the pieces")
    func millionLetters() {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000)
        var hash = SHA256()
        for _ in 0..<1_000 { hash.update(piece.rawSpan) }
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(hash.finish().hex == expected)
    }

    @Test("a message cut in two at any byte has the digest of the whole")
    func pieces() {
        let message = (0..<200).map { UInt8($0) }
        let whole = SHA256.digest(message.rawSpan)
        for cut in 0...message.count {
            var hash = SHA256()
            let (head, tail) = (Array(message[..<cut]), Array(message[cut...]))
            hash.update(head.rawSpan)
            hash.update(tail.rawSpan)
            #expect(hash.finish() == whole)
        }
    }

    @Test(
        "the processor's instructions and the plain rounds agree on any blocks",
        .enabled(if: SHA256.isNative))
    func rounds() {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<64 * 40).map { _ in UInt8.random(in: 0...255, using: &random) }
        for count in 1...32 {
            var native = SHA256.State()
            var plain = SHA256.State()
            native.compress(bytes.rawSpan, at: count, count: count)
            for block in 0..<count { plain.compressByRounds(bytes.rawSpan, at: count + 64 * block) }
            #expect(native == plain, "\(count) blocks of \(bytes)")
        }
    }

    struct Vector: Sendable, CustomTestStringConvertible {
        var testDescription: String { String(code.prefix(8)) }
        let key: [UInt8]
        let data: [UInt8]
        let code: String
    }

    /// RFC 4231, section 4; case 5 is truncated to 128 bits there and here.
    static let vectors: [Vector] = [
        Vector(
            key: .init(repeating: 0x0B, count: 20), data: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: .init(repeating: 0xAA, count: 20), data: .init(repeating: 0xDD, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: (1...25).map { UInt8($0) }, data: .init(repeating: 0xCD, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: .init(repeating: 0x0C, count: 20), data: Array("Test With Truncation".utf8),
            code: "a3b6167473100ee06e0c796c2955552b"),
        Vector(
            key: .init(repeating: 0xAA, count: 131),
            data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: .init(repeating: 0xAA, count: 131),
            data: Array(
                ("This is a test using a larger than block-size key and a larger than "
                    + "block-size data. The key needs to be hashed before being used by the "
                    + "HMAC algorithm.").utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test("each RFC 4231 case has its code", arguments: vectors)
    func code(vector: Vector) {
        let signature = HMACSHA256(key: vector.key).signature(of: vector.data.rawSpan)
        #expect(Hex.text(signature).hasPrefix(vector.code))
    }

    @Test("a signature covers query and body with nothing in between, and is checked in any case")
    func request() {
        let signer = HMACSHA256(key: Array("secret".utf8))
        let whole = signer.hexSignature(query: "a=1b=2")
        #expect(signer.hexSignature(query: "a=1", body: "b=2") == whole)
        let (query, body) = (Array("a=1".utf8), Array("b=2".utf8))
        #expect(signer.hexSignature(query: query.rawSpan, body: body.rawSpan) == whole)
        for text in [whole, whole.uppercased()] {
            let hex = Array(text.utf8)
            let isAccepted = signer.accepts(
                hex: hex.rawSpan, query: query.rawSpan, body: body.rawSpan)
            #expect(isAccepted)
        }
        for text in [
            "", "00", String(whole.dropLast()), String(whole.dropLast()) + "g", whole + "0",
        ] {
            let hex = Array(text.utf8)
            let isAccepted = signer.accepts(
                hex: hex.rawSpan, query: query.rawSpan, body: body.rawSpan)
            #expect(!isAccepted)
        }
        var wrong = Array(whole.utf8)
        wrong[63] = wrong[63] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        let isAccepted = signer.accepts(
            hex: wrong.rawSpan, query: query.rawSpan, body: body.rawSpan)
        #expect(!isAccepted)
    }

    @Test("CRC-32 has the check values of its catalogue entry")
    func checksum() {
        let cases: [(String, UInt32)] = [
            ("", 0), ("a", 0xE8B7_BE43), ("123456789", 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ]
        for (text, value) in cases {
            let bytes = Array(text.utf8)
            #expect(CRC32.checksum(bytes.rawSpan) == value)
        }
    }
}

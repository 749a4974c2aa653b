/// SHA-256 (FIPS 180-4) over bytes that arrive in any number of pieces; nothing is allocated.
@safe package struct SHA256: Sendable {
    private var state: State
    private var block = InlineArray<64, UInt8>(repeating: 0)
    /// Bytes of `block` in use; below 64 between calls.
    private var held = 0
    private var total: UInt64 = 0

    package init() { state = State() }

    /// Takes the next bytes of the message.
    package mutating func update(_ bytes: RawSpan) {
        total &+= UInt64(bytes.byteCount)
        var index = 0
        if held > 0 {
            let taken = min(64 - held, bytes.byteCount)
            hold(bytes, from: 0, count: taken)
            index = taken
            if held < 64 { return }
            compressBlock()
        }
        let blocks = (bytes.byteCount - index) / 64
        if blocks > 0 {
            state.compress(bytes, at: index, count: blocks)
            index += 64 * blocks
        }
        hold(bytes, from: index, count: bytes.byteCount - index)
    }

    /// The digest of all bytes taken.
    package consuming func finish() -> Digest {
        let bitCount = total &* 8
        block[held] = 0x80
        held += 1
        if held > 56 {
            while held < 64 { pad(0) }
            compressBlock()
        }
        while held < 56 { pad(0) }
        for shift in 1...8 { pad(UInt8(truncatingIfNeeded: bitCount >> UInt64(64 - 8 * shift))) }
        compressBlock()
        return Digest(state)
    }

    private mutating func pad(_ byte: UInt8) {
        block[held] = byte
        held += 1
    }

    private mutating func hold(_ bytes: RawSpan, from start: Int, count: Int) {
        for index in start..<start + count { pad(bytes.byte(index)) }
    }

    private mutating func compressBlock() {
        unsafe state.compress(block.span.bytes, at: 0)
        held = 0
    }

    /// The digest of one message.
    package static func digest(_ message: RawSpan) -> Digest {
        var hash = SHA256()
        hash.update(message)
        return hash.finish()
    }

    /// The 32 bytes of the digest of one message.
    package static func digest(_ message: [UInt8]) -> [UInt8] { digest(message.rawSpan).bytes }

    /// The 32 bytes a message comes to.
    package struct Digest: Hashable, Sendable {
        /// The eight words of the digest, most significant first.
        package let words: [8 of UInt32]

        fileprivate init(_ state: State) {
            words = [
                state.a, state.b, state.c, state.d, state.e, state.f, state.g, state.h,
            ]
        }

        /// The byte at `index`, 0 to 31.
        package func byte(_ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: words[index >> 2] >> UInt32(24 - 8 * (index & 3)))
        }

        package var bytes: [UInt8] { (0..<32).map(byte) }
        /// 64 lower-case hexadecimal digits.
        package var hex: String { Hex.text(bytes) }

        /// Writes the 64 lower-case hexadecimal digits; allocates nothing where the writer has
        /// room.
        package func writeHex(into writer: inout ByteWriter) {
            for index in 0..<32 {
                writer.append(byte: Hex.digit(byte(index) >> 4))
                writer.append(byte: Hex.digit(byte(index) & 15))
            }
        }

        /// Compares in a time that does not depend on where the digests differ.
        package static func == (a: Digest, b: Digest) -> Bool {
            var difference: UInt32 = 0
            for index in 0..<8 { difference |= a.words[index] ^ b.words[index] }
            return difference == 0
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
    }
}

/// HMAC-SHA-256 (RFC 2104) under one key, whose two padded blocks are hashed once, at `init`.
///
/// A signature is then two short hashes and allocates nothing but its result.
package struct HMACSHA256: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// - Parameter key: of any length; longer than 64 bytes it is hashed first.
    package init(key: [UInt8]) {
        let short = key.count > 64 ? SHA256.digest(key) : key
        let block = short + [UInt8](repeating: 0, count: 64 - short.count)
        inner = HMACSHA256.state(after: block.map { $0 ^ 0x36 })
        outer = HMACSHA256.state(after: block.map { $0 ^ 0x5C })
    }

    private static func state(after block: [UInt8]) -> SHA256 {
        var hash = SHA256()
        hash.update(block.rawSpan)
        return hash
    }

    /// The code of `first` and `second`, one after the other with nothing in between.
    package func code(of first: RawSpan, _ second: RawSpan) -> SHA256.Digest {
        var hash = inner
        hash.update(first)
        hash.update(second)
        return finish(hash)
    }

    /// The code of one message.
    package func code(of message: RawSpan) -> SHA256.Digest {
        var hash = inner
        hash.update(message)
        return finish(hash)
    }

    private func finish(_ hash: SHA256) -> SHA256.Digest {
        let digest = hash.finish()
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        for index in 0..<32 { bytes[index] = digest.byte(index) }
        var hash = outer
        unsafe hash.update(bytes.span.bytes)
        return hash.finish()
    }

    /// The 32 bytes of the code of a message.
    package func signature(of message: RawSpan) -> [UInt8] { code(of: message).bytes }

    /// The 32 bytes of the code of two pieces, one after the other.
    package func signature(of first: RawSpan, _ second: RawSpan) -> [UInt8] {
        code(of: first, second).bytes
    }

    /// The hexadecimal signature of a request as Binance and MEXC define it: over the query string
    /// and the body as they are sent, one after the other with nothing in between.
    package func hexSignature(query: String, body: String = "") -> String {
        var hash = inner
        query.withRawSpan { hash.update($0) }
        body.withRawSpan { hash.update($0) }
        return finish(hash).hex
    }

    /// The same over bytes.
    package func hexSignature(query: RawSpan, body: RawSpan) -> String {
        code(of: query, body).hex
    }

    /// Whether `hex`, in either case, is the signature of the two pieces; the time it takes does
    /// not tell where they differ.
    package func accepts(hex: RawSpan, query: RawSpan, body: RawSpan) -> Bool {
        guard hex.byteCount == 64 else { return false }
        let expected = code(of: query, body)
        var difference: UInt8 = 0
        for index in 0..<32 {
            guard let high = Hex.value(of: hex.byte(2 * index)),
                let low = Hex.value(of: hex.byte(2 * index + 1))
            else { return false }
            difference |= expected.byte(index) ^ (high << 4 | low)
        }
        return difference == 0
    }
}

extension HTTPRequestParser {
    /// Bytes of a chunk-size line, extensions included; real ones hold eight digits or fewer.
    private static let chunkLineBytes = 256

    mutating func advanceChunk() throws(HTTPError) -> HTTPParserStep? {
        switch state {
        case .chunkSize:
            let tooLong = HTTPError.malformed("chunk size line too long")
            guard let line = try input.takeLine(limit: Self.chunkLineBytes, tooLong) else {
                return .needsMore
            }
            try chunkSizeReceived(line)
            return nil
        case .chunkData(let remaining):
            let left = remaining - input.take(remaining, to: &body)
            state = left == 0 ? .chunkEnd : .chunkData(remaining: left)
            return left == 0 ? nil : .needsMore
        case .chunkEnd:
            guard let line = try input.takeLine(limit: 0, .malformed("chunk longer than its size"))
            else { return .needsMore }
            precondition(line.isEmpty, "a line within limit 0 is empty")
            state = .chunkSize
            return nil
        case .trailerLine:
            return try trailerReceived()
        case .requestLine, .fieldLine, .fixedBody, .failed:
            preconditionFailure("advanceChunk belongs to the chunk states")
        }
    }

    /// Hex digits, then optionally `;` and an extension, which is ignored.
    private mutating func chunkSizeReceived(_ line: Range<Int>) throws(HTTPError) {
        var size = 0
        var index = line.lowerBound
        while index < line.upperBound, let digit = HTTPSyntax.hexDigit(input.bytes[index]) {
            guard size < 1 << 52 else { throw .bodyTooLarge }
            size = size * 16 + digit
            index += 1
        }
        guard index > line.lowerBound else { throw .malformed("bad chunk size") }
        let rest = input.bytes[index..<line.upperBound]
        guard rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy(HTTPSyntax.isValueByte)
        else { throw .malformed("bad chunk size") }
        guard size <= limits.bodyBytes - body.count else { throw .bodyTooLarge }
        state = size == 0 ? .trailerLine : .chunkData(remaining: size)
    }

    /// Trailer fields are checked and dropped; the empty line ends the request.
    private mutating func trailerReceived() throws(HTTPError) -> HTTPParserStep? {
        guard let line = try takeFieldLine() else { return .needsMore }
        guard !line.isEmpty else { return finish() }
        guard trailerCount < limits.headerCount else { throw .tooManyHeaders }
        trailerCount += 1
        _ = try HTTPSyntax.field(line, in: input.bytes)
        return nil
    }
}

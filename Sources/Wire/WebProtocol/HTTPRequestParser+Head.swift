extension HTTPRequestParser {
    /// `method SP target SP HTTP/1.x`, each separated by exactly one space.
    mutating func requestLineReceived(_ line: Range<Int>) throws(HTTPError) {
        if line.isEmpty {
            // One empty line before a request is forgiven (RFC 9112 section 2.2), no more.
            guard blankLines == 0 else { throw .malformed("empty request line") }
            blankLines += 1
            return
        }
        let bytes = input.bytes[line]
        guard let first = bytes.firstIndex(of: 0x20), first > line.lowerBound,
            bytes[..<first].allSatisfy(HTTPSyntax.isTokenByte)
        else { throw .malformed("method not a token") }
        let rest = bytes[(first + 1)...]
        guard let second = rest.firstIndex(of: 0x20), second > first + 1 else {
            throw .malformed("request line without target or version")
        }
        guard rest[..<second].allSatisfy(HTTPSyntax.isTargetByte) else {
            throw .malformed("bad character in the request target")
        }
        minorVersion = try HTTPSyntax.minorVersion(rest[(second + 1)...])
        method = input.text(line.lowerBound..<first)
        target = input.text((first + 1)..<second)
        try checkTarget()
        state = .fieldLine
    }

    private func checkTarget() throws(HTTPError) {
        let isOrigin = target.utf8.first == UInt8(ascii: "/")
        let isAsterisk = method == "OPTIONS" && target == "*"
        let isAbsolute =
            HTTPSyntax.equal(target.prefix(7), "http://")
            || HTTPSyntax.equal(target.prefix(8), "https://")
        guard isOrigin || isAsterisk || isAbsolute else { throw .malformed("bad request target") }
    }

    mutating func fieldReceived(_ line: Range<Int>) throws(HTTPError) -> HTTPParserStep? {
        guard headers.count < limits.headerCount else { throw .tooManyHeaders }
        let field = try HTTPSyntax.field(line, in: input.bytes)
        headers.append(field.name, field.value)
        return nil
    }

    /// The empty line: decides how the body is framed, and refuses what could be framed twice.
    mutating func headReceived() throws(HTTPError) -> HTTPParserStep? {
        let hosts = headers.values("host").count
        guard hosts == 1 || hosts == 0 && minorVersion == 0 else {
            throw .malformed("not exactly one host header")
        }
        let codings = headers.values("transfer-encoding")
        let lengths = headers.values("content-length")
        lineBytes = 0
        if codings.isEmpty {
            let length = try HTTPSyntax.length(lengths)
            guard length > 0 else { return finish() }
            guard length <= limits.bodyBytes else { throw .bodyTooLarge }
            state = .fixedBody(remaining: length)
        } else {
            guard lengths.isEmpty else { throw .malformed("both length and transfer coding") }
            guard minorVersion >= 1 else { throw .malformed("transfer coding in HTTP/1.0") }
            guard codings.count == 1, HTTPSyntax.equal(codings[0], "chunked") else {
                throw HTTPError(status: 501, message: "transfer coding not supported")
            }
            state = .chunks
        }
        return try expectation()
    }

    private func expectation() throws(HTTPError) -> HTTPParserStep? {
        guard minorVersion >= 1, let value = headers["expect"] else { return nil }
        guard HTTPSyntax.equal(value, "100-continue") else {
            throw HTTPError(status: 417, message: "expectation not supported")
        }
        return .continueExpected
    }
}

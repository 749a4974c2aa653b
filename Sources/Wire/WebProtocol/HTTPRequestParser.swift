/// What the request parser has to say after taking the bytes that arrived.
package enum HTTPParserStep: Equatable, Sendable {
    /// Nothing more to say until more bytes are appended.
    case needsMore
    /// The head is in and the client waits for `100 Continue` before it sends the body.
    case continueExpected
    /// A whole request.
    case request(HTTPRequest)
}

/// The server's side of HTTP/1.1: bytes in, whole requests out (RFC 9112).
///
/// Refused, among others: line ends without CR, folded headers, spaces before the colon, several or
/// contradicting lengths, a length together with a transfer coding, codings other than `chunked`,
/// a missing or second `Host`. Pipelined requests come out one for each `next()`.
package struct HTTPRequestParser: Sendable {
    /// Where in a request the parser stands; a driver picks its deadline by it.
    package enum Phase: Sendable { case idle, head, body }

    enum State: Sendable {
        case requestLine
        case fieldLine
        case fixedBody(remaining: Int)
        case chunks
        case failed(HTTPError)
    }

    let limits: HTTPLimits
    var state = State.requestLine
    var input = HTTPLineBuffer()
    var method = ""
    var target = ""
    var minorVersion = 1
    var headers = HTTPHeaders()
    var lineBytes = 0
    var chunks = HTTPChunkReader()
    var body: [UInt8] = []
    var blankLines = 0

    package init(limits: HTTPLimits = .standard) { self.limits = limits }

    package mutating func append(_ bytes: RawSpan) {
        if case .failed = state { return }
        input.append(bytes)
    }

    package var phase: Phase {
        switch state {
        case .requestLine: input.isEmpty ? .idle : .head
        case .fieldLine: .head
        case .fixedBody, .chunks: .body
        case .failed: .idle
        }
    }

    /// Takes the next step; call it until it answers `.needsMore`. A thrown refusal is final.
    package mutating func next() throws(HTTPError) -> HTTPParserStep {
        do throws(HTTPError) {
            while true {
                if let step = try advance() { return step }
            }
        } catch {
            state = .failed(error)
            input.discard()
            throw error
        }
    }

    /// The bytes after the last request, for the protocol that takes over.
    package mutating func takeRemainder() -> [UInt8] { input.takeRemainder() }

    /// One move of the machine; nil asks for another at once.
    private mutating func advance() throws(HTTPError) -> HTTPParserStep? {
        switch state {
        case .failed(let error):
            throw error
        case .requestLine:
            guard let line = try input.takeLine(limit: limits.requestLineBytes, .requestLineTooLong)
            else { return .needsMore }
            try requestLineReceived(line)
            return nil
        case .fieldLine:
            guard let line = try takeFieldLine() else { return .needsMore }
            return line.isEmpty ? try headReceived() : try fieldReceived(line)
        case .fixedBody(let remaining):
            let left = remaining - input.take(remaining, to: &body)
            state = .fixedBody(remaining: left)
            return left == 0 ? finish() : .needsMore
        case .chunks:
            return try chunks.advance(&input, to: &body, limits) ? finish() : .needsMore
        }
    }

    /// A header line within what is left of the byte limit.
    mutating func takeFieldLine() throws(HTTPError) -> Range<Int>? {
        guard let line = try input.takeLine(limit: limits.headerBytes - lineBytes, .headersTooLarge)
        else { return nil }
        lineBytes += line.count
        return line
    }

    /// Hands the request out and makes ready for the next one.
    mutating func finish() -> HTTPParserStep {
        defer {
            state = .requestLine
            headers = HTTPHeaders()
            body = []
            lineBytes = 0
            chunks = HTTPChunkReader()
            blankLines = 0
        }
        return .request(
            HTTPRequest(
                method: method, target: target, headers: headers, body: body,
                minorVersion: minorVersion))
    }
}

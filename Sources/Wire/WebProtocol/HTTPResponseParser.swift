/// A whole answer of a server.
package struct HTTPAnswer: Equatable, Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: [UInt8]
    /// Whether the connection may carry another request.
    package let staysOpen: Bool
}

/// The client's side of HTTP/1.1: bytes in, whole answers out (RFC 9112).
///
/// Interim answers (1xx) are passed over. Refused, among others: lengths that contradict each other, a
/// length together with a transfer coding, codings other than `chunked`, a connection that ends
/// within an answer.
package struct HTTPResponseParser: Sendable {
    private enum State: Sendable {
        case statusLine
        case fieldLine
        case fixedBody(remaining: Int)
        case chunks
        case untilClose
        case failed(HTTPError)
    }

    private let limits: HTTPLimits
    private var state = State.statusLine
    private var input = HTTPLineBuffer()
    private var chunks = HTTPChunkReader()
    private var status = 0
    private var minorVersion = 1
    private var headers = HTTPHeaders()
    private var headerBytes = 0
    private var body: [UInt8] = []

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Whether something of an answer has come that is not handed out.
    package var isInsideAnswer: Bool {
        if case .statusLine = state { !input.isEmpty } else { true }
    }

    package mutating func append(_ bytes: RawSpan) {
        if case .failed = state { return }
        input.append(bytes)
    }

    /// The next whole answer; nil where more bytes must come. A thrown refusal is final.
    /// - Parameter isHead: whether it answers HEAD, and so has no body.
    package mutating func next(isHead: Bool = false) throws(HTTPError) -> HTTPAnswer? {
        do throws(HTTPError) {
            while true {
                switch state {
                case .failed(let error): throw error
                case .statusLine:
                    let room = limits.headerBytes
                    guard let line = try input.takeLine(limit: room, .headersTooLarge) else {
                        return nil
                    }
                    (status, minorVersion) = try HTTPSyntax.status(input.bytes[line])
                    state = .fieldLine
                case .fieldLine:
                    let room = limits.headerBytes - headerBytes
                    guard let line = try input.takeLine(limit: room, .headersTooLarge) else {
                        return nil
                    }
                    try fieldReceived(line)
                    if line.isEmpty, let answer = try headReceived(isHead) { return answer }
                case .fixedBody(let remaining):
                    let left = remaining - input.take(remaining, to: &body)
                    state = .fixedBody(remaining: left)
                    return left == 0 ? finish(staysOpen: true) : nil
                case .chunks:
                    let isWhole = try chunks.advance(&input, to: &body, limits)
                    return isWhole ? finish(staysOpen: true) : nil
                case .untilClose:
                    let room = limits.bodyBytes - body.count
                    _ = input.take(room, to: &body)
                    guard input.isEmpty else { throw .bodyTooLarge }
                    return nil
                }
            }
        } catch {
            state = .failed(error)
            input.discard()
            throw error
        }
    }

    /// The peer has ended the connection: the answer that ends by that, if there is one.
    package mutating func ended() throws(HTTPError) -> HTTPAnswer? {
        if case .untilClose = state { return finish(staysOpen: false) }
        guard isInsideAnswer else { return nil }
        throw .malformed("response cut short")
    }

    private mutating func fieldReceived(_ line: Range<Int>) throws(HTTPError) {
        headerBytes += line.count
        if line.isEmpty { return }
        guard headers.count < limits.headerCount else { throw .tooManyHeaders }
        let field = try HTTPSyntax.field(line, in: input.bytes)
        headers.append(field.name, field.value)
    }

    /// The empty line: decides how the body is framed.
    private mutating func headReceived(_ isHead: Bool) throws(HTTPError) -> HTTPAnswer? {
        if status < 200 {
            guard status != 101 else { throw .malformed("an answer nobody asked for") }
            reset()
            return nil
        }
        if isHead || status == 204 || status == 304 { return finish(staysOpen: true) }
        let codings = headers.values("transfer-encoding")
        let lengths = headers.values("content-length")
        if let coding = codings.first {
            guard minorVersion >= 1, lengths.isEmpty, codings.count == 1,
                HTTPSyntax.equal(coding, "chunked")
            else {
                throw .malformed("bad transfer coding")
            }
            state = .chunks
        } else if lengths.isEmpty {
            state = .untilClose
        } else {
            let length = try HTTPSyntax.length(lengths)
            guard length <= limits.bodyBytes else { throw .bodyTooLarge }
            body.reserveCapacity(length)
            state = .fixedBody(remaining: length)
        }
        return nil
    }

    private mutating func finish(staysOpen: Bool) -> HTTPAnswer {
        let isKept =
            minorVersion >= 1
            ? !headers.contains("close", in: "connection")
            : headers.contains("keep-alive", in: "connection")
        let answer = HTTPAnswer(
            status: status, headers: headers, body: body, staysOpen: staysOpen && isKept)
        reset()
        return answer
    }

    private mutating func reset() {
        state = .statusLine
        chunks = HTTPChunkReader()
        headers = HTTPHeaders()
        headerBytes = 0
        body = []
    }
}

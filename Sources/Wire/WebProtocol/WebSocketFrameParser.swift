internal import Bytes

/// What a WebSocket peer sent; the bytes are in the parser's `payload`.
package enum WebSocketEvent: Equatable, Sendable {
    /// A whole text message, proven to be UTF-8.
    case text
    /// A whole binary message.
    case binary
    /// To be answered by a pong with the same payload.
    case ping
    case pong
    /// The peer closes; `payload` is the reason's text, the code is nil when it sent none.
    case close(WebSocketCloseCode?)
}

/// Takes frames apart and puts messages together (RFC 6455 section 5), for either end.
///
/// It owns the receive buffer: `fill` it from the socket, then call `next()` until it yields nil. A
/// message in one frame is lent in place, unmasked in place if need be; fragments are gathered in a
/// second buffer. Both are reused, so that the steady state allocates nothing.
package struct WebSocketFrameParser: Sendable {
    /// Which end this is; it decides which frames must be masked.
    package enum Role: Sendable { case client, server }

    private enum Payload: Sendable {
        case buffer(Range<Int>)
        case message
    }

    /// Space offered to a read; below it the buffer is compacted or grown.
    private static let readBytes = 1_024

    private let role: Role
    private let limits: WebSocketLimits
    private var buffer: [UInt8]
    private var head = 0
    private var tail = 0
    private var message: [UInt8] = []
    private var fragmentedOpcode: WebSocketOpcode?
    private var lent = Payload.buffer(0..<0)
    private var failure: WebSocketError?
    private var isClosed = false

    package init(role: Role, limits: WebSocketLimits) {
        self.role = role
        self.limits = limits
        buffer = [UInt8](repeating: 0, count: limits.initialBufferBytes)
    }

    /// A parser that stands in where another is moved out; it holds no buffer.
    package init(idle: Void) {
        role = .client
        limits = .client
        buffer = []
    }

    /// The payload of the last event, good until the parser is changed again.
    package var payload: RawSpan {
        @_lifetime(borrow self) get {
            switch lent {
            case .buffer(let range): buffer.rawSpan.extracting(range)
            case .message: message.rawSpan
            }
        }
    }

    /// Whether a frame or a fragmented message has begun and not ended, once `next()` yields nil.
    package var isInsideMessage: Bool { head != tail || fragmentedOpcode != nil }

    /// Lends the free part of the buffer to a read, which returns how many bytes it stored.
    package mutating func fill(_ read: (inout MutableRawSpan) -> Int) -> Int {
        makeRoom(Self.readBytes)
        let start = tail
        var span = buffer.mutableSpan
        var bytes = unsafe span.mutableBytes
        var free = bytes._mutatingExtracting(start..<bytes.byteCount)
        let limit = free.byteCount
        let count = read(&free)
        precondition(count >= 0 && count <= limit, "a read stores no more than it was lent")
        tail += count
        return count
    }

    /// Copies bytes in that were read elsewhere.
    package mutating func append(_ bytes: RawSpan) {
        makeRoom(bytes.byteCount)
        let start = tail
        unsafe buffer.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyMemory(
                    from: $0)
            }
        }
        tail += bytes.byteCount
    }

    /// The next event, or nil when more bytes are needed. A thrown error is final, and nothing
    /// follows a close frame.
    package mutating func next() throws(WebSocketError) -> WebSocketEvent? {
        if let event = nextPlain() { return event }
        lent = .buffer(0..<0)
        if let failure { throw failure }
        do throws(WebSocketError) {
            while !isClosed, let header = try takeFrame() {
                if let event = try frameReceived(header) { return event }
            }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    /// Takes whole messages that lie one behind the other off the buffer, for `bytes` to lend: those
    /// that `next()` would give one by one, up to the first that has to be looked at closely.
    /// - Parameters:
    ///   - pieces: emptied first.
    ///   - limit: most messages at once.
    package mutating func takeMessages(
        into pieces: inout ContiguousArray<WebSocketPiece>, limit: Int
    ) {
        pieces.removeAll(keepingCapacity: true)
        guard role == .client, fragmentedOpcode == nil, failure == nil, !isClosed else { return }
        while tail &- head >= 4, pieces.count < limit, let plain = plainPayload() {
            pieces.append(
                WebSocketPiece(
                    start: plain.range.lowerBound, count: plain.range.count, isText: plain.isText))
            head = plain.range.upperBound
        }
    }

    /// The whole receive buffer, in which the pieces last taken lie; good until the parser is changed
    /// again.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get { buffer.rawSpan }
    }

    /// The way of nearly all messages of a venue: a whole, sound, unmasked frame of up to 64 kB that
    /// is a message by itself. Nil where it is anything else, which is then looked at closely.
    @inline(__always)
    private mutating func nextPlain() -> WebSocketEvent? {
        guard tail &- head >= 4, role == .client, fragmentedOpcode == nil, failure == nil, !isClosed,
            let plain = plainPayload()
        else { return nil }
        lent = .buffer(plain.range)
        head = plain.range.upperBound
        return plain.isText ? .text : .binary
    }

    /// Where the payload of such a frame lies, four bytes being there.
    @inline(__always)
    private func plainPayload() -> (range: Range<Int>, isText: Bool)? {
        let bytes = buffer.rawSpan
        let isText = bytes.byte(head) == 0x81
        guard isText || bytes.byte(head) == 0x82 else { return nil }
        var count = Int(bytes.byte(head &+ 1))
        var start = head &+ 2
        if count == 126 {
            count = Int(bytes.byte(head &+ 2)) << 8 | Int(bytes.byte(head &+ 3))
            start = head &+ 4
            if count < 126 { return nil }
        }
        guard start &- head == 4 || count < 126, count <= tail &- start,
            count <= limits.frameBytes, count <= limits.messageBytes
        else { return nil }
        let range = start..<(start &+ count)
        if isText, !UTF8Check.isValid(bytes.extracting(range)) { return nil }
        return (range, isText)
    }

    /// Takes one whole frame off the buffer and lends its payload, unmasked.
    private mutating func takeFrame() throws(WebSocketError) -> WebSocketFrameHeader? {
        guard let header = try nextHeader() else { return nil }
        try check(header)
        let start = head + header.headerCount
        guard tail - start >= header.payloadCount else { return nil }
        let range = start..<(start + header.payloadCount)
        if let key = header.maskingKey { WebSocketMask.apply(key, to: &buffer, range) }
        lent = .buffer(range)
        head = range.upperBound
        return header
    }

    private func nextHeader() throws(WebSocketError) -> WebSocketFrameHeader? {
        try WebSocketFrameHeader(
            buffer.rawSpan.extracting(head..<tail), expectsMask: role == .server,
            payloadLimit: limits.frameBytes)
    }

    /// Order of fragments and size of the message, known from the header alone.
    private func check(_ header: WebSocketFrameHeader) throws(WebSocketError) {
        guard !header.opcode.isControl else { return }
        let continues = header.opcode == .continuation
        guard continues == (fragmentedOpcode != nil) else {
            throw .violated(continues ? "continuation of nothing" : "message inside a message")
        }
        let before = continues ? message.count : 0
        guard header.payloadCount <= limits.messageBytes - before else {
            throw WebSocketError(code: .messageTooBig, message: "message too large")
        }
    }

    private mutating func frameReceived(
        _ header: WebSocketFrameHeader
    ) throws(WebSocketError) -> WebSocketEvent? {
        switch header.opcode {
        case .ping: return .ping
        case .pong: return .pong
        case .close: return try closeReceived()
        case .text, .binary:
            if header.isFinal { return try messageReceived(header.opcode) }
            fragmentedOpcode = header.opcode
            message.removeAll(keepingCapacity: true)
            gather()
            return nil
        case .continuation:
            gather()
            guard header.isFinal, let opcode = fragmentedOpcode else { return nil }
            fragmentedOpcode = nil
            lent = .message
            return try messageReceived(opcode)
        }
    }

    private mutating func gather() {
        if case .buffer(let range) = lent { message.append(contentsOf: buffer[range]) }
    }

    private func messageReceived(
        _ opcode: WebSocketOpcode
    ) throws(WebSocketError) -> WebSocketEvent {
        guard opcode == .text else { return .binary }
        guard UTF8Check.isValid(payload) else {
            throw WebSocketError(code: .invalidPayload, message: "text not UTF-8")
        }
        return .text
    }

    private mutating func closeReceived() throws(WebSocketError) -> WebSocketEvent {
        isClosed = true
        guard case .buffer(let range) = lent, !range.isEmpty else { return .close(nil) }
        guard range.count >= 2 else { throw .violated("close code cut short") }
        let value = UInt16(buffer[range.lowerBound]) << 8 | UInt16(buffer[range.lowerBound + 1])
        let code = WebSocketCloseCode(rawValue: value)
        guard code.mayBeSent else { throw .violated("close code not allowed") }
        lent = .buffer((range.lowerBound + 2)..<range.upperBound)
        guard UTF8Check.isValid(payload) else {
            throw WebSocketError(code: .invalidPayload, message: "close reason not UTF-8")
        }
        return .close(code)
    }

    /// Makes at least `count` bytes free behind the tail: by starting over, by moving the
    /// unfinished frame to the front, or by growing.
    private mutating func makeRoom(_ count: Int) {
        lent = .buffer(0..<0)
        if head == tail {
            head = 0
            tail = 0
        }
        guard buffer.count - tail < count else { return }
        if head > 0 {
            let kept = head..<tail
            unsafe buffer.withUnsafeMutableBytes {
                unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[kept]))
            }
            head = 0
            tail = kept.count
        }
        let missing = count - (buffer.count - tail)
        if missing > 0 {
            buffer.append(contentsOf: repeatElement(0, count: max(missing, buffer.count)))
        }
    }
}

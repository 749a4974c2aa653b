internal import Bytes
internal import CCurl
internal import Chronology
internal import Glibc
internal import Reactor
internal import WebProtocol

/// One connection of a WebSocket client, from connecting to its end.
@LoopActor final class WebSocketConnection: CurlStreamOwner {
    private enum State { case connecting, shaking, open, closing, closed }

    /// Reads in one turn of the loop before others get theirs.
    private static let readsAtOnce = 16
    /// Messages handed on together: a read of 64 kB holds some 500 of a venue's.
    private static let messagesAtOnce = 1_024

    private unowned let client: WebSocketClient
    private let loop: EventLoop
    private var stream: CurlStream?
    private var state = State.connecting
    private var handshake: WebSocketClientHandshake
    private var request: [UInt8] = []
    private var parser: WebSocketFrameParser
    private var pieces: ContiguousArray<WebSocketPiece> = []
    /// Whether the last read took all there was.
    private var isDrained = false
    /// Connecting, shaking hands, then closing.
    private var deadline: LoopTimer?
    /// For the rest of a message.
    private var messageDeadline: LoopTimer?
    private var pingTimer: LoopTimer?
    private var hasHeard = true

    init(_ client: WebSocketClient, nonce: (UInt64, UInt64)) {
        self.client = client
        loop = client.loop
        handshake = WebSocketClientHandshake(nonce: nonce)
        parser = WebSocketFrameParser(role: .client, limits: client.limits.webSocket)
    }

    var isOpen: Bool { state == .open }
    var queuedBytes: Int { stream?.outgoing.count ?? 0 }

    // MARK: Opening

    func start(_ url: WebURL, _ headers: HTTPHeaders) {
        request = handshake.request(host: url.authority, target: url.target, headers: headers)
        let limits = client.limits
        deadline = loop.timer { [weak self] in self?.deadlineReached() }
        messageDeadline = loop.timer { [weak self] in
            self?.end(.timedOut("message not finished"))
        }
        pingTimer = loop.timer { [weak self] in self?.pingDue() }
        deadline?.arm(after: limits.handshakeTime)
        let stream = CurlStream(loop: loop, multi: client.multi, owner: self)
        self.stream = stream
        stream.open(
            url, isPlain: url.scheme == "ws", authorities: client.authorities,
            within: limits.handshakeTime)
    }

    func streamOpened(_ problem: String?) {
        guard state == .connecting else { return }
        if let problem { return end(.refused(status: nil, message: problem)) }
        state = .shaking
        stream?.outgoing.bytes += request
        stream?.flush()
    }

    func streamBroken(_ code: CURLcode) {
        if state != .closed { end(lost(code)) }
    }

    private func handshakeReceived(_ bytes: RawSpan) {
        do throws(WebSocketHandshakeError) {
            guard try handshake.received(bytes) else { return }
        } catch {
            return end(.refused(status: error.status, message: error.message))
        }
        state = .open
        deadline?.disarm()
        if let interval = client.limits.pingInterval { pingTimer?.arm(after: interval) }
        let remainder = handshake.takeRemainder()
        parser.append(remainder.rawSpan)
        client.readAt = loop.now
        client.handler.opened()
        takeEvents()
    }

    // MARK: Receiving

    func streamReadable() {
        if state != .closed { receive() }
    }

    /// Reads until there is nothing left: because TLS holds bytes the descriptor does not show.
    /// Without it a read that leaves room was the last; what comes later shows by itself.
    private func receive() {
        for _ in 0..<Self.readsAtOnce {
            let code = state == .shaking ? receiveHandshake() : receiveFrames()
            guard state != .closed else { return }
            switch code {
            case CURLE_OK: if isDrained { return watchMessage() }
            case CURLE_AGAIN: return watchMessage()
            default: return end(lost(code))
            }
        }
        watchMessage()
        loop.soon { [weak self] in
            if let self, self.state != .closed { self.receive() }
        }
    }

    private func receiveHandshake() -> CURLcode {
        guard let stream else { return CURLE_RECV_ERROR }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var code = CURLE_OK
        var span = buffer.mutableSpan
        var free = unsafe span.mutableBytes
        let count = stream.read(into: &free, &code)
        guard code == CURLE_OK else { return code }
        guard count > 0 else { return CURLE_GOT_NOTHING }
        handshakeReceived(buffer.rawSpan.extracting(0..<count))
        return code
    }

    private func receiveFrames() -> CURLcode {
        guard let stream else { return CURLE_RECV_ERROR }
        var code = CURLE_OK
        isDrained = false
        var isShort = false
        let count = parser.fill { free in
            let room = free.byteCount
            let count = stream.read(into: &free, &code)
            isShort = count < room
            return count
        }
        guard code == CURLE_OK else { return code }
        guard count > 0 else { return CURLE_GOT_NOTHING }
        hasHeard = true
        isDrained = stream.isPlain && isShort
        client.readAt = loop.now
        takeEvents()
        return code
    }

    /// Hands on what the parser holds. The parser is moved out of the instance meanwhile, so that a
    /// message costs neither a copy of it nor a check of access.
    private func takeEvents() {
        let handler = client.handler
        var parser = WebSocketFrameParser(idle: ())
        swap(&parser, &self.parser)
        defer { swap(&parser, &self.parser) }
        do throws(WebSocketError) {
            while state != .closed {
                if let taker = client.batchHandler { handOn(&parser, to: taker) }
                guard state != .closed, let event = try parser.next() else { return }
                switch event {
                case .text:
                    if state == .open { handler.messageReceived(parser.payload, isText: true) }
                case .binary:
                    if state == .open { handler.messageReceived(parser.payload, isText: false) }
                case .ping, .pong, .close: controlReceived(event, parser.payload)
                }
            }
        } catch {
            if state == .open { appendClose(error.code, error.message) }
            end(.violated(error))
        }
    }

    /// Hands on the messages that lie ready, together.
    private func handOn(
        _ parser: inout WebSocketFrameParser, to taker: any WebSocketBatchHandler
    ) {
        var pieces: ContiguousArray<WebSocketPiece> = []
        swap(&pieces, &self.pieces)
        defer { swap(&pieces, &self.pieces) }
        repeat {
            parser.takeMessages(into: &pieces, limit: Self.messagesAtOnce)
            if pieces.isEmpty || state != .open { return }
            taker.messagesReceived(WebSocketMessages(parser.bytes, pieces.span))
        } while pieces.count == Self.messagesAtOnce
    }

    private func controlReceived(_ event: WebSocketEvent, _ payload: RawSpan) {
        switch event {
        case .text, .binary, .pong:
            break
        case .ping:
            if !send(.pong, payload), state == .open { end(.timedOut("peer does not read")) }
        case .close(let code):
            let wasOpen = state == .open
            if wasOpen { appendClose(code, "") }
            end(wasOpen ? .peerClosed(code, String(payload)) : .closed)
        }
    }

    /// A message that has begun must end in time.
    private func watchMessage() {
        guard parser.isInsideMessage else {
            messageDeadline?.disarm()
            return
        }
        if messageDeadline?.isArmed == false {
            messageDeadline?.arm(after: client.limits.messageTime)
        }
    }

    // MARK: Sending

    func send(_ opcode: WebSocketOpcode, _ payload: RawSpan) -> Bool {
        guard state == .open, let stream,
            stream.outgoing.count + payload.byteCount <= client.limits.outgoingBytes
        else { return false }
        WebSocketFrameWriter.append(
            opcode, payload: payload, maskingKey: client.nextMaskingKey(),
            to: &stream.outgoing.bytes)
        stream.flush()
        return true
    }

    private func appendClose(_ code: WebSocketCloseCode?, _ reason: String) {
        guard let stream else { return }
        WebSocketFrameWriter.appendClose(
            code, reason: reason, maskingKey: client.nextMaskingKey(), to: &stream.outgoing.bytes)
        stream.flush()
    }

    private func pingDue() {
        guard state == .open, let interval = client.limits.pingInterval else { return }
        guard hasHeard else { return end(.timedOut("no pong")) }
        hasHeard = false
        let empty: [UInt8] = []
        _ = send(.ping, empty.rawSpan)
        pingTimer?.arm(after: interval)
    }

    // MARK: Ending

    func close(_ code: WebSocketCloseCode, _ reason: String) {
        switch state {
        case .connecting, .shaking:
            end(.closed)
        case .open:
            state = .closing
            pingTimer?.disarm()
            deadline?.arm(after: client.limits.closeTime)
            appendClose(code, reason)
        case .closing, .closed:
            break
        }
    }

    private func deadlineReached() {
        end(state == .closing ? .closed : .timedOut("no handshake"))
    }

    private func lost(_ code: CURLcode) -> WebSocketCloseReason {
        if state == .closing { return .closed }
        let message =
            code == CURLE_GOT_NOTHING
            ? "peer closed" : stream?.easy.message(for: code) ?? "closed"
        return state == .shaking ? .refused(status: nil, message: message) : .lost(message)
    }

    /// Closes the connection and tells the handler; later calls do nothing.
    func end(_ reason: WebSocketCloseReason) {
        guard state != .closed else { return }
        release()
        client.ended(self, reason)
    }

    /// Closes the connection when nobody is left to be told.
    func abandon() {
        if state != .closed { release() }
    }

    private func release() {
        state = .closed
        for timer in [deadline, messageDeadline, pingTimer] { timer?.disarm() }
        stream?.close()
    }
}

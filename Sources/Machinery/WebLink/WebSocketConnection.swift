internal import Bytes
internal import CCurl
internal import Chronology
internal import Glibc
internal import Reactor
internal import WebProtocol

/// One connection of a WebSocket client, from connecting to its end: curl opens it, then the bytes
/// go through `curl_easy_send` and `curl_easy_recv`, which know about TLS.
@LoopActor final class WebSocketConnection: CurlTransfer, DescriptorHandler {
    private enum State { case connecting, shaking, open, closing, closed }

    /// Reads in one turn of the loop before others get theirs.
    private static let readsAtOnce = 16
    /// Messages handed on together: a read of 64 kB holds some 500 of a venue's.
    private static let messagesAtOnce = 1_024

    let easy = CurlEasy()
    private unowned let client: WebSocketClient
    private let loop: EventLoop
    private let multi: CurlMulti
    private var state = State.connecting
    private var registration: Registration?
    private var interest = Interest.readable
    private var handshake: WebSocketClientHandshake
    private var request: [UInt8] = []
    private var parser: WebSocketFrameParser
    private var pieces: ContiguousArray<WebSocketPiece> = []
    private var outgoing = CurlOutgoing()
    /// Whether the descriptor shows all there is to read, which it does not where TLS holds bytes.
    private var isPlain = false
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
        multi = client.multi
        handshake = WebSocketClientHandshake(nonce: nonce)
        parser = WebSocketFrameParser(role: .client, limits: client.limits.webSocket)
    }

    var isOpen: Bool { state == .open }
    var queuedBytes: Int { outgoing.count }

    // MARK: Opening

    func start(_ url: WebURL, _ headers: HTTPHeaders) {
        isPlain = url.scheme == "ws"
        let scheme = isPlain ? "http" : "https"
        request = handshake.request(host: url.authority, target: url.target, headers: headers)
        easy.set(CURLOPT_URL, "\(scheme)://\(url.authority)\(url.target)")
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        if let authorities = client.authorities { easy.set(CURLOPT_CAINFO, authorities) }
        easy.setProxy(allowed: !url.isLoopback)
        let limits = client.limits
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, limits.handshakeTime)
        deadline = loop.timer { [weak self] in self?.deadlineReached() }
        messageDeadline = loop.timer { [weak self] in
            self?.end(.timedOut("message not finished"))
        }
        pingTimer = loop.timer { [weak self] in self?.pingDue() }
        deadline?.arm(after: limits.handshakeTime)
        multi.add(self)
    }

    /// curl has connected, or could not.
    func transferEnded(_ code: CURLcode) {
        guard state == .connecting else { return }
        guard code == CURLE_OK, let fd = easy.socket else {
            return end(.refused(status: nil, message: easy.message(for: code)))
        }
        state = .shaking
        registration = loop.register(fd: fd, .readable, self)
        outgoing.bytes += request
        flush()
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

    func descriptorReady(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
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
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var count = 0
        let code = unsafe buffer.withUnsafeMutableBytes {
            unsafe curl_easy_recv(easy.pointer, $0.baseAddress, $0.count, &count)
        }
        guard code == CURLE_OK else { return code }
        guard count > 0 else { return CURLE_GOT_NOTHING }
        handshakeReceived(buffer.rawSpan.extracting(0..<count))
        return code
    }

    private func receiveFrames() -> CURLcode {
        var code = CURLE_OK
        isDrained = false
        var isShort = false
        let count = parser.fill { free in
            let room = free.byteCount
            let count = isPlain ? receivePlain(&free, &code) : receiveByCurl(&free, &code)
            isShort = count < room
            return count
        }
        guard code == CURLE_OK else { return code }
        guard count > 0 else { return CURLE_GOT_NOTHING }
        hasHeard = true
        isDrained = isPlain && isShort
        client.readAt = loop.now
        takeEvents()
        return code
    }

    private func receiveByCurl(_ free: inout MutableRawSpan, _ code: inout CURLcode) -> Int {
        let handle = unsafe easy.pointer
        var count = 0
        code = unsafe free.withUnsafeMutableBytes {
            unsafe curl_easy_recv(handle, $0.baseAddress, $0.count, &count)
        }
        return code == CURLE_OK ? count : 0
    }

    /// Without TLS the bytes are the descriptor's; asking it saves the way through curl.
    private func receivePlain(_ free: inout MutableRawSpan, _ code: inout CURLcode) -> Int {
        guard let fd = registration?.fd else { return 0 }
        let count = unsafe free.withUnsafeMutableBytes {
            unsafe recv(fd, $0.baseAddress, $0.count, 0)
        }
        if count >= 0 { return count }
        code = errno == EAGAIN || errno == EINTR ? CURLE_AGAIN : CURLE_RECV_ERROR
        return 0
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
        guard state == .open, outgoing.count + payload.byteCount <= client.limits.outgoingBytes
        else { return false }
        WebSocketFrameWriter.append(
            opcode, payload: payload, maskingKey: client.nextMaskingKey(), to: &outgoing.bytes)
        flush()
        return true
    }

    private func appendClose(_ code: WebSocketCloseCode?, _ reason: String) {
        WebSocketFrameWriter.appendClose(
            code, reason: reason, maskingKey: client.nextMaskingKey(), to: &outgoing.bytes)
        flush()
    }

    private func flush() {
        guard let registration else { return }
        let code = outgoing.flush(easy)
        guard code == CURLE_OK || code == CURLE_AGAIN else { return end(lost(code)) }
        let wanted: Interest = outgoing.count > 0 ? [.readable, .writable] : .readable
        guard wanted != interest else { return }
        interest = wanted
        loop.update(registration, wanted)
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
        let message = code == CURLE_GOT_NOTHING ? "peer closed" : easy.message(for: code)
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
        if let registration { loop.deregister(registration) }
        registration = nil
        multi.remove(self)
    }
}

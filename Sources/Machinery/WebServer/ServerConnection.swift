internal import Bytes
internal import CLinux
internal import Chronology
internal import Glibc
internal import Reactor
internal import WebProtocol

/// One client's connection; it owns the descriptor and closes it in `terminate`.
@LoopActor final class ServerConnection: DescriptorHandler {
    enum Mode {
        /// A request is awaited or arriving.
        case receiving
        /// A handler has a request.
        case answering
        /// A handler sends a body of its own length.
        case streaming
        /// The connection speaks WebSocket.
        case upgraded
        /// The last bytes are on their way out.
        case finishing
        /// All is sent; the client's end of the connection is awaited, so that no reset overtakes
        /// the answer.
        case lingering
        case closed
    }

    /// Waiting bytes above which no further pipelined request is taken.
    private static let pipelineBytes = 65_536

    let server: WebServer
    let fd: Int32
    var mode = Mode.receiving
    var outgoing = Outgoing()
    var stream: WebStream?
    var socket: ServerWebSocket?
    private(set) var parser: HTTPRequestParser
    private var registration: Registration?
    private var interest = Interest.readable
    private var deadline: LoopTimer?
    private var stall: LoopTimer?
    private var awaited: HTTPRequestParser.Phase?
    private var flushWork: (@LoopActor () -> Void)?
    private var isFlushQueued = false
    private var isProcessing = false
    private var keepsAlive = true
    private var answersHead = false
    private(set) var minorVersion = 1
    /// The peer's address as text; empty where the system does not know it.
    private(set) lazy var remoteAddress = peerAddress(fd)

    init(server: WebServer, fd: Int32) {
        self.server = server
        self.fd = fd
        parser = HTTPRequestParser(limits: server.limits.request)
    }

    func start() {
        _ = pms_set_option(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        registration = server.loop.register(fd: fd, .readable, self)
        deadline = server.loop.timer { [weak self] in self?.deadlineReached() }
        stall = server.loop.timer { [weak self] in self?.terminate(.timedOut("peer does not read"))
        }
        flushWork = { [weak self] in self?.queuedFlush() }
        watchPhase()
    }

    /// Answers 503 on a socket there is no room for.
    static func turnAway(_ fd: Int32) {
        var answer = Outgoing()
        let body = Array("{\"error\":\"too many connections\"}".utf8)
        HTTPResponseWriter.append(
            status: 503, headers: ["Content-Type": "application/json", "Retry-After": "1"],
            body: body.rawSpan, keepsAlive: false, to: &answer.bytes)
        _ = answer.flush(to: fd)
        _ = Glibc.close(fd)
    }

    // MARK: Events

    func descriptorReady(_ readiness: Readiness) {
        if readiness.contains(.writable) {
            flush()
            process()
        }
        guard mode != .closed, !readiness.isDisjoint(with: [.readable, .hangup]) else { return }
        if interest.contains(.readable) {
            receive()
        } else if readiness.contains(.hangup) {
            terminate(.lost("peer hung up"))
        }
    }

    private func receive() {
        switch mode {
        case .receiving: receiveRequest()
        case .upgraded: socket?.receive()
        case .streaming, .lingering: if read() != nil, mode == .streaming { process() }
        case .answering, .finishing, .closed: break
        }
    }

    private func receiveRequest() {
        guard let count = read() else { return }
        take(count, of: server.readBuffer)
        process()
    }

    private func take(_ count: Int, of buffer: [UInt8]) {
        parser.append(buffer.rawSpan.extracting(0..<count))
    }

    /// Reads into the server's buffer; nil when there is nothing or the connection has ended.
    private func read() -> Int? {
        let count = unsafe server.readBuffer.withUnsafeMutableBytes {
            unsafe recv(fd, $0.baseAddress, $0.count, 0)
        }
        if count > 0 { return count }
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        let reason = count == 0 ? "peer closed" : systemMessage(errno)
        // Behind answers that still wait the client has only closed its half.
        if count == 0, mode == .receiving, outgoing.count > 0 {
            finish()
        } else {
            terminate(.lost(reason))
        }
        return nil
    }

    private func deadlineReached() {
        switch mode {
        case .receiving where parser.phase == .idle: terminate(.timedOut("idle"))
        case .receiving: refuse(HTTPError(status: 408, message: "request too slow"))
        case .upgraded: socket?.deadlineReached()
        case .lingering, .finishing: terminate(.closed)
        case .answering, .streaming, .closed: break
        }
    }

    // MARK: Requests

    /// Takes requests off the parser as long as nothing is in hand and the client keeps up.
    func process() {
        guard !isProcessing, mode != .closed else { return }
        isProcessing = true
        requests: while mode == .receiving, outgoing.count < Self.pipelineBytes {
            do throws(HTTPError) {
                switch try parser.next() {
                case .needsMore: break requests
                case .continueExpected: HTTPResponseWriter.appendContinue(to: &outgoing.bytes)
                case .request(let request): requestReceived(request)
                }
            } catch {
                refuse(error)
            }
        }
        isProcessing = false
        flush()
        watchPhase()
    }

    private func requestReceived(_ request: HTTPRequest) {
        mode = .answering
        awaited = nil
        deadline?.disarm()
        keepsAlive = request.keepsAlive && !server.isClosed
        answersHead = request.method == "HEAD"
        minorVersion = request.minorVersion
        server.handler.requestReceived(request, WebExchange(self, request))
    }

    private func refuse(_ error: HTTPError) {
        let body = Array("{\"error\":\"\(error.message)\"}".utf8)
        HTTPResponseWriter.append(
            status: error.status, headers: ["Content-Type": "application/json"],
            body: body.rawSpan, keepsAlive: false, to: &outgoing.bytes)
        finish()
    }

    /// Sends the answer to the request in hand and goes on to the next.
    func answer(_ status: Int, _ headers: HTTPHeaders, _ body: RawSpan) {
        guard mode == .answering else { return }
        let stays = keepsAlive && !server.isClosed
        HTTPResponseWriter.append(
            status: status, headers: headers, body: body, keepsAlive: stays,
            answersHead: answersHead, to: &outgoing.bytes)
        stays ? next() : finish()
    }

    /// The request in hand is dealt with.
    func next() {
        mode = .receiving
        process()
    }

    func startStream(_ status: Int, _ headers: HTTPHeaders) -> WebStream {
        let isChunked = minorVersion >= 1
        let stream = WebStream(
            self, isChunked: isChunked, keepsAlive: keepsAlive && isChunked, isMute: answersHead)
        guard mode == .answering else { return stream }
        HTTPResponseWriter.appendHead(
            status: status, headers: headers, framing: isChunked ? .chunked : .untilClose,
            keepsAlive: keepsAlive, to: &outgoing.bytes)
        mode = .streaming
        self.stream = stream
        process()
        return stream
    }

    func upgrade(_ response: [UInt8], _ socket: ServerWebSocket) {
        outgoing.bytes += response
        mode = .upgraded
        self.socket = socket
        let remainder = parser.takeRemainder()
        server.loop.soon { [weak socket] in socket?.start(remainder) }
        process()
    }

    // MARK: Sending

    /// Sends what waits at the end of the current event, so that several messages share a write.
    func flushSoon() {
        guard !isFlushQueued, mode != .closed, let flushWork else { return }
        isFlushQueued = true
        server.loop.soon(flushWork)
    }

    private func queuedFlush() {
        isFlushQueued = false
        flush()
    }

    private func flush() {
        guard mode != .closed, !isProcessing else { return }
        let before = outgoing.count
        switch outgoing.flush(to: fd) {
        case .emptied:
            stall?.disarm()
            if mode == .finishing { linger() }
        case .waiting:
            let hasMoved = outgoing.count < before
            if hasMoved || stall?.isArmed == false { stall?.arm(after: server.limits.stallTime) }
        case .failed(let error):
            terminate(.lost(systemMessage(error)))
        }
        updateInterest()
    }

    private func updateInterest() {
        guard let registration else { return }
        let reads =
            switch mode {
            case .receiving: outgoing.count < Self.pipelineBytes
            case .streaming, .upgraded, .lingering: true
            case .answering, .finishing, .closed: false
            }
        var wanted: Interest = reads ? .readable : []
        if outgoing.count > 0 { wanted.insert(.writable) }
        guard wanted != interest else { return }
        interest = wanted
        server.loop.update(registration, wanted)
    }

    /// Arms the deadline of the phase the request has come to.
    private func watchPhase() {
        guard mode == .receiving, awaited != parser.phase else { return }
        awaited = parser.phase
        switch parser.phase {
        case .idle: deadline?.arm(after: server.limits.idleTime)
        case .head: deadline?.arm(after: server.limits.headTime)
        case .body: deadline?.arm(after: server.limits.bodyTime)
        }
    }

    // MARK: Ending

    func armDeadline(_ interval: Interval) { deadline?.arm(after: interval) }

    /// Sends what waits, then closes.
    func finish() {
        guard mode != .closed, mode != .finishing, mode != .lingering else { return }
        mode = .finishing
        deadline?.arm(after: server.limits.stallTime)
        flush()
    }

    private func linger() {
        mode = .lingering
        _ = shutdown(fd, Int32(SHUT_WR))
        deadline?.arm(after: server.limits.lingerTime)
    }

    func serverClosed() {
        switch mode {
        case .receiving: outgoing.count > 0 ? finish() : terminate(.closed)
        case .upgraded: socket?.close(.goingAway, reason: "server stops")
        case .streaming: stream?.finish()
        case .answering, .finishing, .lingering, .closed: break
        }
    }

    /// Closes at once and tells whoever was sending.
    func terminate(_ reason: WebSocketCloseReason) {
        guard mode != .closed else { return }
        mode = .closed
        deadline?.disarm()
        stall?.disarm()
        if let registration { server.loop.deregister(registration) }
        registration = nil
        _ = Glibc.close(fd)
        server.remove(self)
        let (stream, socket) = (self.stream, self.socket)
        self.stream = nil
        self.socket = nil
        stream?.connectionEnded()
        socket?.ended(reason)
    }
}

import Bytes
import CLinux
import Chronology
import Glibc
import Reactor

/// What a connection tells the client or subscriber it belongs to.
@LoopActor protocol RedisConnectionOwner: AnyObject {
    /// Logged in and answering.
    func connectionOpened()
    /// Not usable any more, or the attempt failed; everything unanswered must be settled.
    func connectionClosed(reason: String)
    /// A reply after the login; it is in the arena until the call returns. False: unexpected.
    func replyReceived(_ arena: ReplyArena) -> Bool
    /// Appends a PING and expects its reply.
    func pingDue()
    func attemptBegun()
}

/// One connection that is made again whenever it ends: socket, login, output buffer, liveness.
@LoopActor final class RedisConnection: DescriptorHandler {
    enum Phase {
        case closed, waiting, resolving, connecting, loggingIn, up
    }

    let loop: EventLoop
    let endpoint: RedisEndpoint
    let name: String
    let limits: RedisLimits
    weak var owner: (any RedisConnectionOwner)?
    private(set) var phase = Phase.closed
    /// Bytes handed to the socket since the connection was made.
    private(set) var sentBytes: UInt64 = 0
    /// Bytes appended since the connection was made.
    private(set) var appendedBytes: UInt64 = 0

    private var output = ByteWriter(capacity: 16_384)
    private var outputStart = 0
    private var input = [UInt8](repeating: 0, count: 32_768)
    private var registration: Registration?
    private var isWaitingForRoom = false
    private var isFlushQueued = false
    private var flushBody: (@LoopActor () -> Void)?
    private var parser: ReplyParser?
    private var login = LoginSequence()
    private var backoff: Backoff
    private(set) var lastReceived = Instant.distantPast
    private var pingSent: Instant?
    private var openedAt = Instant.distantPast
    private var attempt = 0
    private var retryTimer: LoopTimer?
    private var livenessTimer: LoopTimer?

    init(
        loop: EventLoop, endpoint: RedisEndpoint, name: String, limits: RedisLimits,
        jitterSeed: UInt64
    ) {
        self.loop = loop
        self.endpoint = endpoint
        self.name = name
        self.limits = limits
        backoff = Backoff(base: limits.backoffBase, cap: limits.backoffCap, seed: jitterSeed)
    }

    var isUp: Bool { phase == .up }

    // MARK: Making and ending it

    func start() {
        guard phase == .closed else { return }
        if retryTimer == nil {
            retryTimer = loop.timer { [weak self] in self?.connect() }
            livenessTimer = loop.timer { [weak self] in self?.livenessDue() }
            flushBody = { [weak self] in self?.flush() }
        }
        backoff.reset()
        connect()
    }

    /// Ends it for good, after writing what is queued and fits the socket's buffer.
    func close() {
        guard phase != .closed else { return }
        if phase == .up { flush() }
        let wasWaiting = phase == .waiting
        phase = .closed
        release()
        retryTimer?.disarm()
        if !wasWaiting { owner?.connectionClosed(reason: "closed") }
    }

    /// Ends the connection with a reason and tries again after the backoff.
    func fail(_ reason: String) {
        guard phase != .closed, phase != .waiting else { return }
        // Only a connection that lasted resets the backoff: one that logs in and dies does not.
        if phase == .up, loop.now - openedAt >= .seconds(1) { backoff.reset() }
        phase = .waiting
        release()
        owner?.connectionClosed(reason: reason)
        if phase == .waiting { retryTimer?.arm(after: backoff.next()) }
    }

    private func release() {
        attempt += 1
        livenessTimer?.disarm()
        parser = nil
        output.removeAll()
        outputStart = 0
        isWaitingForRoom = false
        pingSent = nil
        if let registration {
            loop.deregister(registration)
            Glibc.close(registration.fd)
        }
        registration = nil
    }

    private func connect() {
        guard phase == .closed || phase == .waiting else { return }
        phase = .resolving
        owner?.attemptBegun()
        guard phase == .resolving else { return }
        // Also bounds a name server that does not answer: the late result is ignored by its number.
        lastReceived = loop.now
        livenessTimer?.arm(after: limits.silenceLimit)
        switch endpoint.address {
        case .path(let path):
            open { () throws(RedisLinkError) in try RedisSocket.connect(path: path) }
        case .host(let host, let port):
            if HostResolver.isAddress(host) {
                open { () throws(RedisLinkError) in
                    try RedisSocket.connect(host: host, port: port)
                }
                return
            }
            let attempt = attempt
            HostResolver.resolve(host) { [weak self] address in
                guard let self, self.attempt == attempt, self.phase == .resolving else { return }
                guard let address else {
                    return self.fail("cannot connect: no address for \(host)")
                }
                self.open { () throws(RedisLinkError) in
                    try RedisSocket.connect(host: address, port: port)
                }
            }
        }
    }

    private func open(_ make: () throws(RedisLinkError) -> Int32) {
        do throws(RedisLinkError) {
            let fd = try make()
            phase = .connecting
            (sentBytes, appendedBytes) = (0, 0)
            parser = ReplyParser(limit: limits.replyBytes)
            registration = loop.register(fd: fd, [.readable, .writable], self)
            isWaitingForRoom = true
        } catch {
            fail(error.message)
        }
    }

    private func connected() {
        phase = .loggingIn
        login = LoginSequence(endpoint: endpoint, name: name)
        lastReceived = loop.now
        livenessTimer?.arm(after: limits.silenceLimit)
        append { login.write(into: &$0) }
        flush()
    }

    // MARK: Output

    /// Whether so many more bytes fit the queue.
    func hasRoom(for count: Int) -> Bool {
        output.count - outputStart + count <= limits.outputBytes
    }

    /// Appends commands; they are written when the current event has been handled. Returns false,
    /// with nothing appended, when the queue would be over its limit.
    @discardableResult
    func append(_ body: (inout ByteWriter) -> Void) -> Bool {
        let before = output.count
        body(&output)
        guard output.count - outputStart <= limits.outputBytes else {
            output.truncate(to: before)
            return false
        }
        appendedBytes += UInt64(output.count - before)
        if !isFlushQueued, !isWaitingForRoom, let flushBody {
            isFlushQueued = true
            loop.soon(flushBody)
        }
        return true
    }

    /// Whether all that was appended has been handed to the socket.
    var isWritten: Bool { sentBytes == appendedBytes }

    func flush() {
        isFlushQueued = false
        guard let registration, phase == .loggingIn || phase == .up else { return }
        while outputStart < output.count {
            let sent = Self.send(output.rawSpan, from: outputStart, to: registration.fd)
            if sent < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else {
                    return fail("write failed: \(RedisSocket.text(of: errno))")
                }
                if !isWaitingForRoom {
                    isWaitingForRoom = true
                    loop.update(registration, [.readable, .writable])
                }
                return
            }
            sentBytes += UInt64(sent)
            outputStart += sent
            if outputStart > 1 << 20 { compact() }
        }
        output.removeAll()
        outputStart = 0
        if isWaitingForRoom {
            isWaitingForRoom = false
            loop.update(registration, .readable)
        }
    }

    private func compact() {
        output.removeFirst(outputStart)
        outputStart = 0
    }

    private static func send(_ bytes: RawSpan, from start: Int, to fd: Int32) -> Int {
        let rest = bytes.extracting(start..<bytes.byteCount)
        return unsafe rest.withUnsafeBytes {
            unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    // MARK: Input

    func descriptorReady(_ readiness: Readiness) {
        if phase == .connecting {
            guard let registration else { return }
            let error = pms_socket_error(registration.fd)
            guard error == 0 else {
                return fail("cannot connect: \(RedisSocket.text(of: error))")
            }
            guard readiness.contains(.writable) else { return }
            return connected()
        }
        if readiness.contains(.writable), isWaitingForRoom { flush() }
        if readiness.contains(.readable) || readiness.contains(.hangup) { receive() }
    }

    private func receive() {
        // A few rounds, then the other descriptors get their turn.
        for _ in 0..<8 {
            guard let registration, let parser else { return }
            let count = unsafe input.withUnsafeMutableBytes {
                unsafe recv(registration.fd, $0.baseAddress, $0.count, 0)
            }
            guard count > 0 else {
                if count < 0, errno == EINTR || errno == EAGAIN { return }
                return fail(
                    count == 0
                        ? "the server closed the connection"
                        : "read failed: \(RedisSocket.text(of: errno))")
            }
            lastReceived = loop.now
            if pingSent != nil {
                pingSent = nil
                livenessTimer?.arm(at: lastReceived + limits.pingAfter)
            }
            parser.feed(input.rawSpan.extracting(first: count))
            take(from: parser)
            if count < input.count { return }
        }
    }

    private func take(from parser: ReplyParser) {
        // A handler may close the connection: then its parser is not ours any more.
        while self.parser === parser {
            switch parser.next() {
            case .starved: return
            case .broken(let reason): return fail("protocol error: \(reason)")
            case .reply:
                if phase == .loggingIn {
                    loginAnswered(parser.arena)
                } else if owner?.replyReceived(parser.arena) == false {
                    return fail("protocol error: a reply that nothing asked for")
                }
            }
        }
    }

    private func loginAnswered(_ arena: ReplyArena) {
        switch login.replyReceived(arena) {
        case .wait: return
        case .refused(let reason): fail(reason)
        case .done:
            phase = .up
            openedAt = loop.now
            livenessTimer?.arm(at: lastReceived + limits.pingAfter)
            owner?.connectionOpened()
        }
    }

    // MARK: Liveness

    /// Fires when the server may have been silent long enough to be asked, or to be given up.
    private func livenessDue() {
        let now = loop.now
        guard phase == .up else {
            let reason = phase == .resolving ? "no answer from the name server" : "no answer"
            return fail("cannot connect: \(reason) in \(limits.silenceLimit.milliseconds) ms")
        }
        if let sent = pingSent {
            let deadline = sent + limits.silenceLimit
            if now >= deadline {
                return fail("no answer to PING in \(limits.silenceLimit.milliseconds) ms")
            }
            livenessTimer?.arm(at: deadline)
        } else if now - lastReceived >= limits.pingAfter {
            pingSent = now
            owner?.pingDue()
            livenessTimer?.arm(at: now + limits.silenceLimit)
        } else {
            livenessTimer?.arm(at: lastReceived + limits.pingAfter)
        }
    }
}

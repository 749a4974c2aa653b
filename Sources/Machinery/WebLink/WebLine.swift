internal import Bytes
internal import CCurl
internal import Chronology
internal import Reactor
internal import WebProtocol

/// One kept connection to a server, over which requests go one after the other, written and read
/// here: the way of a request that must not wait for curl's state machine.
@LoopActor final class WebLine: CurlStreamOwner {
    private enum State { case opening, idle, busy, closed }

    /// What is asked, and who waits for the answer.
    private struct Asked {
        let request: WebRequest
        let sentAt: Instant
        let completion: @LoopActor (WebOutcome) -> Void
    }

    /// How long a connection stays idle before another takes its place: somebody on the way may have
    /// forgotten an older one.
    private static let idleTime = Interval.seconds(55)
    private static let roomAtOnce = 16_384
    /// Reads in one turn of the loop before others get theirs.
    private static let readsAtOnce = 16
    /// With less time left a request is not sent again.
    private static let leastTime = Interval.milliseconds(10)

    private unowned let lines: WebLines
    private let loop: EventLoop
    private let multi: CurlMulti
    private var stream: CurlStream?
    private var state = State.opening
    private var parser: HTTPResponseParser
    private var room = [UInt8](repeating: 0, count: WebLine.roomAtOnce)
    private var asked: Asked?
    private var deadline: LoopTimer?
    /// When it was opened, or had its last answer.
    private(set) var usedAt = Instant.distantPast

    init(_ lines: WebLines, loop: EventLoop, limits: WebClientLimits) {
        self.lines = lines
        self.loop = loop
        multi = CurlMulti(loop: loop, idleConnections: 1)
        parser = HTTPResponseParser(
            limits: HTTPLimits(
                headerBytes: limits.headerBytes, headerCount: 256, bodyBytes: limits.responseBytes))
    }

    func open(_ url: WebURL, authorities: String?, within time: Interval) {
        deadline = loop.timer { [weak self] in self?.deadlineReached() }
        let stream = CurlStream(loop: loop, multi: multi, owner: self)
        self.stream = stream
        stream.open(
            url, isPlain: url.scheme == "http", authorities: authorities, within: time)
    }

    func streamOpened(_ problem: String?) {
        guard state == .opening else { return }
        if problem != nil { return close() }
        becomeIdle()
        lines.lineOpened(self)
    }

    private func becomeIdle() {
        state = .idle
        usedAt = loop.now
        deadline?.arm(after: WebLine.idleTime)
    }

    /// Whether a request can go over it now; looks for the peer's end, and for bytes nobody asked for.
    var isReady: Bool {
        guard state == .idle else { return false }
        if stream?.hasNews == true { receive() }
        return state == .idle
    }

    /// Sends a request; the line must be ready. An idempotent one goes another way, should the
    /// connection end before an answer begins.
    func send(
        _ request: WebRequest, _ url: WebURL,
        _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        guard let stream, state == .idle else { preconditionFailure("a line is ready") }
        state = .busy
        asked = Asked(request: request, sentAt: loop.now, completion: completion)
        deadline?.arm(after: request.deadline)
        request.write(url, to: &stream.outgoing.bytes)
        stream.flush()
    }

    // MARK: the answer

    func streamReadable() { receive() }

    private func receive() {
        guard let (answer, isOver) = takeAnswer() else { return }
        deadline?.disarm()
        let asked = asked
        self.asked = nil
        if isOver {
            close()
        } else {
            becomeIdle()
            lines.lineFreed(self)
        }
        asked?.completion(
            .response(
                WebResponse(status: answer.status, headers: answer.headers, body: answer.body)))
    }

    /// Reads all there is: the answer, if it is whole, and whether the connection ends with it. What
    /// comes right behind an answer belongs to nobody, and is looked for before the line is free.
    private func takeAnswer() -> (HTTPAnswer, isOver: Bool)? {
        // Moved out of the instance meanwhile, so that it can be lent.
        var room: [UInt8] = []
        swap(&room, &self.room)
        defer { swap(&room, &self.room) }
        var answer: HTTPAnswer?
        for _ in 0..<WebLine.readsAtOnce {
            guard let stream, state == .idle || state == .busy else { return nil }
            var code = CURLE_OK
            var span = room.mutableSpan
            var free = unsafe span.mutableBytes
            let count = stream.read(into: &free, &code)
            if code == CURLE_AGAIN { return answer.map { ($0, isOver: false) } }
            if let answer { return (answer, isOver: true) }
            guard code == CURLE_OK, count > 0 else { return peerEnded(code) }
            // Nobody asked for anything.
            guard state == .busy else {
                close()
                return nil
            }
            parser.append(room.rawSpan.extracting(0..<count))
            guard let whole = nextAnswer() else {
                if stream.isPlain, count < room.count { return nil }
                continue
            }
            let isClean = !parser.isInsideAnswer && stream.outgoing.count == 0
            guard whole.staysOpen, isClean else { return (whole, isOver: true) }
            answer = whole
        }
        // So much behind an answer is not looked through.
        if let answer { return (answer, isOver: true) }
        loop.soon { [weak self] in self?.receive() }
        return nil
    }

    private func nextAnswer() -> HTTPAnswer? {
        do throws(HTTPError) {
            return try parser.next(isHead: asked?.request.method == "HEAD")
        } catch {
            lost(error.message)
            return nil
        }
    }

    // MARK: the end

    /// The answer that ends with the connection, if there is one.
    private func peerEnded(_ code: CURLcode) -> (HTTPAnswer, isOver: Bool)? {
        do throws(HTTPError) {
            if code == CURLE_OK, let answer = try parser.ended() { return (answer, isOver: true) }
            lost(code == CURLE_OK ? "the peer closed the connection" : message(code))
        } catch {
            lost(error.message)
        }
        return nil
    }

    /// Told later, as it may come up while a request is being sent.
    func streamBroken(_ code: CURLcode) {
        loop.soon { [weak self] in
            if let self { self.lost(self.message(code)) }
        }
    }

    private func message(_ code: CURLcode) -> String {
        stream?.easy.message(for: code) ?? "connection lost"
    }

    private func deadlineReached() {
        if let asked { lines.lineFailed(since: asked.sentAt) }
        lost("no answer in time", mayRepeat: false)
    }

    /// The connection is gone: what was asked may have been carried out.
    private func lost(_ reason: String, mayRepeat: Bool = true) {
        guard state != .closed else { return }
        let mayRepeat = mayRepeat && !parser.isInsideAnswer
        let asked = asked
        self.asked = nil
        close()
        guard let asked else { return }
        var request = asked.request
        request.deadline = request.deadline - (loop.now - asked.sentAt)
        if request.isIdempotent, mayRepeat, request.deadline > WebLine.leastTime {
            return lines.sendAgain(request, asked.completion)
        }
        asked.completion(.unknown(WebLinkError(code: -1, message: reason)))
    }

    /// Closes the line; a request under way ends as unknown.
    func cancel(_ reason: String) { lost(reason, mayRepeat: false) }

    /// Closes the connection and tells the set of lines.
    func close() {
        guard state != .closed else { return }
        let wasBusy = state == .busy
        state = .closed
        deadline?.disarm()
        stream?.close()
        lines.lineClosed(self, wasBusy: wasBusy)
    }
}

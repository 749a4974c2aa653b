internal import Chronology
internal import Reactor

/// The kept connections to one server: one is open from the start and opened anew where the server
/// ends it, more are opened while requests find none free.
@LoopActor final class WebLines {
    /// Time before another attempt after the connections ended, doubled with each that fails.
    private static let pause = Interval.seconds(1)
    private static let longestPause = Interval.seconds(60)
    /// A connection that was open for so long did not fail.
    private static let enough = Interval.seconds(5)

    private weak var client: WebClient?
    private let loop: EventLoop
    private let limits: WebClientLimits
    private let authorities: String?
    private let url: WebURL
    private let count: Int
    private var all: [WebLine] = []
    /// Ready for a request, the one used last at the end.
    private var idle: [WebLine] = []
    /// The one being opened.
    private weak var opening: WebLine?
    private var openedAt = Instant.distantPast
    /// Connections in a row that ended without carrying an answer.
    private var failures = 0
    private var reopening: LoopTimer?
    private var isClosed = false
    /// Requests under way.
    private(set) var busy = 0

    init(
        _ client: WebClient, loop: EventLoop, limits: WebClientLimits, url: WebURL, count: Int
    ) {
        self.client = client
        self.loop = loop
        self.limits = limits
        authorities = client.authorities
        self.url = url
        self.count = count
        reopening = loop.timer { [weak self] in self?.open() }
        open()
    }

    var idleCount: Int { idle.count }

    /// Whether a request to `other` is one to this server.
    func serves(_ other: WebURL) -> Bool { other.origin.isSame(as: url.origin) }

    /// Sends a request another way than over a line.
    func sendAgain(
        _ request: WebRequest, _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        guard let client else {
            return completion(.unknown(WebLinkError(code: -1, message: "client closed")))
        }
        client.sendAgain(request, completion)
    }

    /// A line that is free; nil where there is none, and another is being opened then, if there may
    /// be more.
    func take() -> WebLine? {
        while let line = idle.popLast() {
            if line.isReady {
                busy += 1
                return line
            }
        }
        if failures == 0 { open() }
        return nil
    }

    private func open() {
        guard !isClosed, opening == nil, all.count < count else { return }
        openedAt = loop.now
        let line = WebLine(self, loop: loop, limits: limits)
        all.append(line)
        opening = line
        line.open(url, authorities: authorities, within: limits.connectTime)
    }

    func lineOpened(_ line: WebLine) {
        opening = nil
        idle.append(line)
    }

    func lineFreed(_ line: WebLine) {
        busy -= 1
        failures = 0
        idle.append(line)
    }

    /// A request got no answer in time: what was not heard of since may be as dead.
    func lineFailed(since sentAt: Instant) {
        for line in idle where line.usedAt < sentAt { line.close() }
    }

    func lineClosed(_ line: WebLine, wasBusy: Bool) {
        if wasBusy { busy -= 1 }
        if opening === line { opening = nil }
        all.removeAll { $0 === line }
        idle.removeAll { $0 === line }
        guard all.isEmpty, !isClosed else { return }
        let lived = line.usedAt == .distantPast ? .zero : loop.now - line.usedAt
        if lived > WebLines.enough { failures = 0 }
        let pause = min(WebLines.longestPause, WebLines.pause * Int64(1 << min(failures, 6)))
        failures += 1
        reopening?.arm(after: max(.milliseconds(1), pause - (loop.now - openedAt)))
    }

    func close() {
        isClosed = true
        reopening?.disarm()
        for line in all { line.cancel("client closed") }
    }
}

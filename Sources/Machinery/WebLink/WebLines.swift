internal import Chronology
internal import Reactor

/// The kept connections to one server: one is open from the start and opened anew where the server
/// ends it, more are opened while requests find none free.
@LoopActor final class WebLines {
    /// Least time between two openings that were not asked for by a request.
    private static let pause = Interval.seconds(1)

    private let loop: EventLoop
    private let limits: WebClientLimits
    private let authorities: String?
    private let url: WebURL
    private let count: Int
    private var all: [WebLine] = []
    /// Ready for a request, the one used last at the end.
    private var idle: [WebLine] = []
    private var openedAt = Instant.distantPast
    private var reopening: LoopTimer?
    private var isClosed = false
    /// Requests under way.
    private(set) var busy = 0

    init(
        loop: EventLoop, limits: WebClientLimits, authorities: String?, url: WebURL, count: Int
    ) {
        self.loop = loop
        self.limits = limits
        self.authorities = authorities
        self.url = url
        self.count = count
        reopening = loop.timer { [weak self] in self?.open() }
        open()
    }

    var idleCount: Int { idle.count }

    /// Whether a request to `other` is one to this server.
    func serves(_ other: WebURL) -> Bool {
        other.authority == url.authority && other.scheme == url.scheme
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
        if loop.now - openedAt > WebLines.pause || all.count < count { open() }
        return nil
    }

    private func open() {
        guard !isClosed, all.count < count else { return }
        openedAt = loop.now
        let line = WebLine(self, loop: loop, limits: limits)
        all.append(line)
        line.open(url, authorities: authorities, within: limits.connectTime)
    }

    func lineOpened(_ line: WebLine) { idle.append(line) }

    func lineFreed(_ line: WebLine) {
        busy -= 1
        idle.append(line)
    }

    func lineClosed(_ line: WebLine, wasBusy: Bool) {
        if wasBusy { busy -= 1 }
        all.removeAll { $0 === line }
        idle.removeAll { $0 === line }
        guard all.isEmpty, !isClosed else { return }
        reopening?.arm(after: max(.milliseconds(1), WebLines.pause - (loop.now - openedAt)))
    }

    func close() {
        isClosed = true
        reopening?.disarm()
        for line in all { line.cancel("client closed") }
    }
}

package import Reactor

/// Sends HTTP requests over kept connections; see the invariants of the room.
@LoopActor package final class WebClient {
    /// Handles kept for later requests.
    private static let spareHandles = 16

    private let loop: EventLoop
    private let limits: WebClientLimits
    let authorities: String?
    private let multi: CurlMulti
    private var spare: [WebTransfer] = []
    /// Kept connections, by server.
    private var lines: [WebLines] = []
    private var isClosed = false

    /// - Parameter authorities: the path of a PEM file of certificate authorities to trust instead
    ///   of the system's.
    package init(
        loop: EventLoop, limits: WebClientLimits = .standard, authorities: String? = nil
    ) {
        self.loop = loop
        self.limits = limits
        self.authorities = authorities
        multi = CurlMulti(loop: loop, idleConnections: limits.idleConnections)
    }

    isolated deinit { close() }

    /// Requests under way.
    package var requestsInFlight: Int {
        var count = multi.count
        for line in lines { count += line.busy }
        return count
    }

    /// Kept connections over which a request could go now.
    package var freeConnections: Int { lines.reduce(0) { $0 + $1.idleCount } }

    /// Keeps connections to a server open, over which requests go the shortest way; one for which no
    /// connection is free goes the usual way.
    /// - Parameters:
    ///   - url: of any resource of the server.
    ///   - count: connections at most.
    package func keepOpen(_ url: String, count: Int) {
        guard !isClosed, let url = WebURL(url), url.origin.isHTTP, lines(to: url) == nil else {
            return
        }
        lines.append(WebLines(self, loop: loop, limits: limits, url: url, count: count))
    }

    private func lines(to url: WebURL) -> WebLines? {
        for line in lines where line.serves(url) { return line }
        return nil
    }

    /// Sends a request; the completion is called exactly once, never within this call.
    package func send(
        _ request: WebRequest, _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        guard let url = request.url, url.origin.isHTTP else {
            return refuse("not an http url", completion)
        }
        guard WebText.isName(request.method), request.headers.isSound else {
            return refuse("bad method or header", completion)
        }
        guard !isClosed else { return refuse("client closed", completion) }
        guard requestsInFlight < limits.requestsInFlight else {
            return refuse("too many requests in flight", completion)
        }
        if let line = lines(to: url)?.take() { return line.send(request, url, completion) }
        transfer(request, url, completion)
    }

    /// Sends a request, whose connection ended before an answer began, by curl's own ways.
    func sendAgain(
        _ request: WebRequest, _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        guard !isClosed, let url = request.url else {
            return completion(.unknown(WebLinkError(code: -1, message: "client closed")))
        }
        transfer(request, url, completion)
    }

    private func transfer(
        _ request: WebRequest, _ url: WebURL,
        _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        let transfer = spare.popLast() ?? WebTransfer(self)
        transfer.prepare(request, url, limits, completion)
        multi.add(transfer)
    }

    /// Sends a request and waits for its end.
    package func send(_ request: WebRequest) async -> WebOutcome {
        await withCheckedContinuation { continuation in
            send(request) { continuation.resume(returning: $0) }
        }
    }

    /// Ends all requests as not sent or unknown and closes all connections. Further calls do nothing.
    package func close() {
        isClosed = true
        spare = []
        for lines in lines { lines.close() }
        for transfer in multi.all {
            multi.remove(transfer)
            (transfer as? WebTransfer)?.cancel("client closed")
        }
    }

    func ended(_ transfer: WebTransfer) {
        multi.remove(transfer)
        if spare.count < Self.spareHandles, !isClosed { spare.append(transfer) }
    }

    private func refuse(
        _ message: String, _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        loop.soon { completion(.notSent(WebLinkError(code: -1, message: message))) }
    }
}

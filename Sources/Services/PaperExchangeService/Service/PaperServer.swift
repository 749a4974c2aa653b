internal import Bytes
internal import Chronology
package import Reactor
package import WebProtocol
package import WebServer

/// Figures of a running exchange, for its metrics.
package struct PaperServerCounts: Equatable, Sendable {
    package var requests: UInt64 = 0
    package var refusals: UInt64 = 0
    package var events: UInt64 = 0
    package var socketsCut: UInt64 = 0
}

/// The desk on the network: carries requests and sockets to it, steps it through time, and keeps its
/// journal ahead of everything that leaves.
@LoopActor package final class PaperServer: WebRequestHandler {
    /// Steps are at least this far apart: several due things are done in one.
    private static let stepFloor = Interval.milliseconds(5)
    /// The venue pings every three minutes, gives up after ten without a pong, and cuts after a day.
    private static let pingInterval = Interval.seconds(180)
    internal static let pongLimit = Interval.seconds(600)
    internal static let lifeLimit = Interval.seconds(86_400)

    package let desk: PaperDesk
    package private(set) var port: UInt16?
    package internal(set) var counts = PaperServerCounts()
    internal let loop: EventLoop
    internal var hub: StreamHub
    internal var sockets: [Int: PaperSocket] = [:]
    internal var nextSocketID = 1
    private let journal: JournalFile?
    private let failed: @LoopActor (JournalFileError) -> Void
    private var hasFailed = false
    private var server: WebServer?
    private var stepTimer: LoopTimer?
    private var pingTimer: LoopTimer?
    private var actions: [HubAction] = []

    /// - Parameters:
    ///   - journal: where the account is kept; nil keeps it in memory only. The desk must have been
    ///     restored from it.
    ///   - failed: called once when the journal cannot be written; nothing is answered after it.
    package init(
        loop: EventLoop, desk: PaperDesk, journal: JournalFile?,
        failed: @escaping @LoopActor (JournalFileError) -> Void
    ) {
        self.loop = loop
        self.desk = desk
        self.journal = journal
        self.failed = failed
        hub = StreamHub(desk)
    }

    /// Starts the market and listens; returns the port, which is a free one where 0 was asked for.
    package func start(address: String, port: UInt16) throws -> UInt16 {
        if let journal { try journal.replace(with: desk) }
        step()
        let server = WebServer(loop: loop, handler: self)
        self.server = server
        let bound = try server.listen(address: address, port: port)
        self.port = bound
        pingTimer = loop.timer { [weak self] in self?.pingSockets() }
        armPing()
        return bound
    }

    internal func armPing() { pingTimer?.arm(after: PaperServer.pingInterval) }

    /// Closes the port and all sockets; the account is on file already.
    package func stop() {
        stepTimer?.disarm()
        pingTimer?.disarm()
        for id in sockets.keys.sorted() {
            sockets[id]?.socket.close(.goingAway, reason: "the exchange stops")
        }
        server?.close()
        port = nil
    }

    // MARK: time

    private func step() {
        let now = loop.now
        desk.step(now: now, wall: loop.wallNow)
        flush()
        guard !hasFailed else { return }
        compact()
        let timer = stepTimer ?? loop.timer { [weak self] in self?.step() }
        stepTimer = timer
        timer.arm(at: max(desk.nextDue, now + PaperServer.stepFloor))
    }

    private func compact() {
        guard let journal, journal.wantsCompaction else { return }
        do throws(JournalFileError) {
            try journal.replace(with: desk)
        } catch {
            fail(error)
        }
    }

    /// Puts on file what changed, then tells the sockets.
    internal func flush() {
        let lines = desk.takeJournal()
        if let journal, !lines.isEmpty, !hasFailed {
            do throws(JournalFileError) {
                try journal.append(lines)
            } catch {
                fail(error)
            }
        }
        let events = desk.takeEvents()
        guard !hasFailed else { return }
        counts.events += UInt64(events.count)
        for event in events { hub.publish(event, desk, &actions) }
        carryOut()
    }

    private func fail(_ error: JournalFileError) {
        guard !hasFailed else { return }
        hasFailed = true
        server?.close()
        failed(error)
    }

    /// Does what the hub asked for since the last call.
    internal func carryOut() {
        for action in actions {
            switch action {
            case .send(let id, let bytes):
                guard let open = sockets[id] else { continue }
                if !open.socket.send(text: bytes.rawSpan) {
                    counts.socketsCut += 1
                    drop(id, .policyViolation, "too slow")
                }
            case .close(let id, let code, let reason):
                drop(id, WebSocketCloseCode(rawValue: code), reason)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    internal func received(_ id: Int, _ message: RawSpan) {
        hub.received(id, message, now: loop.now, &actions)
        carryOut()
    }

    // MARK: requests

    package func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange) {
        if request.headers.contains("websocket", in: "upgrade") {
            openSocket(request, exchange)
            return
        }
        counts.requests += 1
        let reply = desk.respond(
            PaperRequest(
                method: request.method, path: request.path, query: request.query,
                body: request.body, apiKey: request.headers["X-MBX-APIKEY"],
                wall: loop.wallNow))
        if reply.status != 200 { counts.refusals += 1 }
        flush()
        guard !hasFailed else { return }
        exchange.respond(
            status: reply.status, headers: HTTPHeaders(reply.headers), body: reply.body)
    }
}

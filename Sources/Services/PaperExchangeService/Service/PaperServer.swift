internal import Bytes
internal import Chronology
package import ExchangeDoor
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

/// One exchange of the process, and where its state is kept.
package struct House {
    package let exchange: any Exchange
    /// Nil keeps the state in memory only; the exchange has been restored from it.
    package let journal: JournalFile?

    package init(_ exchange: any Exchange, journal: JournalFile?) {
        self.exchange = exchange
        self.journal = journal
    }
}

/// Exchanges on the network behind one port: carries requests and sockets to them, steps them
/// through time, and keeps their journals ahead of everything that leaves.
@LoopActor package final class PaperServer: WebRequestHandler {
    /// Steps are at least this far apart: several due things are done in one.
    private static let stepFloor = Interval.milliseconds(5)

    package let houses: [House]
    package private(set) var port: UInt16?
    package internal(set) var counts = PaperServerCounts()
    internal let loop: EventLoop
    internal let routes: PaperRoutes
    internal var sockets: [Int: PaperSocket] = [:]
    internal var nextSocketID = 1
    private let failed: @LoopActor (JournalFileError) -> Void
    private var hasFailed = false
    private var server: WebServer?
    private var stepTimer: LoopTimer?
    private var sweepTimer: LoopTimer?
    private var actions: [SocketAction] = []

    /// - Parameters:
    ///   - houses: at least one; requests find theirs by path and host.
    ///   - failed: called once when a journal cannot be written; nothing is answered after it.
    package init(
        loop: EventLoop, houses: [House],
        failed: @escaping @LoopActor (JournalFileError) -> Void
    ) {
        precondition(!houses.isEmpty, "a server has an exchange to serve")
        self.loop = loop
        self.houses = houses
        self.failed = failed
        routes = PaperRoutes(names: houses.map(\.exchange.name))
    }

    /// Starts the market and listens; returns the port, which is a free one where 0 was asked for.
    package func start(address: String, port: UInt16) throws -> UInt16 {
        for house in houses { try house.journal?.replace(with: house.exchange) }
        step()
        let server = WebServer(loop: loop, handler: self)
        self.server = server
        let bound = try server.listen(address: address, port: port)
        self.port = bound
        sweepTimer = loop.timer { [weak self] in self?.sweepSockets() }
        armSweep()
        return bound
    }

    internal func armSweep() { sweepTimer?.arm(after: PaperServer.sweepInterval) }

    /// Closes the port and all sockets; the account is on file already.
    package func stop() {
        stepTimer?.disarm()
        sweepTimer?.disarm()
        for id in sockets.keys.sorted() {
            sockets[id]?.socket.close(.goingAway, reason: "the exchange stops")
        }
        server?.close()
        port = nil
    }

    // MARK: time

    private func step() {
        let now = loop.now
        var due = Instant.distantFuture
        for house in houses {
            if house.exchange.nextDue <= now { house.exchange.step(now: now, wall: loop.wallNow) }
            flush(house)
            guard !hasFailed else { return }
            compact(house)
            due = min(due, house.exchange.nextDue)
        }
        let timer = stepTimer ?? loop.timer { [weak self] in self?.step() }
        stepTimer = timer
        timer.arm(at: max(due, now + PaperServer.stepFloor))
    }

    private func compact(_ house: House) {
        guard let journal = house.journal, journal.wantsCompaction else { return }
        do throws(JournalFileError) {
            try journal.replace(with: house.exchange)
        } catch {
            fail(error)
        }
    }

    /// Puts on file what changed, then tells the sockets.
    internal func flush(_ house: House) {
        let lines = house.exchange.takeJournal()
        if let journal = house.journal, !lines.isEmpty, !hasFailed {
            do throws(JournalFileError) {
                try journal.append(lines)
            } catch {
                fail(error)
            }
        }
        house.exchange.takeSocketActions(&actions)
        guard !hasFailed else { return actions.removeAll() }
        counts.events += UInt64(actions.count)
        carryOut()
    }

    private func fail(_ error: JournalFileError) {
        guard !hasFailed else { return }
        hasFailed = true
        server?.close()
        failed(error)
    }

    /// Does what an exchange asked of its sockets.
    private func carryOut() {
        for action in actions {
            switch action {
            case .send(let id, let bytes):
                guard let open = sockets[id] else { continue }
                if !open.socket.send(text: bytes.rawSpan) { cut(id) }
            case .sendBinary(let id, let bytes):
                guard let open = sockets[id] else { continue }
                if !open.socket.send(binary: bytes.rawSpan) { cut(id) }
            case .broadcast(let ids, let bytes, let isText):
                let frame = SharedFrame(bytes, isText: isText)
                for id in ids {
                    guard let open = sockets[id] else { continue }
                    if !open.socket.send(frame) { cut(id) }
                }
            case .close(let id, let code, let reason):
                drop(id, WebSocketCloseCode(rawValue: code), reason)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    private func cut(_ id: Int) {
        counts.socketsCut += 1
        drop(id, .policyViolation, "too slow")
    }

    internal func received(_ id: Int, _ message: RawSpan) {
        guard let house = sockets[id]?.house else { return }
        house.exchange.socketReceived(id, message, now: loop.now, wall: loop.wallNow)
        flush(house)
    }

    // MARK: requests

    package func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange) {
        let route = routes.route(path: request.path, host: request.headers["Host"])
        let house = houses[route.number]
        if request.headers.contains("websocket", in: "upgrade") {
            openSocket(request, house, path: route.path, exchange)
            return
        }
        counts.requests += 1
        let reply = house.exchange.respond(
            ExchangeRequest(
                method: request.method, path: route.path, query: request.query,
                body: request.body, apiKey: request.headers[house.exchange.keyHeader],
                remote: exchange.remoteAddress, wall: loop.wallNow))
        if reply.status != 200 { counts.refusals += 1 }
        flush(house)
        guard !hasFailed else { return }
        exchange.respond(
            status: reply.status, headers: HTTPHeaders(reply.headers), body: reply.body)
    }
}

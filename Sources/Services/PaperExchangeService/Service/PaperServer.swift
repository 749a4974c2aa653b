internal import Bytes
internal import Chronology
package import ExchangeDoor
package import Reactor
package import WebProtocol
package import WebServer

/// Figures of one exchange, for its metrics.
package struct PaperServerCounts: Equatable, Sendable {
    package var requests: UInt64 = 0
    package var refusals: UInt64 = 0
    package var events: UInt64 = 0
    package var socketsCut: UInt64 = 0
}

/// One exchange of the process, and where its state is kept.
@LoopActor package final class House {
    package let exchange: any Exchange
    /// Nil keeps the state in memory only; the exchange has been restored from it.
    package let journal: JournalFile?
    package internal(set) var counts = PaperServerCounts()

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
    /// What breaks; nothing until faults are asked for.
    package internal(set) var faults: FaultPlan
    /// Told each strike of a fault.
    package var struck: (@LoopActor (FaultKind) -> Void)?
    internal let loop: EventLoop
    internal let routes: PaperRoutes
    internal var sockets: [Int: PaperSocket] = [:]
    internal var nextSocketID = 1
    private let failed: @LoopActor (JournalFileError) -> Void
    internal private(set) var hasFailed = false
    private let limits: WebServerLimits
    private var server: WebServer?
    private var stepTimer: LoopTimer?
    private var sweepTimer: LoopTimer?
    private var actions: [SocketAction] = []
    /// What waits because a fault holds it, by number, and frames that let another pass, by socket.
    internal var delays: [Int: LoopTimer] = [:]
    internal var nextDelay = 0
    internal var held: [Int: [SocketAction]] = [:]

    /// - Parameters:
    ///   - houses: at least one; requests find theirs by path and host.
    ///   - seed: of the faults' draws.
    ///   - limits: what clients may cost.
    ///   - failed: called once when a journal cannot be written; nothing is answered after it.
    package init(
        loop: EventLoop, houses: [House], seed: UInt64 = 1, limits: WebServerLimits = .standard,
        failed: @escaping @LoopActor (JournalFileError) -> Void
    ) {
        precondition(!houses.isEmpty, "a server has an exchange to serve")
        self.loop = loop
        self.houses = houses
        self.failed = failed
        self.limits = limits
        faults = FaultPlan(seed: seed)
        routes = PaperRoutes(names: houses.map(\.exchange.name))
    }

    /// Starts the market and listens; returns the port, which is a free one where 0 was asked for.
    package func start(address: String, port: UInt16) throws -> UInt16 {
        for house in houses { try house.journal?.replace(with: house.exchange) }
        step()
        let server = WebServer(loop: loop, limits: limits, handler: self)
        self.server = server
        let bound = try server.listen(address: address, port: port)
        self.port = bound
        sweepTimer = loop.timer { [weak self] in self?.sweepSockets() }
        armSweep()
        return bound
    }

    /// Open connections, sockets included.
    package var connectionCount: Int { server?.connectionCount ?? 0 }

    internal func armSweep() { sweepTimer?.arm(after: PaperServer.sweepInterval) }

    /// Closes the port and all sockets; the account is on file already.
    package func stop() {
        stepTimer?.disarm()
        sweepTimer?.disarm()
        for timer in delays.values { timer.disarm() }
        delays = [:]
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
        endFaults()
        for house in houses {
            if house.exchange.nextDue <= now {
                house.exchange.step(now: now, wall: wallNow(house))
            }
            flush(house)
            guard !hasFailed else { return }
            compact(house)
            due = min(due, house.exchange.nextDue)
        }
        let timer = stepTimer ?? loop.timer { [weak self] in self?.step() }
        stepTimer = timer
        timer.arm(at: max(due, now + PaperServer.stepFloor))
    }

    /// Steps as soon as may be: something may be due sooner than was known.
    internal func rearm() { stepTimer?.arm(at: loop.now) }

    private func compact(_ house: House) {
        guard let journal = house.journal, journal.wantsCompaction else { return }
        do throws(JournalFileError) {
            try journal.replace(with: house.exchange)
        } catch {
            fail(error)
        }
    }

    /// Puts on file what changed, then tells the sockets; replies to one of them may be left out.
    internal func flush(_ house: House, losingRepliesTo id: Int? = nil) {
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
        if let id { actions.removeAll { PaperServer.isReply($0, to: id) } }
        house.counts.events += UInt64(actions.count)
        if faults.watchesFrames { filterFrames(&actions, house) }
        deliver(actions)
        actions.removeAll(keepingCapacity: true)
    }

    private static func isReply(_ action: SocketAction, to id: Int) -> Bool {
        guard case .send(id, let bytes) = action else { return false }
        return FrameSight(exchange: "", text: bytes).isReply
    }

    private func fail(_ error: JournalFileError) {
        guard !hasFailed else { return }
        hasFailed = true
        server?.close()
        failed(error)
    }

    /// Does what an exchange asked of its sockets.
    internal func deliver(_ actions: [SocketAction]) {
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
                    guard let socket = sockets[id]?.socket else { continue }
                    if !socket.send(frame) { cut(id) }
                }
            case .close(let id, let code, let reason):
                drop(id, WebSocketCloseCode(rawValue: code), reason)
            }
        }
    }

    private func cut(_ id: Int) {
        sockets[id]?.house.counts.socketsCut += 1
        drop(id, .policyViolation, "too slow")
    }

    internal func received(_ id: Int, _ message: RawSpan) {
        guard let open = sockets[id] else { return }
        if faults.watchesRequests, receivedUnderFaults(id, message, open) { return }
        open.house.exchange.socketReceived(
            id, message, now: loop.now, wall: wallNow(open.house))
        flush(open.house)
    }

    // MARK: requests

    package func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange) {
        let route = routes.route(path: request.path, host: request.headers["Host"])
        let house = houses[route.number]
        if request.headers.contains("websocket", in: "upgrade") {
            openSocket(request, house, path: route.path, exchange)
            return
        }
        house.counts.requests += 1
        var asked = ExchangeRequest(
            method: request.method, path: route.path, query: request.query, body: request.body,
            apiKey: request.headers[house.exchange.keyHeader], remote: exchange.remoteAddress,
            wall: wallNow(house))
        asked.timeUnit = request.headers["X-MBX-TIME-UNIT"]
        if faults.watchesRequests { return respondUnderFaults(asked, house, exchange) }
        let reply = house.exchange.respond(asked)
        if reply.status != 200 { house.counts.refusals += 1 }
        flush(house)
        guard !hasFailed else { return }
        exchange.respond(
            status: reply.status, headers: HTTPHeaders(reply.headers), body: reply.body)
    }
}

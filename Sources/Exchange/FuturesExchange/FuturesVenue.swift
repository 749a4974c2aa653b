package import Bytes
package import Chronology
package import ExchangeDoor

/// The futures exchange as the process runs it: the desk and its streams.
package final class FuturesVenue: Exchange {
    package let desk: FuturesDesk
    private var hub: StreamHub
    private var orderSockets: [Int: OrderSocket] = [:]
    private var actions: [SocketAction] = []
    private var wall = WallTime(milliseconds: 0)

    package init(_ desk: FuturesDesk) {
        self.desk = desk
        hub = StreamHub(desk)
    }

    package var name: String { "futures" }
    package var keyHeader: String { "X-MBX-APIKEY" }

    package func respond(_ request: ExchangeRequest) -> ExchangeResponse { desk.respond(request) }

    package var nextDue: Instant { min(desk.nextDue, hub.nextDue) }

    package func step(now: Instant, wall: WallTime) {
        self.wall = wall
        desk.step(now: now, wall: wall)
        publish()
        hub.step(now: now, wall: wall, desk, &actions)
    }

    private func publish() {
        for (event, account) in desk.takeAddressedEvents() {
            hub.publish(event, of: account, desk, &actions)
        }
    }

    package var socketRules: SocketRules { desk.settings.socketRules }

    package func socketOpened(
        _ id: Int, path: String, query: [UInt8], remote: String
    ) -> Bool {
        if path == OrderSocket.path {
            orderSockets[id] = OrderSocket(remote: remote, connectedSince: wall.milliseconds)
            try? desk.gate.spend(
                weight: OrderSocket.handshakeWeight, remote: remote, wall: wall)
            return true
        }
        return hub.opened(id, path: path, query: query)
    }

    package func socketClosed(_ id: Int) {
        if orderSockets.removeValue(forKey: id) == nil { hub.closed(id) }
    }

    package func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime) {
        guard let socket = orderSockets[id] else {
            hub.received(id, message, now: now, &actions)
            return
        }
        actions.append(.send(id, desk.answer(message, socket, wall: wall)))
    }

    package func takeSocketActions(_ actions: inout [SocketAction]) {
        publish()
        swap(&actions, &self.actions)
        self.actions.removeAll(keepingCapacity: true)
    }

    package func takeJournal() -> [UInt8] { desk.takeJournal() }

    package func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try desk.startJournal(sink)
    }

    package func replay(_ fact: JSONValue) throws(JSONError) { try desk.replay(fact) }

    package func reopen(after line: Int) throws(JournalProblem) { try desk.reopen(after: line) }
}

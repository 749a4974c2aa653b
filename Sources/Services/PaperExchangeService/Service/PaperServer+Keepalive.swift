internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import WebProtocol
internal import WebServer

extension PaperServer {
    /// How often the sockets are looked over.
    internal static let sweepInterval = Interval.seconds(1)

    /// Pings sockets that are due, and drops those that no longer answer or have lived their life.
    internal func sweepSockets() {
        let now = loop.now
        for id in sockets.keys.sorted() {
            guard let open = sockets[id] else { continue }
            let rules = open.house.exchange.socketRules
            if now - open.pongAt > rules.pongLimit {
                drop(id, .goingAway, "no pong")
            } else if now - open.openedAt >= rules.life {
                drop(id, .goingAway, "open for too long")
            } else if now - open.pingedAt >= rules.pingInterval {
                sockets[id]?.pingedAt = now
                if !open.socket.ping() { drop(id, .policyViolation, "too slow") }
            }
        }
        armSweep()
    }

    /// Counts a client's ping or pong; too many within a second end the socket.
    internal func controlReceived(_ id: Int, isPong: Bool) {
        guard var open = sockets[id] else { return }
        let now = loop.now
        if isPong { open.pongAt = now }
        let limit = open.house.exchange.socketRules.controlsPerSecond
        let isWithinRate = open.controls.count(now, limit: limit)
        sockets[id] = open
        if !isWithinRate { drop(id, .policyViolation, "too many requests") }
    }
}

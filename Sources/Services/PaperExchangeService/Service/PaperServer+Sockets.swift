internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import WebProtocol
internal import WebServer

/// One open WebSocket and when it was last heard of.
internal struct PaperSocket {
    let socket: ServerWebSocket
    let house: House
    let openedAt: Instant
    var pongAt: Instant
}

/// Hands one socket's messages to the server under its number.
@LoopActor private final class SocketHandler: ServerWebSocketHandler {
    private let id: Int
    private weak var server: PaperServer?

    init(_ id: Int, _ server: PaperServer) {
        self.id = id
        self.server = server
    }

    func messageReceived(_ socket: ServerWebSocket, _ bytes: RawSpan, isText: Bool) {
        server?.received(id, bytes)
    }

    func pongReceived(_ socket: ServerWebSocket, _ payload: RawSpan) { server?.ponged(id) }

    func closed(_ socket: ServerWebSocket, _ reason: WebSocketCloseReason) { server?.closed(id) }
}

extension PaperServer {
    /// Upgrades a request where streams are served; elsewhere the answer is 404.
    internal func openSocket(
        _ request: HTTPRequest, _ house: House, path: String, _ exchange: WebExchange
    ) {
        let id = nextSocketID
        let remote = exchange.remoteAddress
        guard
            house.exchange.socketOpened(id, path: path, query: request.query, remote: remote)
        else {
            exchange.respond(
                status: 404, json: "{\"code\":-5000,\"msg\":\"no streams at this path\"}")
            return
        }
        guard let socket = exchange.upgrade(handler: SocketHandler(id, self)) else {
            house.exchange.socketClosed(id)
            return
        }
        nextSocketID += 1
        let now = loop.now
        sockets[id] = PaperSocket(socket: socket, house: house, openedAt: now, pongAt: now)
    }

    internal func ponged(_ id: Int) { sockets[id]?.pongAt = loop.now }

    internal func closed(_ id: Int) {
        sockets.removeValue(forKey: id)?.house.exchange.socketClosed(id)
    }

    /// Closes a socket and forgets it; the peer has its last message and the reason.
    internal func drop(_ id: Int, _ code: WebSocketCloseCode, _ reason: String) {
        guard let open = sockets.removeValue(forKey: id) else { return }
        open.house.exchange.socketClosed(id)
        open.socket.close(code, reason: reason)
    }

    /// Pings every socket and drops those that no longer answer or are a day old.
    internal func pingSockets() {
        let now = loop.now
        for id in sockets.keys.sorted() {
            guard let open = sockets[id] else { continue }
            if now - open.pongAt > PaperServer.pongLimit {
                drop(id, .goingAway, "no pong")
            } else if now - open.openedAt > PaperServer.lifeLimit {
                drop(id, .goingAway, "open for a day")
            } else if !open.socket.ping() {
                drop(id, .policyViolation, "too slow")
            }
        }
        armPing()
    }
}

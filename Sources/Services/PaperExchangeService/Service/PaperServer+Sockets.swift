internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import WebProtocol
internal import WebServer

/// One open WebSocket and when it was last heard of.
internal struct PaperSocket {
    let socket: ServerWebSocket
    let house: House
    let path: String
    let openedAt: Instant
    /// When it last answered a ping, or sent a pong unasked.
    var pongAt: Instant
    var pingedAt: Instant
    var controls = MessageMeter()
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

    func pingReceived(_ socket: ServerWebSocket) { server?.controlReceived(id, isPong: false) }

    func pongReceived(_ socket: ServerWebSocket, _ payload: RawSpan) {
        server?.controlReceived(id, isPong: true)
    }

    func closed(_ socket: ServerWebSocket, _ reason: WebSocketCloseReason) { server?.closed(id) }
}

extension PaperServer {
    /// Upgrades a request where streams are served; elsewhere the answer is 404.
    internal func openSocket(
        _ request: HTTPRequest, _ house: House, path: String, _ exchange: WebExchange
    ) {
        let id = nextSocketID
        let name = house.exchange.name
        if faults.watchesSockets,
            faults.socketOpening(exchange: name, path: path, now: loop.now)
        {
            exchange.respond(status: 503, json: "{\"code\":-1000,\"msg\":\"Service Unavailable.\"}")
            return
        }
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
        sockets[id] = PaperSocket(
            socket: socket, house: house, path: path, openedAt: now, pongAt: now, pingedAt: now)
    }

    internal func closed(_ id: Int) {
        sockets.removeValue(forKey: id)?.house.exchange.socketClosed(id)
    }

    /// Closes a socket and forgets it; the peer has its last message and the reason.
    internal func drop(_ id: Int, _ code: WebSocketCloseCode, _ reason: String) {
        guard let open = sockets.removeValue(forKey: id) else { return }
        open.house.exchange.socketClosed(id)
        open.socket.close(code, reason: reason)
    }
}

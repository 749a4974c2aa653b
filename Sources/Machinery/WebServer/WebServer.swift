// WebServer: HTTP/1.1 and WebSocket connections on the loop; WebProtocol decides what bytes mean.
//
// Invariants
// 1. Each connection has one request in a handler's hands at most; pipelined ones wait their turn.
// 2. An exchange is answered exactly once: a handler that drops it answers 500.
// 3. Whatever a client sends or leaves unsent, it costs no more than `WebServerLimits` allow.
// 4. A peer that does not read is cut; nothing waits for it and no queue grows without bound.
// 5. `closed` of a WebSocket or a stream is called exactly once, and is the last call it makes.

internal import CLinux
internal import Glibc
package import Reactor
package import WebProtocol

/// What answers the requests of a server.
@LoopActor package protocol WebRequestHandler: AnyObject {
    /// A whole request is in; the exchange may be answered now or later.
    func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange)
}

/// A listening HTTP server; it lives until `close()`.
@LoopActor package final class WebServer {
    /// Bytes taken from a socket at once.
    private static let readBytes = 16_384

    let loop: EventLoop
    /// What the server was given to spend.
    package let limits: WebServerLimits
    let handler: any WebRequestHandler
    private var listeners: [Listener] = []
    private var connections: [Int32: ServerConnection] = [:]
    private(set) var isClosed = false
    /// Where every connection reads to; emptied before the next one reads.
    var readBuffer = [UInt8](repeating: 0, count: WebServer.readBytes)

    package init(
        loop: EventLoop, limits: WebServerLimits = .standard, handler: any WebRequestHandler
    ) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
    }

    /// A server whose requests go by method and path.
    package convenience init(
        loop: EventLoop, limits: WebServerLimits = .standard, router: Router
    ) {
        self.init(loop: loop, limits: limits, handler: RoutedHandler(router))
    }

    /// Open connections.
    package var connectionCount: Int { connections.count }

    /// Starts to listen and returns the bound port; port 0 takes a free one. May be called for
    /// several addresses. Throws with address, port and the system's reason.
    package func listen(address: String, port: UInt16) throws(WebServerError) -> UInt16 {
        precondition(!isClosed, "a closed server does not listen")
        let listener = try Listener(server: self, address: address, port: port)
        listeners.append(listener)
        return listener.port
    }

    /// Stops listening and ends all connections: idle ones now, WebSockets with a close frame,
    /// those with a request in hand after its answer. Further calls do nothing.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        for listener in listeners { listener.close() }
        listeners = []
        for fd in connections.keys.sorted() { connections[fd]?.serverClosed() }
    }

    /// Takes over an accepted socket.
    func accepted(_ fd: Int32) {
        guard connections.count < limits.connections else {
            ServerConnection.turnAway(fd)
            return
        }
        let connection = ServerConnection(server: self, fd: fd)
        connections[fd] = connection
        connection.start()
    }

    func remove(_ connection: ServerConnection) {
        if connections[connection.fd] === connection { connections[connection.fd] = nil }
    }
}

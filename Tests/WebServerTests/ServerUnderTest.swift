import Bytes
import Chronology
import RawPeers
import Reactor
import WebProtocol
import WebServer

/// A server on a free loopback port, with routes for every kind of answer.
@LoopActor final class ServerUnderTest {
    let server: WebServer
    let port: UInt16
    /// Exchanges that `/later` keeps until `answerLater`.
    private var kept: [WebExchange] = []
    private(set) var keptCount = 0
    let sockets = EchoHandler()
    private(set) var streams: [WebStream] = []
    private(set) var closedStreams = 0

    init(_ limits: WebServerLimits = .standard) throws {
        let box = Box()
        var router = Router()
        router.add("GET", "/hello") { _, exchange in exchange.respond(status: 200, text: "hi") }
        router.add("POST", "/echo") { request, exchange in
            exchange.respond(status: 200, body: request.body)
        }
        router.add("DELETE", "/hello") { _, exchange in exchange.respond(status: 204) }
        router.add("GET", "/users/{id}/x") { _, exchange in
            exchange.respond(status: 200, text: exchange.parameters["id"] ?? "none")
        }
        router.add("GET", "/files/*") { request, exchange in
            exchange.respond(status: 200, text: request.path)
        }
        router.add("GET", "/dropped") { _, _ in }
        router.add("GET", "/later") { _, exchange in box.owner?.keep(exchange) }
        router.add("GET", "/stream") { _, exchange in
            let stream = exchange.startStream(contentType: "text/plain")
            for piece in ["one", "two"] { _ = piece.withRawSpan { stream.send($0) } }
            stream.finish()
        }
        router.add("GET", "/events") { _, exchange in box.owner?.keep(exchange.startEvents()) }
        router.add("GET", "/ws") { _, exchange in
            guard let owner = box.owner else { return }
            if let socket = exchange.upgrade(handler: owner.sockets) {
                owner.sockets.opened(socket)
            }
        }
        server = WebServer(loop: .process, limits: limits, router: router)
        port = try server.listen(address: "127.0.0.1", port: 0)
        box.owner = self
    }

    func answerLater() {
        for exchange in kept { exchange.respond(status: 200, text: "late") }
        kept = []
    }

    /// Whether the first socket refuses the text, with no more queued than its limit.
    func isFull(sending text: String) -> Bool {
        !sockets.sockets[0].send(text: text)
            && sockets.sockets[0].queuedBytes <= server.limits.outgoingBytes + 100
    }

    private func keep(_ exchange: WebExchange) {
        kept.append(exchange)
        keptCount += 1
    }

    private func keep(_ stream: WebStream) {
        streams.append(stream)
        stream.onClosed = { [weak self] in self?.closedStreams += 1 }
        _ = "first".withRawSpan { stream.send(event: "tick", data: $0) }
    }

    private final class Box {
        weak var owner: ServerUnderTest?
    }
}

/// Sends messages back and notes how sockets end.
@LoopActor final class EchoHandler: ServerWebSocketHandler {
    private(set) var sockets: [ServerWebSocket] = []
    private(set) var reasons: [WebSocketCloseReason] = []
    private(set) var pongs = 0

    func opened(_ socket: ServerWebSocket) { sockets.append(socket) }

    func messageReceived(_ socket: ServerWebSocket, _ bytes: RawSpan, isText: Bool) {
        _ = isText ? socket.send(text: bytes) : socket.send(binary: bytes)
    }

    func pongReceived(_ socket: ServerWebSocket, _ payload: RawSpan) { pongs += 1 }

    func closed(_ socket: ServerWebSocket, _ reason: WebSocketCloseReason) {
        reasons.append(reason)
    }
}

/// Runs the body against a fresh server and closes it.
func withServer(
    _ limits: WebServerLimits = .standard,
    _ body: (ServerUnderTest, UInt16) async throws -> Void
) async throws {
    try await onOwnThread {
        let (subject, port) = try await EventLoop.onLoop {
            let subject = try ServerUnderTest(limits)
            return (subject, subject.port)
        }
        do {
            try await body(subject, port)
        } catch {
            await EventLoop.onLoop { subject.server.close() }
            throw error
        }
        await EventLoop.onLoop { subject.server.close() }
    }
}

let get = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
let upgrade =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

/// A masked client frame.
func frame(_ opcode: WebSocketOpcode, _ text: String, isFinal: Bool = true) -> [UInt8] {
    var out: [UInt8] = []
    text.withRawSpan {
        WebSocketFrameWriter.append(
            opcode, payload: $0, isFinal: isFinal, maskingKey: 0x0A0B_0C0D, to: &out)
    }
    return out
}

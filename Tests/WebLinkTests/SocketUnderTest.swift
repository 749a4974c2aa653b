import Bytes
import Chronology
import RawPeers
import Reactor
import WebLink
import WebProtocol

/// A WebSocket client that notes all it is told.
@LoopActor final class SocketUnderTest: WebSocketHandler {
    private(set) var client: WebSocketClient?
    private(set) var openings = 0
    private(set) var messages: [String] = []
    private(set) var reasons: [WebSocketCloseReason] = []
    /// Run on each message.
    var onMessage: (@LoopActor (SocketUnderTest) -> Void)?
    var onClosed: (@LoopActor (SocketUnderTest) -> Void)?

    init(
        _ url: String, _ limits: WebSocketClientLimits = .standard, authorities: String? = nil
    ) {
        client = WebSocketClient(
            loop: .process, url: url, headers: ["X-Given": "1"], limits: limits,
            authorities: authorities, seed: 42, handler: self)
        client?.connect()
    }

    func opened() { openings += 1 }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        messages.append((isText ? "text " : "binary ") + String(bytes))
        onMessage?(self)
    }

    func closed(reason: WebSocketCloseReason) {
        reasons.append(reason)
        onClosed?(self)
    }

    /// Ends the cycle between client and handler.
    func discard() {
        client?.close()
        client = nil
    }
}

/// Runs the body with a socket connecting to the port.
func withSocket(
    _ port: UInt16, _ limits: WebSocketClientLimits = .standard,
    _ body: (SocketUnderTest) async throws -> Void
) async throws {
    try await onOwnThread {
        let socket = await EventLoop.onLoop {
            SocketUnderTest("ws://127.0.0.1:\(port)/ws?streams=a", limits)
        }
        do {
            try await body(socket)
        } catch {
            await EventLoop.onLoop { socket.discard() }
            throw error
        }
        await EventLoop.onLoop { socket.discard() }
    }
}

extension RawPeer {
    /// Reads the client's handshake and answers it; returns the request.
    @discardableResult
    func shakeHands(then bytes: [UInt8] = []) -> String {
        let request = read(until: "\r\n\r\n")
        let key = request.split(separator: "\r\n").compactMap { line in
            line.hasPrefix("Sec-WebSocket-Key: ") ? String(line.dropFirst(19)) : nil
        }
        let accept = WebSocketHandshake.accept(forKey: key.first ?? "")
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\n\r\n"
        send(Array(answer.utf8) + bytes)
        return request
    }

    /// The next frame of the client, unmasked: its first byte and its payload.
    func readFrame() -> (UInt8, [UInt8]) {
        let head = read(count: 6)
        guard head.count == 6, head[1] & 0x80 != 0, head[1] & 0x7F < 126 else { return (0, head) }
        let masked = read(count: Int(head[1] & 0x7F))
        return (head[0], masked.enumerated().map { $1 ^ head[2 + $0 % 4] })
    }
}

/// A server's frame.
func frame(_ opcode: WebSocketOpcode, _ text: String, isFinal: Bool = true) -> [UInt8] {
    var out: [UInt8] = []
    text.withRawSpan {
        WebSocketFrameWriter.append(
            opcode, payload: $0, isFinal: isFinal, maskingKey: nil, to: &out)
    }
    return out
}

func closeFrame(_ code: WebSocketCloseCode, _ reason: String) -> [UInt8] {
    var out: [UInt8] = []
    WebSocketFrameWriter.appendClose(code, reason: reason, maskingKey: nil, to: &out)
    return out
}

/// One that takes the messages of a read together.
@LoopActor final class BatchingSocket: WebSocketBatchHandler {
    private(set) var client: WebSocketClient?
    private(set) var messages: [String] = []
    private(set) var reason: WebSocketCloseReason?

    init(_ url: String) {
        client = WebSocketClient(loop: .process, url: url, seed: 42, handler: self)
        client?.connect()
    }

    func opened() {}

    func messagesReceived(_ messages: WebSocketMessages) {
        for index in 0..<messages.count {
            self.messages.append(
                (messages.isText(index) ? "text " : "binary ") + String(messages[index]))
        }
    }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        messages.append("single " + String(bytes))
    }

    func closed(reason: WebSocketCloseReason) { self.reason = reason }

    /// Ends the cycle between client and handler.
    func discard() {
        client?.close()
        client = nil
    }
}

internal import Bytes
internal import CLinux
internal import Glibc
package import Reactor
package import WebProtocol

/// What a WebSocket's messages go to.
@LoopActor package protocol ServerWebSocketHandler: AnyObject {
    /// A whole message; the bytes are lent for the call. Text is proven UTF-8.
    func messageReceived(_ socket: ServerWebSocket, _ bytes: RawSpan, isText: Bool)
    /// The client pinged, and has been answered.
    func pingReceived(_ socket: ServerWebSocket)
    /// The client answered a ping, or sent a pong unasked.
    func pongReceived(_ socket: ServerWebSocket, _ payload: RawSpan)
    /// The socket is no more; called once, as the last call.
    func closed(_ socket: ServerWebSocket, _ reason: WebSocketCloseReason)
}

extension ServerWebSocketHandler {
    package func pingReceived(_ socket: ServerWebSocket) {}
    package func pongReceived(_ socket: ServerWebSocket, _ payload: RawSpan) {}
}

/// The server's end of one WebSocket. Pings are answered by themselves.
@LoopActor package final class ServerWebSocket {
    private enum State { case open, closing, closed }

    private let connection: ServerConnection
    private var handler: (any ServerWebSocketHandler)?
    private var parser: WebSocketFrameParser
    private var state = State.open

    init(_ connection: ServerConnection, _ handler: any ServerWebSocketHandler) {
        self.connection = connection
        self.handler = handler
        parser = WebSocketFrameParser(role: .server, limits: connection.server.limits.webSocket)
    }

    /// Whether messages can be sent.
    package var isOpen: Bool { state == .open }

    /// Bytes that wait for the client to read.
    package var queuedBytes: Int { connection.outgoing.count }

    /// Sends a text message, which must be UTF-8; false, and nothing sent, when the socket is
    /// closed or its queue is full. A caller that cannot do without the message then closes.
    package func send(text: RawSpan) -> Bool { send(.text, text) }

    /// Sends a text message.
    package func send(text: String) -> Bool { text.withRawSpan { send(.text, $0) } }

    /// Sends a binary message; as `send(text:)`.
    package func send(binary: RawSpan) -> Bool { send(.binary, binary) }

    /// Sends a message that others get too; as `send(text:)`.
    package func send(_ frame: SharedFrame) -> Bool {
        let size = connection.outgoing.count + frame.count
        guard state == .open, size <= connection.server.limits.outgoingBytes else { return false }
        connection.outgoing.append(frame)
        connection.flushSoon()
        return true
    }

    /// Sends a ping of at most 125 bytes.
    package func ping(_ payload: [UInt8] = []) -> Bool { send(.ping, payload.rawSpan) }

    /// Starts the close handshake; `closed` follows. Further calls do nothing.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        guard state == .open else { return }
        state = .closing
        appendClose(code, reason)
        connection.armDeadline(connection.server.limits.lingerTime)
        connection.flushSoon()
    }

    /// Ends the connection at once without a close frame, as a broken line would.
    package func abandon() { connection.terminate(.lost("abandoned")) }

    // MARK: From the connection

    /// Takes the frames that came right behind the handshake.
    func start(_ remainder: [UInt8]) {
        parser.append(remainder.rawSpan)
        takeEvents()
    }

    func receive() {
        var result = 0
        let fd = connection.fd
        _ = parser.fill { free in
            result = unsafe free.withUnsafeMutableBytes {
                unsafe recv(fd, $0.baseAddress, $0.count, 0)
            }
            return max(0, result)
        }
        if result > 0 {
            takeEvents()
        } else if result == 0 {
            connection.terminate(state == .closing ? .closed : .lost("peer closed"))
        } else if errno != EAGAIN && errno != EINTR {
            connection.terminate(.lost(systemMessage(errno)))
        }
    }

    /// The client did not answer our close frame.
    func deadlineReached() {
        if state == .closing { connection.terminate(.closed) }
    }

    func ended(_ reason: WebSocketCloseReason) {
        guard state != .closed else { return }
        state = .closed
        let last = handler
        handler = nil
        last?.closed(self, reason)
    }

    // MARK: Private

    private func takeEvents() {
        do throws(WebSocketError) {
            while state != .closed, let event = try parser.next() { eventReceived(event) }
        } catch {
            if state == .open { appendClose(error.code, error.message) }
            end(.violated(error))
        }
    }

    private func eventReceived(_ event: WebSocketEvent) {
        switch event {
        case .text, .binary:
            guard state == .open else { return }
            handler?.messageReceived(self, parser.payload, isText: event == .text)
        case .ping:
            // A client that pings and does not read is cut like any other that does not read.
            if state == .open, !send(.pong, parser.payload) {
                connection.terminate(.timedOut("peer does not read"))
            }
            handler?.pingReceived(self)
        case .pong:
            handler?.pongReceived(self, parser.payload)
        case .close(let code):
            let wasOpen = state == .open
            if wasOpen { appendClose(code, "") }
            end(wasOpen ? .peerClosed(code, String(parser.payload)) : .closed)
        }
    }

    /// Lets the last bytes out, closes the connection, and tells the handler.
    private func end(_ reason: WebSocketCloseReason) {
        connection.socket = nil
        connection.finish()
        ended(reason)
    }

    private func send(_ opcode: WebSocketOpcode, _ payload: RawSpan) -> Bool {
        let size = connection.outgoing.count + payload.byteCount
        guard state == .open, size <= connection.server.limits.outgoingBytes else { return false }
        WebSocketFrameWriter.append(
            opcode, payload: payload, maskingKey: nil, to: &connection.outgoing.bytes)
        connection.flushSoon()
        return true
    }

    private func appendClose(_ code: WebSocketCloseCode?, _ reason: String) {
        WebSocketFrameWriter.appendClose(
            code, reason: reason, maskingKey: nil, to: &connection.outgoing.bytes)
    }
}

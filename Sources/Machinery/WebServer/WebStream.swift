internal import Bytes
package import Reactor
internal import WebProtocol

/// An answer that is sent piece by piece: a download or server-sent events.
@LoopActor package final class WebStream {
    /// Called once when the client goes away before `finish()`.
    package var onClosed: (@LoopActor () -> Void)?

    private let connection: ServerConnection
    private let isChunked: Bool
    private let keepsAlive: Bool
    /// The answer to HEAD: head only.
    private let isMute: Bool

    init(_ connection: ServerConnection, isChunked: Bool, keepsAlive: Bool, isMute: Bool) {
        self.connection = connection
        self.isChunked = isChunked
        self.keepsAlive = keepsAlive
        self.isMute = isMute
    }

    /// Whether pieces still go somewhere.
    package var isOpen: Bool { connection.mode == .streaming && connection.stream === self }

    /// Bytes that wait for the client to read.
    package var queuedBytes: Int { isOpen ? connection.outgoing.count : 0 }

    /// Sends a piece; false, and nothing sent, when the client is gone or too far behind.
    package func send(_ bytes: RawSpan) -> Bool {
        guard isOpen, hasRoom(bytes.byteCount) else { return false }
        if !isMute { append(bytes) }
        connection.flushSoon()
        return true
    }

    /// Sends one server-sent event; false, and nothing sent, when the client is gone or too far
    /// behind.
    package func send(event: String?, identifier: String? = nil, data: RawSpan) -> Bool {
        var text: [UInt8] = []
        HTTPResponseWriter.appendEvent(name: event, identifier: identifier, data: data, to: &text)
        return send(text.rawSpan)
    }

    /// Ends the answer; the connection goes on to its next request. Further calls do nothing.
    package func finish() {
        guard isOpen else { return }
        onClosed = nil
        connection.stream = nil
        if isChunked, !isMute { HTTPResponseWriter.appendLastChunk(to: &connection.outgoing.bytes) }
        if keepsAlive, !connection.server.isClosed {
            connection.next()
        } else {
            connection.finish()
        }
    }

    func connectionEnded() {
        let tell = onClosed
        onClosed = nil
        tell?()
    }

    private func append(_ bytes: RawSpan) {
        if isChunked {
            HTTPResponseWriter.appendChunk(bytes, to: &connection.outgoing.bytes)
        } else {
            unsafe bytes.withUnsafeBytes { unsafe connection.outgoing.bytes.append(contentsOf: $0) }
        }
    }

    private func hasRoom(_ count: Int) -> Bool {
        connection.outgoing.count + count <= connection.server.limits.outgoingBytes
    }
}

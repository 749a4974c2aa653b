/// How a WebSocket ended, or why it never opened.
package enum WebSocketCloseReason: Equatable, Sendable, CustomStringConvertible {
    /// We closed it; the peer answered, or did not within its time.
    case closed
    /// The peer sent a close frame, with this code and text.
    case peerClosed(WebSocketCloseCode?, String)
    /// The handshake failed: the status the server answered with, nil when it did not get so far.
    case refused(status: Int?, message: String)
    /// The peer broke the protocol or a limit.
    case violated(WebSocketError)
    /// The connection broke off without a close frame.
    case lost(String)
    /// A deadline passed: connecting, waiting for a pong, or getting rid of bytes.
    case timedOut(String)

    package var description: String {
        switch self {
        case .closed: "closed"
        case .peerClosed(let code, let text):
            "closed by the peer: \(code.map { "\($0)" } ?? "no code") \(text)"
        case .refused(let status, let message):
            "refused: \(status.map { "\($0) " } ?? "")\(message)"
        case .violated(let error): "protocol error: \(error)"
        case .lost(let message): "connection lost: \(message)"
        case .timedOut(let message): "timed out: \(message)"
        }
    }
}

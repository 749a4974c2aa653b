internal import Bytes
package import Reactor
package import WebProtocol

/// One request's way to its answer; answer it once, at any time. Dropped unanswered it answers 500.
@LoopActor package final class WebExchange {
    /// What the router matched: the named segments of the route's path, percent-decoded.
    package internal(set) var parameters: [String: String] = [:]

    private let connection: ServerConnection
    private let request: HTTPRequest
    private var isAnswered = false

    init(_ connection: ServerConnection, _ request: HTTPRequest) {
        self.connection = connection
        self.request = request
    }

    isolated deinit {
        guard !isAnswered else { return }
        let body = Array("{\"error\":\"no answer\"}".utf8)
        connection.answer(500, ["Content-Type": "application/json"], body.rawSpan)
    }

    /// Whether an answer would still reach the client, as far as is known.
    package var isOpen: Bool { !isAnswered && connection.mode == .answering }

    /// The client's address as text, without its port.
    package var remoteAddress: String { connection.remoteAddress }

    /// Ends the connection without an answer, as a broken line would; what was sent before is gone
    /// with it where it is still on its way.
    package func abandon() {
        take()
        connection.terminate(.lost("abandoned"))
    }

    /// Answers with a whole body; without effect when the client is gone. Traps on a second answer.
    package func respond(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        take()
        connection.answer(status, headers, body.rawSpan)
    }

    /// Answers with JSON text.
    package func respond(status: Int, json: String) {
        respond(
            status: status, headers: ["Content-Type": "application/json"], body: Array(json.utf8))
    }

    /// Answers with plain text.
    package func respond(status: Int, text: String) {
        respond(
            status: status, headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: Array(text.utf8))
    }

    /// Starts an answer of unknown length: chunked, or until the connection ends for HTTP/1.0.
    package func startStream(
        status: Int = 200, contentType: String, headers: HTTPHeaders = [:]
    ) -> WebStream {
        take()
        var all = headers
        all.append("Content-Type", contentType)
        return connection.startStream(status, all)
    }

    /// Starts server-sent events.
    package func startEvents() -> WebStream {
        startStream(contentType: "text/event-stream", headers: ["Cache-Control": "no-store"])
    }

    /// Answers the WebSocket handshake. Nil when the request is not a sound one, which has then
    /// been answered, or when the client is gone. The handler is kept until its `closed`.
    package func upgrade(handler: any ServerWebSocketHandler) -> ServerWebSocket? {
        take()
        do throws(HTTPError) {
            let response = try WebSocketHandshake.response(to: request)
            guard connection.mode == .answering else { return nil }
            let socket = ServerWebSocket(connection, handler)
            connection.upgrade(response, socket)
            return socket
        } catch {
            var headers: HTTPHeaders = ["Content-Type": "application/json"]
            if error.status == 426 { headers.append("Sec-WebSocket-Version", "13") }
            let body = Array("{\"error\":\"\(error.message)\"}".utf8)
            connection.answer(error.status, headers, body.rawSpan)
            return nil
        }
    }

    private func take() {
        precondition(!isAnswered, "an exchange is answered once")
        isAnswered = true
    }
}

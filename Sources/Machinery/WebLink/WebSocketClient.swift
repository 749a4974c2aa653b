internal import Bounded
internal import Bytes
package import Chronology
package import Reactor
package import WebProtocol

/// What a WebSocket's messages go to.
@LoopActor package protocol WebSocketHandler: AnyObject {
    /// The handshake is done; messages can be sent.
    func opened()
    /// A whole message; the bytes are lent for the call. Text is proven UTF-8.
    func messageReceived(_ bytes: RawSpan, isText: Bool)
    /// The connection is no more, or never came to be; called once for each `connect()`. It may
    /// call `connect()` again.
    func closed(reason: WebSocketCloseReason)
}

/// A handler that takes the messages of a read together, so that it may leave out what a later one
/// makes void.
@LoopActor package protocol WebSocketBatchHandler: WebSocketHandler {
    /// Whole messages in the order they came; the bytes are lent for the call. Fragmented and very
    /// long ones still come by `messageReceived`, in their place.
    func messagesReceived(_ messages: WebSocketMessages)
}

/// A WebSocket to a server. Pings are answered by themselves; when to connect again is the caller's
/// decision.
@LoopActor package final class WebSocketClient {
    let loop: EventLoop
    let limits: WebSocketClientLimits
    let handler: any WebSocketHandler
    /// The handler where it takes messages together.
    let batchHandler: (any WebSocketBatchHandler)?
    let multi: CurlMulti
    let authorities: String?
    private let url: String
    private let headers: HTTPHeaders
    private var random: SplitMix64
    private var connection: WebSocketConnection?

    /// - Parameters:
    ///   - url: `ws://` or `wss://`, with path and query.
    ///   - headers: further headers of the handshake.
    ///   - authorities: the path of a PEM file of certificate authorities to trust instead of the
    ///     system's.
    ///   - seed: of nonces and masking keys, which the peer must not foretell: take it from the
    ///     system's randomness outside of tests.
    ///   - handler: kept as long as the client.
    package init(
        loop: EventLoop, url: String, headers: HTTPHeaders = [:],
        limits: WebSocketClientLimits = .standard, authorities: String? = nil, seed: UInt64,
        handler: any WebSocketHandler
    ) {
        self.loop = loop
        self.url = url
        self.headers = headers
        self.limits = limits
        self.handler = handler
        batchHandler = handler as? any WebSocketBatchHandler
        self.authorities = authorities
        random = SplitMix64(seed: seed)
        multi = CurlMulti(loop: loop, idleConnections: 1)
    }

    isolated deinit { connection?.abandon() }

    /// Whether messages can be sent.
    package var isOpen: Bool { connection?.isOpen ?? false }

    /// Whether a connection is open, opening or closing.
    package var isConnected: Bool { connection != nil }

    /// When the bytes of the present message were read: one look at the clock for all the messages
    /// of a read.
    package internal(set) var readAt = Instant.distantPast

    /// Bytes that wait for the server to read.
    package var queuedBytes: Int { connection?.queuedBytes ?? 0 }

    /// Opens a connection; `opened` or `closed` follows, not within this call. Traps while there is
    /// one already.
    package func connect() {
        precondition(connection == nil, "one connection at a time")
        let connection = WebSocketConnection(self, nonce: (random.next(), random.next()))
        self.connection = connection
        guard let target = WebURL(url), target.scheme == "ws" || target.scheme == "wss" else {
            loop.soon { connection.end(.refused(status: nil, message: "not a ws url")) }
            return
        }
        connection.start(target, headers)
    }

    /// Sends a text message, which must be UTF-8; false, and nothing sent, when the socket is not
    /// open or its queue is full.
    package func send(text: RawSpan) -> Bool { connection?.send(.text, text) ?? false }

    /// Sends a text message.
    package func send(text: String) -> Bool {
        text.withRawSpan { connection?.send(.text, $0) ?? false }
    }

    /// Sends a binary message; as `send(text:)`.
    package func send(binary: RawSpan) -> Bool { connection?.send(.binary, binary) ?? false }

    /// Starts the close handshake, or gives up connecting; `closed` follows, in the second case
    /// within this call. Further calls do nothing.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        connection?.close(code, reason)
    }

    func nextMaskingKey() -> UInt32 { UInt32(truncatingIfNeeded: random.next()) }

    func ended(_ connection: WebSocketConnection, _ reason: WebSocketCloseReason) {
        guard self.connection === connection else { return }
        self.connection = nil
        handler.closed(reason: reason)
    }
}

package import Chronology
package import WebProtocol

/// What one client of requests may use.
package struct WebClientLimits: Sendable {
    /// Requests under way; one more is refused as not sent. The gateway sends 10 orders at once.
    package var requestsInFlight: Int
    /// Connections kept open between requests.
    package var idleConnections: Int
    /// Bytes of a response body. The largest, exchangeInfo of a spot venue, has about 15 MB.
    package var responseBytes: Int
    /// Bytes of all response headers.
    package var headerBytes: Int
    /// How long connecting, DNS and TLS included, may take within a request's own deadline.
    package var connectTime: Interval

    package init(
        requestsInFlight: Int = 64, idleConnections: Int = 16, responseBytes: Int = 33_554_432,
        headerBytes: Int = 65_536, connectTime: Interval = .seconds(5)
    ) {
        self.requestsInFlight = requestsInFlight
        self.idleConnections = idleConnections
        self.responseBytes = responseBytes
        self.headerBytes = headerBytes
        self.connectTime = connectTime
    }

    package static let standard = WebClientLimits()
}

/// What one WebSocket may use.
package struct WebSocketClientLimits: Sendable {
    /// Frames and messages from the server.
    package var webSocket: WebSocketLimits
    /// Bytes that wait for the server to read them.
    package var outgoingBytes: Int
    /// From `connect()` to the server's answer to the handshake.
    package var handshakeTime: Interval
    /// From a message's first byte to its last.
    package var messageTime: Interval
    /// How long the server may take to answer a close frame.
    package var closeTime: Interval
    /// How often a ping is sent; nil for never. Venues ping by themselves.
    package var pingInterval: Interval?

    package init(
        webSocket: WebSocketLimits = .client, outgoingBytes: Int = 262_144,
        handshakeTime: Interval = .seconds(10), messageTime: Interval = .seconds(10),
        closeTime: Interval = .seconds(2), pingInterval: Interval? = nil
    ) {
        self.webSocket = webSocket
        self.outgoingBytes = outgoingBytes
        self.handshakeTime = handshakeTime
        self.messageTime = messageTime
        self.closeTime = closeTime
        self.pingInterval = pingInterval
    }

    package static let standard = WebSocketClientLimits()
}

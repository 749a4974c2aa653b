/// How large what a WebSocket peer sends may be.
package struct WebSocketLimits: Sendable {
    /// Payload bytes of one frame.
    package var frameBytes: Int
    /// Payload bytes of one message, over all its fragments.
    package var messageBytes: Int
    /// Bytes of receive buffer a connection starts with; it grows up to one frame.
    package var initialBufferBytes: Int

    package init(frameBytes: Int, messageBytes: Int, initialBufferBytes: Int) {
        precondition(frameBytes > 0 && messageBytes > 0 && initialBufferBytes >= 256)
        self.frameBytes = frameBytes
        self.messageBytes = messageBytes
        self.initialBufferBytes = initialBufferBytes
    }

    /// A venue's stream: its largest event, a full depth snapshot, is under 200 KB.
    package static let client = WebSocketLimits(
        frameBytes: 1_048_576, messageBytes: 4_194_304, initialBufferBytes: 65_536)
    /// Requests of a client: a SUBSCRIBE of 200 streams is under 8 KB.
    package static let server = WebSocketLimits(
        frameBytes: 65_536, messageBytes: 131_072, initialBufferBytes: 2_048)
}

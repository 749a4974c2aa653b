/// Why a WebSocket is closed (RFC 6455 section 7.4).
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = WebSocketCloseCode(rawValue: 1000)
    package static let goingAway = WebSocketCloseCode(rawValue: 1001)
    package static let protocolError = WebSocketCloseCode(rawValue: 1002)
    package static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    package static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    package static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    package static let internalError = WebSocketCloseCode(rawValue: 1011)

    /// Whether a close frame may carry the code; 1004 to 1006 and 1015 exist only inside programs.
    package var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    package var description: String { "\(rawValue)" }
}

/// A peer broke the WebSocket protocol; the code is what to close the connection with.
package struct WebSocketError: Error, Equatable, Sendable, CustomStringConvertible {
    package let code: WebSocketCloseCode
    /// What was wrong, lower-case, without any byte of the message.
    package let message: String

    package init(code: WebSocketCloseCode, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code) \(message)" }

    static func violated(_ message: String) -> WebSocketError {
        WebSocketError(code: .protocolError, message: message)
    }
}

/// Why a peer's HTTP message is refused, with the status that tells it so.
package struct HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The response status to send before the connection is closed: 4xx or 5xx.
    package let status: Int
    /// What was wrong, lower-case, without any byte of the message.
    package let message: String

    package init(status: Int, message: String) {
        self.status = status
        self.message = message
    }

    package var description: String { "\(status) \(message)" }

    static func malformed(_ message: String) -> HTTPError {
        HTTPError(status: 400, message: message)
    }
    static let requestLineTooLong = HTTPError(status: 414, message: "request line too long")
    static let headersTooLarge = HTTPError(status: 431, message: "header fields too large")
    static let tooManyHeaders = HTTPError(status: 431, message: "too many header fields")
    static let bodyTooLarge = HTTPError(status: 413, message: "body too large")
    static let bareLineFeed = HTTPError.malformed("line not ended by CR LF")
}

/// Why a request or a connection failed.
package struct RedisLinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened, stable for decisions.
    package enum Code: String, Sendable {
        /// No connection, or not ready yet.
        case down
        /// A queue is at its limit.
        case full
        /// The connection ended before the reply.
        case lost
        /// The request is not one: no arguments, or malformed RESP.
        case malformed
        /// The URL cannot be used.
        case endpoint
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same request may succeed later.
    package var isRetriable: Bool { code == .down || code == .full || code == .lost }

    package var description: String { message }
}

/// How a request ended.
package enum RedisOutcome: Sendable, Equatable {
    /// The server answered; `.error` replies included.
    case reply(RedisValue)
    /// Definitely not applied.
    case refused(RedisLinkError)
    /// Written whole, then the connection ended: applied or not.
    case unknown(RedisLinkError)

    /// The reply unless it is an error or there is none.
    package var value: RedisValue? {
        if case .reply(let value) = self, !value.isError { return value }
        return nil
    }

    /// Why there is no value: the error reply's text or the link's error; nil when there is one.
    package var failure: String? {
        switch self {
        case .reply(.error(let text)): text
        case .reply: nil
        case .refused(let error), .unknown(let error): error.message
        }
    }
}

/// The state of a connection, reported at each change.
package enum RedisLinkState: Equatable, Sendable {
    /// An attempt has begun.
    case connecting
    /// Logged in and answering; also after every reconnect.
    case up
    /// Not usable; another attempt follows unless it was closed.
    case down(reason: String)
}

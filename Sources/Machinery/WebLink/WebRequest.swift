package import Chronology
package import WebProtocol

/// An HTTP request to send.
package struct WebRequest: Sendable {
    /// A method of the request.
    package var method: String
    /// Absolute, `http` or `https`, already percent-encoded; sent as it is.
    package var url: String
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// How long the whole exchange may take, connecting included.
    package var deadline: Interval
    /// Whether sending it twice does no more than once; only then may curl send it again when a
    /// kept connection turns out to be dead.
    package var isIdempotent: Bool

    /// A request; unless told otherwise GET and HEAD are idempotent and nothing else is.
    package init(
        method: String = WebRequest.get, url: String, headers: [(String, String)] = [],
        body: [UInt8] = [], deadline: Interval = .seconds(10), isIdempotent: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.isIdempotent = isIdempotent ?? (method == Self.get || method == "HEAD")
    }

    package static let get = "GET"
    package static let post = "POST"
    package static let put = "PUT"
    package static let delete = "DELETE"
}

/// A whole HTTP response.
package struct WebResponse: Sendable, Equatable {
    package let status: Int
    /// Names compare without regard to case.
    package let headers: HTTPHeaders
    package let body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why there is no whole response.
package struct WebLinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// curl's result code (CURLcode); -1 for refusals of our own.
    package let code: Int
    /// What went wrong, without the request's query, which may hold a signature.
    package let message: String

    package init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { code < 0 ? message : "\(message) (curl \(code))" }
}

/// How a request ended.
package enum WebOutcome: Sendable, Equatable {
    /// The peer answered in full, whatever the status.
    case response(WebResponse)
    /// No byte of the request left: it definitely never reached the peer.
    case notSent(WebLinkError)
    /// The request may have reached the peer and may have been carried out.
    case unknown(WebLinkError)
}

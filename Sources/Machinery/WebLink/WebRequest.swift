internal import Bytes
package import Chronology
package import WebProtocol

/// A server, or a part of it, that many requests go to: read once.
package struct WebBase: Sendable {
    let origin: WebOrigin?
    /// What stands before each target; most have none.
    private let path: String

    /// A base that is no `http` or `https` URL is refused with each request.
    package init(_ text: String) {
        let url = WebURL(text)
        origin = url?.origin
        path = url.map { $0.target.hasSuffix("/") ? String($0.target.dropLast()) : $0.target } ?? ""
    }

    func url(_ target: String) -> WebURL? {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        return origin.flatMap { WebURL($0, target: path.isEmpty ? target : path + target) }
    }
}

/// An HTTP request to send.
package struct WebRequest: Sendable {
    /// A method of the request.
    package var method: String
    /// Where it goes; nil where what was given is no URL: it is refused then.
    let url: WebURL?
    package var headers: WebHeaders
    package var body: [UInt8]
    /// How long the whole exchange may take, connecting included.
    package var deadline: Interval
    /// Whether sending it twice does no more than once; only then may curl send it again when a
    /// kept connection turns out to be dead.
    package var isIdempotent: Bool

    /// A request; unless told otherwise GET and HEAD are idempotent and nothing else is.
    /// - Parameter url: absolute, `http` or `https`, already percent-encoded; sent as it is.
    package init(
        method: String = WebRequest.get, url: String, headers: WebHeaders = .none,
        body: [UInt8] = [], deadline: Interval = .seconds(10), isIdempotent: Bool? = nil
    ) {
        self.init(method, WebURL(url), headers, body, deadline, isIdempotent)
    }

    /// A request for a target below a base: path and query, already percent-encoded.
    package init(
        method: String = WebRequest.get, base: WebBase, target: String,
        headers: WebHeaders = .none, body: [UInt8] = [], deadline: Interval = .seconds(10),
        isIdempotent: Bool? = nil
    ) {
        self.init(method, base.url(target), headers, body, deadline, isIdempotent)
    }

    private init(
        _ method: String, _ url: WebURL?, _ headers: WebHeaders, _ body: [UInt8],
        _ deadline: Interval, _ isIdempotent: Bool?
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

extension WebRequest {
    /// Appends the request as it is sent; nothing where it goes nowhere.
    package func write(to out: inout [UInt8]) {
        if let url { write(url, to: &out) }
    }

    func write(_ url: WebURL, to out: inout [UInt8]) {
        out.reserveCapacity(out.count + 512 + body.count)
        out.append(contentsOf: method.utf8)
        out.append(UInt8(ascii: " "))
        out.append(contentsOf: url.target.utf8)
        out += url.origin.lines
        out += headers.lines
        if !body.isEmpty || method == WebRequest.post {
            var line = ByteWriter(capacity: 40)
            line.append("Content-Length: " as StaticString)
            line.append(integer: body.count)
            line.append("\r\n" as StaticString)
            unsafe line.rawSpan.withUnsafeBytes { unsafe out.append(contentsOf: $0) }
        }
        out.append(UInt8(ascii: "\r"))
        out.append(UInt8(ascii: "\n"))
        out += body
    }
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

package import Reactor
package import WebProtocol

/// Sends requests to handlers by method and path.
///
/// A path is matched segment by segment: literally, `{name}` takes one segment (see
/// `WebExchange.parameters`), a last `*` takes the rest. The first match added wins. A path no route
/// has answers 404, a method no route of the path has 405, both as JSON; HEAD is served by GET.
@LoopActor package struct Router {
    package typealias Handler = @LoopActor (HTTPRequest, WebExchange) -> Void

    private struct Route {
        let method: String
        let segments: [Substring]
        let handler: Handler
    }

    private var routes: [Route] = []
    /// Answers paths that no route has; nil answers 404.
    package var fallback: Handler?

    package init() {}

    /// Adds a route; traps on a path that does not begin with a slash.
    package mutating func add(_ method: String, _ path: String, _ handler: @escaping Handler) {
        precondition(path.utf8.first == UInt8(ascii: "/"), "a route begins with a slash")
        routes.append(Route(method: method, segments: Self.segments(path), handler: handler))
    }

    /// Hands the request to its handler, or answers 404 or 405.
    package func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange) {
        let method = request.method == "HEAD" ? "GET" : request.method
        let segments = Self.segments(request.path)
        var allowed: [String] = []
        for route in routes {
            guard let parameters = Self.match(route.segments, segments) else { continue }
            if route.method == method || route.method == request.method {
                exchange.parameters = parameters
                route.handler(request, exchange)
                return
            }
            allowed.append(route.method)
        }
        if !allowed.isEmpty {
            exchange.respond(
                status: 405,
                headers: [
                    "Content-Type": "application/json", "Allow": allowed.joined(separator: ", "),
                ],
                body: Array("{\"error\":\"method not allowed\"}".utf8))
        } else if let fallback {
            fallback(request, exchange)
        } else {
            exchange.respond(status: 404, json: "{\"error\":\"not found\"}")
        }
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// The named segments, or nil when the path is another.
    private static func match(_ route: [Substring], _ path: [Substring]) -> [String: String]? {
        let takesRest = route.last == "*"
        guard takesRest ? path.count >= route.count : path.count == route.count else { return nil }
        var parameters: [String: String] = [:]
        for (pattern, segment) in zip(takesRest ? route.dropLast() : route[...], path) {
            if pattern.utf8.first == UInt8(ascii: "{") {
                let bytes = Array(segment.utf8)
                guard let value = PercentCoding.decoded(bytes[...], plusIsSpace: false) else {
                    return nil
                }
                parameters[String(pattern.dropFirst().dropLast())] = value
            } else if pattern != segment {
                return nil
            }
        }
        return parameters
    }
}

/// A router in the place of a handler.
@LoopActor final class RoutedHandler: WebRequestHandler {
    private let router: Router

    init(_ router: Router) { self.router = router }

    func requestReceived(_ request: HTTPRequest, _ exchange: WebExchange) {
        router.requestReceived(request, exchange)
    }
}

/// What a request is, as far as faults look at it.
package struct RequestSight: Equatable, Sendable {
    package var exchange: String
    /// `WS` for a message on a WebSocket API.
    package var method: String
    /// As the exchange sees it; the method's name for a message on a WebSocket API.
    package var path: String
    package var key: String?
    package var symbols: [String] = []
    package var clientOrderIDs: [String] = []

    package init(exchange: String, method: String, path: String, key: String? = nil) {
        self.exchange = exchange
        self.method = method
        self.path = path
        self.key = key
    }

    /// Whether it asks for new orders.
    package var isNewOrder: Bool {
        switch method {
        case "POST": path.hasSuffix("/order") || path.hasSuffix("/batchOrders")
        case "WS": path == "order.place"
        case _: false
        }
    }
}

/// What a frame is, as far as faults look at it.
package struct FrameSight: Equatable, Sendable {
    package var exchange: String
    /// The stream's name where the frame says it, else made up of symbol and event type.
    package var stream = ""
    package var symbol: String?
    package var isUserEvent = false
    /// An answer to a command: only corruption strikes it.
    package var isReply = false

    package init(exchange: String) { self.exchange = exchange }
}

/// A text, or with `*` at its end all that begin like it.
package struct FaultPattern: Equatable, Sendable {
    package let text: String
    private let prefix: String?

    package init(_ text: String) {
        self.text = text
        prefix = text.hasSuffix("*") ? String(text.dropLast()) : nil
    }

    package func matches(_ other: String) -> Bool {
        prefix.map { other.hasPrefix($0) } ?? (other == text)
    }
}

/// What a fault strikes; what is not given does not narrow.
package struct FaultTarget: Equatable, Sendable {
    package var exchange: String?
    package var method: String?
    package var path: FaultPattern?
    package var symbol: String?
    /// A stream's name, or `user` for user events.
    package var stream: FaultPattern?
    package var key: String?
    package var clientIDPrefix: String?

    package init() {}

    package func matches(_ request: RequestSight) -> Bool {
        if let exchange, exchange != request.exchange { return false }
        if let method, method != request.method { return false }
        if let path, !path.matches(request.path) { return false }
        if let key, key != request.key { return false }
        if let symbol, !request.symbols.contains(symbol) { return false }
        if let clientIDPrefix {
            return request.clientOrderIDs.contains { $0.hasPrefix(clientIDPrefix) }
        }
        return stream == nil
    }

    package func matches(_ frame: FrameSight) -> Bool {
        if let exchange, exchange != frame.exchange { return false }
        if let symbol, symbol != frame.symbol { return false }
        if let stream, !FaultTarget.matches(stream, frame) { return false }
        return true
    }

    /// A frame that does not say its stream's name is matched without speed and number of levels.
    private static func matches(_ stream: FaultPattern, _ frame: FrameSight) -> Bool {
        if stream.text == "user" { return frame.isUserEvent }
        if frame.isUserEvent { return false }
        if stream.matches(frame.stream) { return true }
        let parts = stream.text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { return false }
        let kind = parts[1].prefix { !$0.isNumber || parts[1].hasPrefix("24") }
        return "\(parts[0])@\(kind)" == frame.stream
    }
}

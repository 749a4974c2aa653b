package import Chronology
package import WebProtocol

/// What one server spends on its clients.
package struct WebServerLimits: Sendable {
    /// Line, header and body of a request.
    package var request: HTTPLimits
    /// Frames and messages of a WebSocket.
    package var webSocket: WebSocketLimits
    /// Open connections; one more is answered 503. A thousand take about 5 MB of memory.
    package var connections: Int
    /// Bytes that wait for one client to read them; a stream or WebSocket is refused more.
    package var outgoingBytes: Int
    /// How long a connection may stay open without a request.
    package var idleTime: Interval
    /// From a request's first byte to the end of its headers; a slow client is cut.
    package var headTime: Interval
    /// From the end of the headers to the end of the body.
    package var bodyTime: Interval
    /// How long a client may read nothing while bytes wait for it.
    package var stallTime: Interval
    /// How long a finished connection waits for the client to close its side.
    package var lingerTime: Interval

    package init(
        request: HTTPLimits = .standard, webSocket: WebSocketLimits = .server,
        connections: Int = 1_024, outgoingBytes: Int = 1_048_576,
        idleTime: Interval = .seconds(75), headTime: Interval = .seconds(10),
        bodyTime: Interval = .seconds(30), stallTime: Interval = .seconds(10),
        lingerTime: Interval = .seconds(2)
    ) {
        self.request = request
        self.webSocket = webSocket
        self.connections = connections
        self.outgoingBytes = outgoingBytes
        self.idleTime = idleTime
        self.headTime = headTime
        self.bodyTime = bodyTime
        self.stallTime = stallTime
        self.lingerTime = lingerTime
    }

    package static let standard = WebServerLimits()
}

/// Why a server cannot listen.
package struct WebServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Address, port and the system's reason, as in `cannot listen on 127.0.0.1:80: Permission denied`.
    package let description: String
}

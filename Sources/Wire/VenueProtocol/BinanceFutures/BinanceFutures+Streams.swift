package import Bytes
package import Trading

extension BinanceFutures {
    /// The venue's stream roots; since 2026-04 each kind of stream lives on its own, and a
    /// subscription on the wrong one is acknowledged and stays silent (T4).
    package enum StreamRoot: String, Sendable, CaseIterable {
        /// bookTicker and depth.
        case `public`
        /// markPrice, aggTrade and the rest of market data.
        case market
        /// User data.
        case `private`
    }

    /// Streams one connection may carry.
    package static let streamsPerConnection = 1024
    /// Control messages a second one connection may send.
    package static let controlMessagesPerSecond = 10

    /// The address of a root for raw frames, to be appended to the venue's WebSocket base.
    package static func streamPath(_ root: StreamRoot) -> String { "/\(root.rawValue)/ws" }

    /// The address of a root for combined frames.
    package static func combinedPath(_ root: StreamRoot) -> String { "/\(root.rawValue)/stream" }

    /// The address of the user stream; the listen key is a credential, so it is not to be logged.
    package static func userStreamPath(listenKey: String) -> String {
        "/private/ws/\(listenKey)"
    }

    package static func bookTickerStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@bookTicker"
    }
    /// Mark and index price, once a second.
    package static func markPriceStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@markPrice@1s"
    }

    /// Trades, aggregated by taker order, ten times a second.
    package static func aggTradeStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@aggTrade"
    }
    /// Changes of the book, ten times a second.
    package static func depthStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@depth@100ms"
    }

    /// A control message that adds streams to a connection.
    package static func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("SUBSCRIBE", streams, id: id)
    }
    /// A control message that takes streams from a connection.
    package static func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("UNSUBSCRIBE", streams, id: id)
    }
}

/// The answer to a control message.
package struct ControlReply: Equatable, Sendable {
    /// The id that was sent, as text; empty where the venue gave none.
    package let id: String
    /// Nil where the message was accepted. Unknown stream names are accepted, too.
    package let error: VenueError?

    package init(id: String, error: VenueError?) {
        self.id = id
        self.error = error
    }

    /// Reads a control answer in any of its forms; nil where the bytes are a valid object of
    /// another kind.
    package static func decode(_ bytes: RawSpan) throws(JSONError) -> ControlReply? {
        var scanner = JSONScanner(bytes)
        var id = ""
        var isReply = false
        var error: VenueError?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id": id = try scanner.lenientText()
            case "result":
                isReply = true
                try scanner.skipValue()
            case "error":
                isReply = true
                error = VenueError(try scanner.rawValue())
            case "code":
                isReply = true
                error = VenueError(bytes)
                try scanner.skipValue()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return isReply ? ControlReply(id: id, error: error) : nil
    }
}

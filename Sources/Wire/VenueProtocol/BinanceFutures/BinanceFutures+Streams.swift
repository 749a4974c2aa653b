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

    /// The address of the user stream; the listen key is a credential, so it is not to be logged.
    package static func userStreamPath(listenKey: String) -> String {
        "/private/ws/\(listenKey)"
    }

    package static func bookTickerStream(_ symbol: Symbol) -> String {
        "\(lowerCase(symbol))@bookTicker"
    }
    /// Mark and index price, once a second.
    package static func markPriceStream(_ symbol: Symbol) -> String {
        "\(lowerCase(symbol))@markPrice@1s"
    }

    /// Stream names are in lower case; letters beyond ASCII have none.
    private static func lowerCase(_ symbol: Symbol) -> String {
        let bytes = symbol.name.utf8.map { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A control message that adds streams to a connection.
    package static func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        control("SUBSCRIBE", streams, id: id)
    }
    /// A control message that takes streams from a connection.
    package static func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        control("UNSUBSCRIBE", streams, id: id)
    }

    private static func control(_ method: String, _ streams: [String], id: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + 32 * streams.count)
        writer.beginObject()
        writer.field("method", method)
        writer.key("params")
        writer.beginArray()
        for stream in streams { writer.value(stream) }
        writer.endArray()
        writer.field("id", id)
        writer.endObject()
        return writer.bytes
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

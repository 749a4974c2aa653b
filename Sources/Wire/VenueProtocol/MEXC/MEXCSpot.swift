package import Bytes
package import Trading

/// The dialect of MEXC spot v3, which looks like Binance's and is not. Source: mexcdevelop/apidocs.
package enum MEXCSpot {}

extension MEXCSpot {
    // MARK: market data

    package static var serverTime: VenueRequest { VenueRequest(.get, "/api/v3/time", weight: 1) }

    package static var exchangeInfo: VenueRequest {
        VenueRequest(.get, "/api/v3/exchangeInfo", weight: 10)
    }

    /// - Parameter limit: levels a side, 1...5000.
    package static func depth(_ symbol: Symbol, limit: Int) -> VenueRequest {
        VenueRequest(
            .get, "/api/v3/depth",
            [.init("symbol", symbol.name), .init("limit", String(limit))], weight: 1)
    }

    package static func bookTicker(_ symbol: Symbol) -> VenueRequest {
        VenueRequest(
            .get, "/api/v3/ticker/bookTicker", [.init("symbol", symbol.name)], weight: 1)
    }

    package static func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try ServerTime.decode(bytes)
    }

    /// Reads exchangeInfo, whose filters are empty: the grid comes from the precisions, the least
    /// quantity from `baseSizePrecision`, the least value from `quoteAmountPrecision`.
    package static func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try ExchangeInfo(bytes, .mexcSpot)
    }

    package static func decodeBookTop(_ bytes: RawSpan) throws(JSONError) -> BookTop {
        try BookTop(bytes)
    }

    // MARK: streams

    /// Streams one connection may carry.
    package static let streamsPerConnection = 30
    /// Control messages a second one connection may send.
    package static let controlMessagesPerSecond = 100
    package static let streamPath = "/ws"
    /// A connection without traffic is closed after 60 s: this is to be sent before.
    package static let ping = Array("{\"method\":\"PING\"}".utf8)

    package static func bookTickerStream(_ symbol: Symbol) -> String {
        "spot@public.aggre.bookTicker.v3.api.pb@100ms@\(symbol)"
    }
    package static func dealsStream(_ symbol: Symbol) -> String {
        "spot@public.aggre.deals.v3.api.pb@100ms@\(symbol)"
    }
    package static func depthStream(_ symbol: Symbol) -> String {
        "spot@public.aggre.depth.v3.api.pb@100ms@\(symbol)"
    }
    /// The private channels, which a listen key opens and a subscription starts.
    package static let privateStreams = [
        "spot@private.account.v3.api.pb", "spot@private.deals.v3.api.pb",
        "spot@private.orders.v3.api.pb",
    ]

    /// A control message that adds streams to a connection.
    package static func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("SUBSCRIPTION", streams, id: id)
    }
    /// A control message that takes streams from a connection.
    package static func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("UNSUBSCRIPTION", streams, id: id)
    }

    /// Reads the answer to a control message or a ping, `{"id":0,"code":0,"msg":"..."}`; nil where
    /// the bytes are an object of another kind.
    package static func decodeControl(_ bytes: RawSpan) throws(JSONError) -> ControlReply? {
        var scanner = JSONScanner(bytes)
        var id = ""
        var code: Int64?
        var message = ""
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id": id = try scanner.lenientText()
            case "code": code = try scanner.integer()
            case "msg": message = try scanner.lenientText()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard let code else { return nil }
        // Refusals carry code 0, too, and say so in words.
        let isRefused = code != 0 || message.hasPrefix("Not Subscribed")
        let error = VenueError(code: Int(truncatingIfNeeded: code), message: message)
        return ControlReply(id: id, error: isRefused ? error : nil)
    }
}

/// The control messages of all venues: a method, a list of streams and a number.
enum ControlMessage {
    static func bytes(_ method: String, _ streams: [String], id: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + 48 * streams.count)
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

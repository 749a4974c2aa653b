import Bytes
import Quotes
package import Trading
import VenueProtocol

/// What the feed must know of a venue: its streams, their names, and what a connection may do.
package enum FeedVenue: String, Sendable, CaseIterable {
    case binanceFutures = "binance-usdm"
    case binanceSpot = "binance-spot"
    case mexcSpot = "mexc-spot"

    /// The kinds that make up a quote there: a spot venue has no mark price.
    package var quoteKinds: [FeedKind] {
        switch self {
        case .binanceFutures: [.book, .mark]
        case .binanceSpot, .mexcSpot: [.book]
        }
    }

    /// All kinds of stream.
    package var kinds: [FeedKind] { quoteKinds + [.depth] }

    /// Below the venue's WebSocket base.
    package func path(_ kind: FeedKind) -> String {
        switch self {
        case .binanceFutures:
            BinanceFutures.streamPath(kind == .mark ? .market : .public)
        case .binanceSpot, .mexcSpot: "/ws"
        }
    }

    /// The name a symbol's stream is subscribed by.
    package func stream(_ kind: FeedKind, _ symbol: Symbol) -> String {
        switch (self, kind) {
        case (.binanceFutures, .book): BinanceFutures.bookTickerStream(symbol)
        case (.binanceFutures, .mark): BinanceFutures.markPriceStream(symbol)
        case (.binanceFutures, .depth): "\(FeedVenue.lowerCase(symbol))@depth@100ms"
        case (.binanceSpot, .book), (.binanceSpot, .mark):
            "\(FeedVenue.lowerCase(symbol))@bookTicker"
        case (.binanceSpot, .depth): "\(FeedVenue.lowerCase(symbol))@depth@100ms"
        case (.mexcSpot, .book), (.mexcSpot, .mark):
            "spot@public.aggre.bookTicker.v3.api.pb@100ms@\(symbol)"
        case (.mexcSpot, .depth): "spot@public.aggre.depth.v3.api.pb@100ms@\(symbol)"
        }
    }

    private static func lowerCase(_ symbol: Symbol) -> String {
        let bytes = symbol.name.utf8.map { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Most streams one connection may carry.
    package var streamLimit: Int {
        switch self {
        case .binanceFutures, .binanceSpot: 1_024
        case .mexcSpot: 30
        }
    }

    /// Control messages a connection may get a second. The venues disconnect above 10, 5 and 100,
    /// pongs included, of which there is one at most.
    package var controlPerSecond: Int {
        switch self {
        case .binanceFutures: 5
        case .binanceSpot: 3
        case .mexcSpot: 10
        }
    }

    /// Whether a connection may stand open without a stream; MEXC ends it after 30 s.
    package var keepsIdleSockets: Bool {
        switch self {
        case .binanceFutures, .binanceSpot: true
        case .mexcSpot: false
        }
    }

    /// What keeps a connection alive besides the protocol's own pings: sent every 20 s.
    package var ping: [UInt8]? {
        switch self {
        case .binanceFutures, .binanceSpot: nil
        case .mexcSpot: Array("{\"method\":\"PING\"}".utf8)
        }
    }

    /// Whether market frames are binary; a message of the other sort is a control answer at best.
    package var isBinary: Bool {
        switch self {
        case .binanceFutures, .binanceSpot: false
        case .mexcSpot: true
        }
    }

    /// A control message that adds streams to a connection.
    package func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        switch self {
        case .binanceFutures, .binanceSpot: BinanceFutures.subscribe(streams, id: id)
        case .mexcSpot: FeedVenue.control("SUBSCRIPTION", streams, id: id)
        }
    }

    /// A control message that takes streams from a connection.
    package func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        switch self {
        case .binanceFutures, .binanceSpot: BinanceFutures.unsubscribe(streams, id: id)
        case .mexcSpot: FeedVenue.control("UNSUBSCRIPTION", streams, id: id)
        }
    }

    private static func control(_ method: String, _ streams: [String], id: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + 64 * streams.count)
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

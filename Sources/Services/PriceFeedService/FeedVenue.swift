import Bytes
package import Trading
package import VenueProtocol

/// The venues the feed serves.
package typealias FeedVenue = VenueKind

/// What the feed must know of a venue: its streams, their names, what a connection may do, and how
/// its messages are read.
extension VenueKind {
    /// The kinds that make up a quote there: a spot venue has no mark price.
    package var quoteKinds: [FeedKind] {
        switch self {
        case .binanceFutures: [.book, .mark]
        case .binanceSpot, .mexcSpot: [.book]
        }
    }

    /// All kinds of stream.
    package var kinds: [FeedKind] { quoteKinds + [.depth] }

    // MARK: connections

    /// Below the venue's WebSocket base.
    package func path(_ kind: FeedKind) -> String {
        switch self {
        case .binanceFutures: BinanceFutures.streamPath(kind == .mark ? .market : .public)
        case .binanceSpot: BinanceSpot.streamPath
        case .mexcSpot: MEXCSpot.streamPath
        }
    }

    /// Most streams one connection may carry.
    package var streamLimit: Int {
        switch self {
        case .binanceFutures: BinanceFutures.streamsPerConnection
        case .binanceSpot: BinanceSpot.streamsPerConnection
        case .mexcSpot: MEXCSpot.streamsPerConnection
        }
    }

    /// Control messages a connection may get a second. The venues disconnect above 10, 5 and 100,
    /// pongs included, of which there is one at most.
    package var controlPerSecond: Int {
        switch self {
        case .binanceFutures: BinanceFutures.controlMessagesPerSecond / 2
        case .binanceSpot: BinanceSpot.controlMessagesPerSecond - 2
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
        case .mexcSpot: MEXCSpot.ping
        }
    }

    /// Whether market frames are binary; a message of the other sort is a control answer at best.
    package var isBinary: Bool {
        switch self {
        case .binanceFutures, .binanceSpot: false
        case .mexcSpot: true
        }
    }

    // MARK: subscriptions

    /// The name a symbol's stream is subscribed by.
    package func stream(_ kind: FeedKind, _ symbol: Symbol) -> String {
        switch (self, kind) {
        case (.binanceFutures, .book): BinanceFutures.bookTickerStream(symbol)
        case (.binanceFutures, .mark): BinanceFutures.markPriceStream(symbol)
        case (.binanceFutures, .depth): BinanceFutures.depthStream(symbol)
        case (.binanceSpot, .book), (.binanceSpot, .mark): BinanceSpot.bookTickerStream(symbol)
        case (.binanceSpot, .depth): BinanceSpot.depthStream(symbol)
        case (.mexcSpot, .book), (.mexcSpot, .mark): MEXCSpot.bookTickerStream(symbol)
        case (.mexcSpot, .depth): MEXCSpot.depthStream(symbol)
        }
    }

    /// A control message that adds streams to a connection.
    package func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        switch self {
        case .binanceFutures: BinanceFutures.subscribe(streams, id: id)
        case .binanceSpot: BinanceSpot.subscribe(streams, id: id)
        case .mexcSpot: MEXCSpot.subscribe(streams, id: id)
        }
    }

    /// A control message that takes streams from a connection.
    package func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        switch self {
        case .binanceFutures: BinanceFutures.unsubscribe(streams, id: id)
        case .binanceSpot: BinanceSpot.unsubscribe(streams, id: id)
        case .mexcSpot: MEXCSpot.unsubscribe(streams, id: id)
        }
    }

    /// The answer to a control message; nil for bytes that are none.
    package func controlReply(_ bytes: RawSpan) -> ControlReply? {
        switch self {
        case .binanceFutures, .binanceSpot: try? ControlReply.decode(bytes)
        case .mexcSpot: try? MEXCSpot.decodeControl(bytes)
        }
    }

    // MARK: frames

    /// Reads a best bid and ask in place; allocates nothing.
    @inline(__always)
    func bookTicker(_ bytes: RawSpan) throws(FrameProblem) -> BookTickerFrame {
        switch self {
        case .binanceFutures: return try BookTickerFrame(bytes)
        case .binanceSpot: return try BookTickerFrame(spot: bytes)
        case .mexcSpot: return try BookTickerFrame(mexc: MEXCPush(bytes), bytes)
        }
    }

    /// Reads a change of a book into memory that is used again.
    func depth(_ bytes: RawSpan, into frame: inout DepthFrame) throws(FrameProblem) {
        switch self {
        case .binanceFutures, .binanceSpot: try frame.read(bytes)
        case .mexcSpot: try frame.read(mexc: MEXCPush(bytes), bytes)
        }
    }

    /// Whether a message that is no market frame is a sound one of another kind.
    func isOther(_ bytes: RawSpan) -> Bool {
        switch self {
        case .binanceFutures, .mexcSpot: return false
        case .binanceSpot:
            let kind = FrameKind(bytes)
            return kind == .control || kind == .other || kind == .shutdown
        }
    }
}

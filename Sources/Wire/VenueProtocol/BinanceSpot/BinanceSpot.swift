package import Bytes
package import Trading

/// The dialect of Binance spot. Source: binance/binance-spot-api-docs.
package enum BinanceSpot {}

extension BinanceSpot {
    // MARK: market data

    package static var serverTime: VenueRequest { VenueRequest(.get, "/api/v3/time", weight: 1) }

    package static var exchangeInfo: VenueRequest {
        VenueRequest(.get, "/api/v3/exchangeInfo", weight: 20)
    }

    /// - Parameter limit: levels a side, 1...5000.
    package static func depth(_ symbol: Symbol, limit: Int) -> VenueRequest {
        let weight =
            switch limit {
            case ...100: 5
            case ...500: 25
            case ...1_000: 50
            case _: 250
            }
        return VenueRequest(
            .get, "/api/v3/depth",
            [.init("symbol", symbol.name), .init("limit", String(limit))], weight: weight)
    }

    package static func bookTicker(_ symbol: Symbol) -> VenueRequest {
        VenueRequest(
            .get, "/api/v3/ticker/bookTicker", [.init("symbol", symbol.name)], weight: 2)
    }

    package static func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try ServerTime.decode(bytes)
    }

    /// Reads exchangeInfo; a symbol that breaks a rule is skipped and reported.
    package static func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try ExchangeInfo(bytes, .binanceSpot)
    }

    package static func decodeBookTop(_ bytes: RawSpan) throws(JSONError) -> BookTop {
        try BookTop(bytes)
    }

    // MARK: streams

    /// Streams one connection may carry.
    package static let streamsPerConnection = 1_024
    /// Control messages, pings and pongs a second one connection may send.
    package static let controlMessagesPerSecond = 5
    /// The address for combined frames: spot's payloads do not all name themselves.
    package static let streamPath = "/stream"

    /// A control message that adds streams to a connection.
    package static func subscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("SUBSCRIBE", streams, id: id)
    }
    /// A control message that takes streams from a connection.
    package static func unsubscribe(_ streams: [String], id: Int64) -> [UInt8] {
        ControlMessage.bytes("UNSUBSCRIBE", streams, id: id)
    }

    package static func bookTickerStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@bookTicker"
    }
    package static func aggTradeStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@aggTrade"
    }
    /// Changes of the book, ten times a second.
    package static func depthStream(_ symbol: Symbol) -> String {
        "\(StreamName.lowerCase(symbol))@depth@100ms"
    }
}

/// Names of Binance's streams.
enum StreamName {
    /// Stream names are in lower case; letters beyond ASCII have none.
    static func lowerCase(_ symbol: Symbol) -> String {
        let bytes = symbol.name.utf8.map { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

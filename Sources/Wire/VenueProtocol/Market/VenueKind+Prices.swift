package import Bytes
package import Trading

/// How the best prices are asked for by REST.
extension VenueKind {
    /// The best bid and ask of one symbol.
    package func bookTicker(_ symbol: Symbol) -> VenueRequest {
        switch self {
        case .binanceFutures: BinanceFutures.bookTicker(symbol)
        case .binanceSpot: BinanceSpot.bookTicker(symbol)
        case .mexcSpot: MEXCSpot.bookTicker(symbol)
        }
    }

    /// The best bid and ask of every symbol, for when many are wanted at once.
    package var allBookTickers: VenueRequest {
        switch self {
        case .binanceFutures: VenueRequest(.get, "/fapi/v1/ticker/bookTicker", weight: 5)
        case .binanceSpot: VenueRequest(.get, "/api/v3/ticker/bookTicker", weight: 4)
        case .mexcSpot: VenueRequest(.get, "/api/v3/ticker/bookTicker", weight: 1)
        }
    }

    /// The best levels of a symbol's book, `limit` a side; `DepthFrame.readSnapshot` reads the answer.
    package func depth(_ symbol: Symbol, limit: Int) -> VenueRequest {
        switch self {
        case .binanceFutures: BinanceFutures.depth(symbol, limit: limit)
        case .binanceSpot: BinanceSpot.depth(symbol, limit: limit)
        case .mexcSpot: MEXCSpot.depth(symbol, limit: limit)
        }
    }

    /// Reads the answer for one symbol.
    package func decodeBookTop(_ bytes: RawSpan) throws(JSONError) -> BookTop {
        switch self {
        case .binanceFutures: try BinanceFutures.decodeBookTop(bytes)
        case .binanceSpot: try BinanceSpot.decodeBookTop(bytes)
        case .mexcSpot: try MEXCSpot.decodeBookTop(bytes)
        }
    }
}

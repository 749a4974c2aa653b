import Bytes
import Chronology
import Quotes
package import Trading
package import VenueProtocol

/// What the feed asks a venue for by REST.
extension VenueKind {
    package var exchangeInfo: VenueRequest {
        switch self {
        case .binanceFutures: BinanceFutures.exchangeInfo
        case .binanceSpot: BinanceSpot.exchangeInfo
        case .mexcSpot: MEXCSpot.exchangeInfo
        }
    }

    func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        switch self {
        case .binanceFutures: try BinanceFutures.decodeExchangeInfo(bytes)
        case .binanceSpot: try BinanceSpot.decodeExchangeInfo(bytes)
        case .mexcSpot: try MEXCSpot.decodeExchangeInfo(bytes)
        }
    }

    /// A book of 1,000 levels a side, from which changes go on.
    package func depth(_ symbol: Symbol) -> VenueRequest {
        switch self {
        case .binanceFutures: BinanceFutures.depth(symbol, limit: 1_000)
        case .binanceSpot: BinanceSpot.depth(symbol, limit: 1_000)
        case .mexcSpot: MEXCSpot.depth(symbol, limit: 1_000)
        }
    }

    /// How the numbers of the changes follow one another.
    var bookRule: LocalBook.Rule {
        switch self {
        case .binanceFutures: .previousID
        case .binanceSpot, .mexcSpot: .consecutive
        }
    }
}

extension FeedBookTop {
    init(_ top: BookTop) {
        self.init(
            symbol: top.symbol, bid: top.bid, bidQuantity: top.bidQuantity, ask: top.ask,
            askQuantity: top.askQuantity, timeMilliseconds: top.timeMilliseconds)
    }
}

import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Prices asked for by REST, where a stream is silent.
extension FeedService {
    /// Asked for one by one at most; more at once come in one answer of all symbols.
    private static let singleLimit = 3

    func ask(_ kind: FeedKind, _ symbols: [Symbol]) {
        switch kind {
        case .book: askBooks(symbols)
        case .mark: for symbol in symbols { askMark(symbol) }
        case .depth: for symbol in symbols { askDepth(symbol) }
        }
    }

    private func askBooks(_ symbols: [Symbol]) {
        let venue = desk.configuration.venue
        guard symbols.count > FeedService.singleLimit else {
            for symbol in symbols {
                get(venue.bookTicker(symbol)) { [weak self] body in
                    guard let top = try? BinanceFutures.decodeBookTop(body) else { return }
                    self?.answered([FeedBookTop(top)])
                }
            }
            return
        }
        let wanted = Set(symbols)
        get(venue.allBookTickers) { [weak self] body in
            guard let tops = try? BookTop.decodeAll(body) else { return }
            self?.answered(tops.filter { wanted.contains($0.symbol) }.map { FeedBookTop($0) })
        }
    }

    private func answered(_ tops: [FeedBookTop]) {
        decide { desk, now, actions in
            for top in tops { desk.bookAnswered(top, now: now, &actions) }
        }
    }

    private func askMark(_ symbol: Symbol) {
        get(BinanceFutures.premiumIndex(symbol)) { [weak self] body in
            guard let index = try? BinanceFutures.decodePremiumIndex(body) else { return }
            self?.decide { desk, now, actions in
                desk.markAnswered(
                    index.symbol, mark: index.mark, index: index.index,
                    timeMilliseconds: index.timeMilliseconds, now: now, &actions)
            }
        }
    }

    private func get(
        _ request: VenueRequest, _ answered: @escaping @LoopActor (RawSpan) -> Void
    ) {
        reader.get(request) { result in
            guard case .success(let response) = result else { return }
            answered(response.body.rawSpan)
        }
    }
}

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
        case .mark: askMarks(symbols)
        case .depth: for symbol in symbols { askDepth(symbol) }
        }
    }

    private func askBooks(_ symbols: [Symbol]) {
        let venue = desk.configuration.venue
        guard symbols.count > FeedService.singleLimit else {
            for symbol in symbols {
                get(venue.bookTicker(symbol)) { [weak self] body in
                    guard let top = try? venue.decodeBookTop(body) else { return }
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

    private func askMarks(_ symbols: [Symbol]) {
        guard symbols.count > FeedService.singleLimit else {
            for symbol in symbols {
                get(BinanceFutures.premiumIndex(symbol)) { [weak self] body in
                    guard let index = try? BinanceFutures.decodePremiumIndex(body) else { return }
                    self?.answered([index])
                }
            }
            return
        }
        let wanted = Set(symbols)
        get(BinanceFutures.premiumIndexes) { [weak self] body in
            guard let all = try? BinanceFutures.decodePremiumIndexes(body) else { return }
            self?.answered(all.filter { wanted.contains($0.symbol) })
        }
    }

    private func answered(_ marks: [PremiumIndex]) {
        decide { desk, now, actions in
            for mark in marks {
                desk.markAnswered(
                    mark.symbol, mark: mark.mark, index: mark.index,
                    timeMilliseconds: mark.timeMilliseconds, now: now, &actions)
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

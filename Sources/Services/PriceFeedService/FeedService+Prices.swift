import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import VenueProtocol
import WebLink

/// Prices asked for by REST, where a stream is silent.
extension FeedService {
    /// Asked for one by one at most; more at once come in one answer of all symbols.
    private static let singleLimit = 3

    func ask(_ kind: FeedKind, _ symbols: [Symbol]) {
        for symbol in symbols.prefix(FeedService.singleLimit) { ask(kind, symbol) }
    }

    private func ask(_ kind: FeedKind, _ symbol: Symbol) {
        switch kind {
        case .book: get(BinanceFutures.bookTicker(symbol)) { [weak self] in self?.bookAnswered($0) }
        case .mark:
            get(BinanceFutures.premiumIndex(symbol)) { [weak self] in self?.markAnswered($0) }
        case .depth: return
        }
    }

    private func get(
        _ request: VenueRequest, _ answered: @escaping @LoopActor (RawSpan) -> Void
    ) {
        let url = host.environment.venueRESTURL + RequestSigner.prepareOpen(request).target
        web.send(WebRequest(url: url, deadline: .seconds(5))) { outcome in
            guard case .response(let response) = outcome, response.status == 200 else { return }
            answered(response.body.rawSpan)
        }
    }

    private func bookAnswered(_ body: RawSpan) {
        guard let top = try? BinanceFutures.decodeBookTop(body) else { return }
        let answer = FeedBookTop(
            symbol: top.symbol, bid: top.bid, bidQuantity: top.bidQuantity, ask: top.ask,
            askQuantity: top.askQuantity, timeMilliseconds: top.timeMilliseconds)
        decide { desk, now, actions in desk.bookAnswered(answer, now: now, &actions) }
    }

    private func markAnswered(_ body: RawSpan) {
        guard let index = try? BinanceFutures.decodePremiumIndex(body) else { return }
        decide { desk, now, actions in
            desk.markAnswered(
                index.symbol, mark: index.mark, index: index.index,
                timeMilliseconds: index.timeMilliseconds, now: now, &actions)
        }
    }
}

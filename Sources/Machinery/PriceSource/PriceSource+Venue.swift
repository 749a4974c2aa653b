internal import Bytes
internal import Chronology
internal import Quotes
internal import Reactor
internal import Runtime
internal import Trading
internal import VenueBudget
internal import VenueProtocol
internal import WebLink

/// Prices asked of the venue: the best bid and ask, then the mark where it has one.
extension PriceSource {
    func askOne(_ symbol: Symbol) {
        reader.get(venue.bookTicker(symbol)) { [weak self] result in
            guard let self else { return }
            switch result {
            case .failure(let failure): failed([symbol], "\(failure)")
            case .success(let response):
                guard let top = try? venue.decodeBookTop(response.body.rawSpan),
                    let price = view(top)
                else { return failed([symbol], PriceSource.noBook) }
                askMark(symbol, price)
            }
        }
    }

    private func askMark(_ symbol: Symbol, _ price: PriceView) {
        guard venue == .binanceFutures else { return answered(symbol, price) }
        reader.get(BinanceFutures.premiumIndex(symbol)) { [weak self] result in
            guard let self else { return }
            switch result {
            case .failure(let failure): failed([symbol], "\(failure)")
            case .success(let response):
                let index = try? BinanceFutures.decodePremiumIndex(response.body.rawSpan)
                complete(symbol, price, index)
            }
        }
    }

    /// Asks for many symbols in one call, or in two where the venue has marks.
    func askAll(_ symbols: [Symbol]) {
        reader.get(venue.allBookTickers) { [weak self] result in
            guard let self else { return }
            switch result {
            case .failure(let failure): failed(symbols, "\(failure)")
            case .success(let response):
                guard let tops = try? BookTop.decodeAll(response.body.rawSpan) else {
                    return failed(symbols, PriceSource.noBook)
                }
                booksAnswered(symbols, tops)
            }
        }
    }

    private func booksAnswered(_ symbols: [Symbol], _ tops: [BookTop]) {
        let wanted = Set(symbols)
        var prices: [Symbol: PriceView] = [:]
        for top in tops where wanted.contains(top.symbol) { prices[top.symbol] = view(top) }
        failed(symbols.filter { prices[$0] == nil }, PriceSource.noBook)
        let known = symbols.filter { prices[$0] != nil }
        guard venue == .binanceFutures else {
            for symbol in known { if let price = prices[symbol] { answered(symbol, price) } }
            return
        }
        if known.isEmpty { return }
        let found = prices
        reader.get(BinanceFutures.premiumIndexes) { [weak self] result in
            guard let self else { return }
            switch result {
            case .failure(let failure): failed(known, "\(failure)")
            case .success(let response):
                let all = try? BinanceFutures.decodePremiumIndexes(response.body.rawSpan)
                var marks: [Symbol: PremiumIndex] = [:]
                for mark in all ?? [] { marks[mark.symbol] = mark }
                for symbol in known {
                    if let price = found[symbol] { complete(symbol, price, marks[symbol]) }
                }
            }
        }
    }

    /// Completes a price by its mark.
    private func complete(_ symbol: Symbol, _ price: PriceView, _ index: PremiumIndex?) {
        guard let index, index.mark.isPositive else {
            return failed([symbol], "the venue has no mark")
        }
        var price = price
        price.mark = index.mark
        price.index = index.index
        answered(symbol, price)
    }

    private static let noBook = "the venue's book is no book"

    /// A book as a price of now; nil for one that is none (I1).
    private func view(_ top: BookTop) -> PriceView? {
        guard top.bid.isPositive, top.bid < top.ask else { return nil }
        var price = PriceView()
        price.bid = top.bid
        price.bidQuantity = top.bidQuantity
        price.ask = top.ask
        price.askQuantity = top.askQuantity
        price.at = host.loop.now
        return price
    }
}

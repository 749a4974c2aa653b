package import Trading

/// What a market tells about its past when asked.
extension Market {
    // MARK: prints

    /// The newest prints, oldest first; at most 1,000 are kept.
    package func recentTrades(limit: Int) -> [PublicTrade] {
        trades(from: max(0, tape.trades.count - max(0, limit)), limit: limit)
    }

    /// Kept prints with ids from `fromID` on, oldest first.
    package func trades(fromID: Int64, limit: Int) -> [PublicTrade] {
        trades(from: tape.trades.firstPosition { $0.id < fromID }, limit: limit)
    }

    private func trades(from position: Int, limit: Int) -> [PublicTrade] {
        let end = min(tape.trades.count, position + max(0, limit))
        return (position..<max(position, end)).map { place in
            let trade = tape.trades[place]
            return PublicTrade(
                market: number, id: trade.id, price: tape.scale.price(trade.price),
                quantity: tape.scale.quantity(trade.quantity), isBuyerMaker: trade.isBuyerMaker,
                timeMilliseconds: trade.time)
        }
    }

    // MARK: aggregates

    /// The newest aggregate trades, oldest first; at most 1,000 are kept. One is listed when it is
    /// complete, up to 100 ms after its last print.
    package func recentAggregates(limit: Int) -> [AggregateTrade] {
        aggregates(from: max(0, tape.aggregates.count - max(0, limit)), limit: limit)
    }

    /// Kept aggregate trades with ids from `fromID` on, oldest first.
    package func aggregates(fromID: Int64, limit: Int) -> [AggregateTrade] {
        aggregates(from: tape.aggregates.firstPosition { $0.id < fromID }, limit: limit)
    }

    /// Kept aggregate trades of a time in epoch milliseconds, both ends included, oldest first.
    package func aggregates(from start: Int64, to end: Int64, limit: Int) -> [AggregateTrade] {
        let first = tape.aggregates.firstPosition { $0.time < start }
        return aggregates(from: first, limit: limit).filter { $0.timeMilliseconds <= end }
    }

    private func aggregates(from position: Int, limit: Int) -> [AggregateTrade] {
        let end = min(tape.aggregates.count, position + max(0, limit))
        return (position..<max(position, end)).map { place in
            let trade = tape.aggregates[place]
            return AggregateTrade(
                market: number, id: trade.id, price: tape.scale.price(trade.price),
                quantity: tape.scale.quantity(trade.quantity), firstTradeID: trade.firstID,
                lastTradeID: trade.lastID, isBuyerMaker: trade.isBuyerMaker,
                timeMilliseconds: trade.time)
        }
    }

    // MARK: candles

    /// The candle that is being built; nil before the market has opened.
    package func candle(_ interval: CandleInterval, at wall: Int64) -> Candle? {
        candle(interval, openingAt: interval.opening(at: wall), at: wall)
    }

    /// The candle that opened at a time, as far as it has come; nil where it is not known.
    package func candle(
        _ interval: CandleInterval, openingAt opening: Int64, at wall: Int64
    ) -> Candle? {
        tape.candle(interval, openingAt: opening, at: wall)
    }

    /// Candles that open between two times in epoch milliseconds, both included, oldest first: the first
    /// `limit` from `from` on, or without it the last ones up to `to`, or up to now.
    package func candles(
        _ interval: CandleInterval, from: Int64? = nil, to: Int64? = nil, limit: Int,
        at wall: Int64
    ) -> [Candle] {
        openings(interval, from: from, to: to, limit: limit, at: wall) {
            tape.candle(interval, openingAt: $0, at: wall)
        }
    }

    /// What is found for openings between two times, oldest first: the first `limit` from `from` on, or
    /// without it the last ones up to `to`, or up to now.
    internal func openings<Found>(
        _ interval: CandleInterval, from: Int64?, to: Int64?, limit: Int, at wall: Int64,
        _ find: (Int64) -> Found?
    ) -> [Found] {
        let last = interval.opening(at: max(0, min(to ?? wall, wall)))
        var found: [Found] = []
        guard let from else {
            var opening = last
            while found.count < limit, let one = find(opening) {
                found.append(one)
                opening = interval.opening(at: opening - 1)
            }
            return found.reversed()
        }
        // Any number comes from a client: what is computed with lies before now.
        if from > last { return [] }
        let earliest = wall - PriceHistory.reach * 60_000 - 86_400_000
        var opening = interval.opening(at: max(from, earliest))
        if opening < from { opening = interval.next(after: opening) }
        while opening <= last, found.count < limit {
            // What is dropped or was never known lies before what is known.
            if let one = find(opening) { found.append(one) }
            opening = interval.next(after: opening)
        }
        return found
    }

    // MARK: figures

    /// What traded in the 24 hours before `wall`, to the minute.
    package func statistics(at wall: Int64) -> DayStatistics {
        tape.statistics(at: wall)
            ?? DayStatistics(price: last, openTime: wall - 86_400_000, closeTime: wall)
    }

    /// The volume-weighted price of the last minutes; the last price where nothing traded in them.
    package func averagePrice(minutes: Int = 5, at wall: Int64) -> Price {
        tape.average(minutes: minutes, at: wall) ?? last
    }
}

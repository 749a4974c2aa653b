internal import ExchangeMarkets
internal import Trading

extension Market {
    /// What traded in the time from `start` to `wall`, from minutes or, of days, from hours.
    internal func statistics(since start: Int64, at wall: Int64) -> DayStatistics {
        let isLong = wall - start > 86_400_000
        let candles = candles(
            isLong ? .oneHour : .oneMinute, from: start, to: wall, limit: 1_441, at: wall)
        var window = DayStatistics(
            price: candles.first?.open ?? last, openTime: start, closeTime: wall)
        window.last = last
        for candle in candles {
            window.high = max(window.high, candle.high)
            window.low = min(window.low, candle.low)
            window.volume += candle.volume
            window.quoteVolume += candle.quoteVolume
            window.count += candle.tradeCount
            if window.firstTradeID < 0 { window.firstTradeID = candle.firstTradeID }
            if candle.lastTradeID >= 0 { window.lastTradeID = candle.lastTradeID }
        }
        return window
    }
}

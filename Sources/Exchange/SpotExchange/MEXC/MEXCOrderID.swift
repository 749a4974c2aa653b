internal import Trading

/// Order ids as MEXC spells them: texts that are unique over all symbols.
internal enum MEXCOrderID {
    private static let prefix = "C02__"
    /// Ids of one market lie between two multiples of this.
    private static let span: Int64 = 1_000_000_000_000
    private static let first: Int64 = 500_000

    private static func digits(_ number: Int64, market: Int) -> String {
        String((first + Int64(market)) * span + number)
    }

    static func text(_ orderID: Int64, market: Int) -> String {
        prefix + digits(orderID, market: market)
    }

    /// A trade's identity: its market's number space, and a mark for the side of a self-trade.
    static func trade(_ trade: SpotTrade) -> String {
        digits(trade.tradeID, market: trade.market) + (trade.isMaker ? "X2" : "X1")
    }

    /// The id within its market; nil where the text is no id of that market.
    static func parse(_ text: String, market: Int) -> Int64? {
        guard text.hasPrefix(prefix), let number = Int64(text.dropFirst(prefix.count)), number > 0
        else { return nil }
        let orderID = number - (first + Int64(market)) * span
        return (1..<span).contains(orderID) ? orderID : nil
    }
}

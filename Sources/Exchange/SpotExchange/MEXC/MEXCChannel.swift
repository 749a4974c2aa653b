internal import ExchangeMarkets

/// One channel of MEXC's streams (exchange-facts D); symbols are in upper case.
internal enum MEXCChannel: Hashable, Sendable {
    case deals(market: Int)
    case depth(market: Int)
    /// Best prices: at once, or ten times a second.
    case bookTicker(market: Int, isSlow: Bool)
    case limitDepth(market: Int, levels: Int)
    case candle(market: Int, CandleInterval)
    /// The last day's statistics: of one symbol, or of all.
    case miniTicker(market: Int)
    case miniTickers
    /// Best prices as a batch of one, as often as they change.
    case bookTickerBatch(market: Int)
    case ownDeals, ownOrders, ownAccount

    /// Whether it is the account's and needs a listen key.
    var isPrivate: Bool {
        switch self {
        case .deals, .depth, .bookTicker, .limitDepth, .candle, .miniTicker, .miniTickers,
            .bookTickerBatch:
            false
        case .ownDeals, .ownOrders, .ownAccount: true
        }
    }

    static let limitLevels = [5, 10, 20]

    /// The channel a name stands for; nil where there is none.
    init?(_ name: String, markets: [String: Int]) {
        switch name {
        case "spot@private.deals.v3.api.pb": self = .ownDeals
        case "spot@private.orders.v3.api.pb": self = .ownOrders
        case "spot@private.account.v3.api.pb": self = .ownAccount
        case _:
            let parts = name.split(separator: "@", omittingEmptySubsequences: false)
                .map(String.init)
            guard parts[0] == "spot", let found = MEXCChannel.found(parts, markets) else {
                return nil
            }
            self = found
        }
    }

    private static func found(_ parts: [String], _ markets: [String: Int]) -> MEXCChannel? {
        switch parts.count {
        case 3: shorter(parts, markets)
        case 4:
            aggregated(parts, markets) ?? leveled(parts, markets) ?? zoned(parts, markets)
        case _: nil
        }
    }

    /// `spot@public.miniTickers.v3.api.pb@UTC+8` and `spot@public.bookTicker.batch.v3.api.pb@SYM`.
    private static func shorter(_ parts: [String], _ markets: [String: Int]) -> MEXCChannel? {
        switch parts[1] {
        case "public.miniTickers.v3.api.pb": isZone(parts[2]) ? .miniTickers : nil
        case "public.bookTicker.batch.v3.api.pb":
            markets[parts[2]].map { .bookTickerBatch(market: $0) }
        case _: nil
        }
    }

    /// `spot@public.miniTicker.v3.api.pb@SYM@UTC+8`.
    private static func zoned(_ parts: [String], _ markets: [String: Int]) -> MEXCChannel? {
        guard parts[1] == "public.miniTicker.v3.api.pb", isZone(parts[3]) else { return nil }
        return markets[parts[2]].map { .miniTicker(market: $0) }
    }

    /// `UTC+8`, `24H`: the day that changes are counted from; here it is the last 24 hours always.
    private static func isZone(_ text: String) -> Bool {
        text == "24H" || text.hasPrefix("UTC") && text.utf8.count <= 6
    }

    /// `spot@public.aggre.deals.v3.api.pb@100ms@SYM`.
    private static func aggregated(_ parts: [String], _ markets: [String: Int]) -> MEXCChannel? {
        guard parts[2] == "10ms" || parts[2] == "100ms", let market = markets[parts[3]] else {
            return nil
        }
        switch parts[1] {
        case "public.aggre.deals.v3.api.pb": return .deals(market: market)
        case "public.aggre.depth.v3.api.pb": return .depth(market: market)
        case "public.aggre.bookTicker.v3.api.pb":
            return .bookTicker(market: market, isSlow: parts[2] == "100ms")
        case _: return nil
        }
    }

    /// `spot@public.limit.depth.v3.api.pb@SYM@5` and `spot@public.kline.v3.api.pb@SYM@Min1`.
    private static func leveled(_ parts: [String], _ markets: [String: Int]) -> MEXCChannel? {
        guard let market = markets[parts[2]] else { return nil }
        switch parts[1] {
        case "public.limit.depth.v3.api.pb":
            guard let levels = Int(parts[3]), limitLevels.contains(levels) else { return nil }
            return .limitDepth(market: market, levels: levels)
        case "public.kline.v3.api.pb":
            return interval(parts[3]).map { .candle(market: market, $0) }
        case _: return nil
        }
    }

    static let intervals: [(name: String, interval: CandleInterval)] = [
        ("Min1", .oneMinute), ("Min5", .fiveMinutes), ("Min15", .fifteenMinutes),
        ("Min30", .thirtyMinutes), ("Min60", .oneHour), ("Hour4", .fourHours),
        ("Hour8", .eightHours), ("Day1", .oneDay), ("Week1", .oneWeek), ("Month1", .oneMonth),
    ]

    private static func interval(_ name: String) -> CandleInterval? {
        intervals.first { $0.name == name }?.interval
    }
}

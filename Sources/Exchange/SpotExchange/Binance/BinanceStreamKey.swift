internal import ExchangeMarkets

/// One stream of market data; market -1 stands for all symbols.
internal struct BinanceStreamKey: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case bookTicker
        case depth(DepthCadence)
        case partialDepth(Int, DepthCadence)
        case trade
        case aggregateTrade
        case candle(CandleInterval)
        case ticker
        case miniTicker
        case averagePrice
    }

    /// The cadences of spot.
    static let cadences: [DepthCadence] = [.fast, .second]
    /// How many levels a partial depth stream may have.
    static let partialLevels = [5, 10, 20]

    let kind: Kind
    let market: Int

    init(_ kind: Kind, _ market: Int) {
        self.kind = kind
        self.market = market
    }

    /// The stream a name stands for; nil for names that carry nothing.
    init?(_ name: String, markets: [String: Int]) {
        switch name {
        case "!bookTicker": self.init(.bookTicker, -1)
        case "!ticker@arr": self.init(.ticker, -1)
        case "!miniTicker@arr": self.init(.miniTicker, -1)
        case _:
            let parts = name.split(separator: "@", omittingEmptySubsequences: false)
                .map(String.init)
            guard (2...3).contains(parts.count), let market = markets[parts[0]],
                let kind = BinanceStreamKey.kind(parts[1], parts.count == 3 ? parts[2] : nil)
            else { return nil }
            self.init(kind, market)
        }
    }

    private static func kind(_ word: String, _ speed: String?) -> Kind? {
        switch (word, speed) {
        case ("bookTicker", nil): return .bookTicker
        case ("trade", nil): return .trade
        case ("aggTrade", nil): return .aggregateTrade
        case ("ticker", nil): return .ticker
        case ("miniTicker", nil): return .miniTicker
        case ("avgPrice", nil): return .averagePrice
        case _: break
        }
        if word.hasPrefix("kline_"), speed == nil {
            return CandleInterval(rawValue: String(word.dropFirst(6))).map { .candle($0) }
        }
        guard word.hasPrefix("depth"), let cadence = cadence(speed) else { return nil }
        if word == "depth" { return .depth(cadence) }
        guard let levels = Int(word.dropFirst(5)), partialLevels.contains(levels) else {
            return nil
        }
        return .partialDepth(levels, cadence)
    }

    private static func cadence(_ speed: String?) -> DepthCadence? {
        switch speed {
        case nil, "1000ms": .second
        case "100ms": .fast
        case _: nil
        }
    }
}

internal import ExchangeMarkets

/// Where a socket was opened: what it may carry hangs on it (exchange-facts B1).
package enum StreamRoute: String, Sendable {
    case publicData = "public"
    case marketData = "market"
    case privateData = "private"
    /// Unrouted: public data only; everything else is acknowledged and stays silent.
    case legacy
}

/// One stream of market data; market -1 stands for all symbols.
internal struct StreamKey: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case bookTicker
        case depth(DepthCadence)
        case partialDepth(Int, DepthCadence)
        case aggregateTrade
        case markPrice(everySecond: Bool)

        var route: StreamRoute {
            switch self {
            case .bookTicker, .depth, .partialDepth: .publicData
            case .aggregateTrade, .markPrice: .marketData
            }
        }
    }

    let kind: Kind
    let market: Int

    init(_ kind: Kind, _ market: Int) {
        self.kind = kind
        self.market = market
    }

    /// The stream a name stands for on a route; nil for names that carry nothing there.
    init?(_ name: String, route: StreamRoute, markets: [String: Int]) {
        let served: StreamRoute = route == .legacy ? .publicData : route
        guard let key = StreamKey.parse(name, markets), key.kind.route == served else { return nil }
        self = key
    }

    private static func parse(_ name: String, _ markets: [String: Int]) -> StreamKey? {
        switch name {
        case "!bookTicker": return StreamKey(.bookTicker, -1)
        case "!markPrice@arr": return StreamKey(.markPrice(everySecond: false), -1)
        case "!markPrice@arr@1s": return StreamKey(.markPrice(everySecond: true), -1)
        case _: break
        }
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 3, let market = markets[String(parts[0])] else {
            return nil
        }
        let speed = parts.count == 3 ? String(parts[2]) : nil
        guard let kind = kind(String(parts[1]), speed) else { return nil }
        return StreamKey(kind, market)
    }

    private static func kind(_ word: String, _ speed: String?) -> Kind? {
        switch (word, speed) {
        case ("bookTicker", nil): return .bookTicker
        case ("aggTrade", nil): return .aggregateTrade
        case ("markPrice", nil): return .markPrice(everySecond: false)
        case ("markPrice", "1s"): return .markPrice(everySecond: true)
        case _: break
        }
        guard word.hasPrefix("depth"), let cadence = cadence(speed) else { return nil }
        switch word {
        case "depth": return .depth(cadence)
        case "depth5": return .partialDepth(5, cadence)
        case "depth10": return .partialDepth(10, cadence)
        case "depth20": return .partialDepth(20, cadence)
        case _: return nil
        }
    }

    private static func cadence(_ speed: String?) -> DepthCadence? {
        switch speed {
        case nil, "250ms": .usual
        case "100ms": .fast
        case "500ms": .slow
        case _: nil
        }
    }
}

internal import ExchangeMarkets

/// Where a socket was opened: what it may carry hangs on it (exchange-facts B1).
package enum StreamRoute: String, CaseIterable, Sendable {
    case publicData = "public"
    case marketData = "market"
    case privateData = "private"

    /// The first parts of the routed paths.
    static let roots = allCases.map(\.rawValue)
}

/// What sockets on the unrouted paths `/ws` and `/stream` carry.
package enum LegacyStreams: String, CaseIterable, Sendable {
    /// Everything, as before 2026-04; clients in the field still use them for all kinds.
    case everything = "all"
    /// Public data only; all else is acknowledged and silent, the venue's state since 2026-04.
    case publicData = "public"
}

/// One stream; market -1 stands for all symbols.
internal struct StreamKey: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case bookTicker
        case depth(DepthCadence)
        case partialDepth(Int, DepthCadence)
        case retailDepth
        case aggregateTrade
        case trade
        case markPrice(everySecond: Bool)
        case candle(CandleInterval)
        case continuousCandle(CandleInterval)
        case ticker
        case miniTicker
        case forcedOrder
        case contract
        /// The account's events under a listen key.
        case account(String)

        /// Whether a route carries it; single trades are on two (exchange-facts B1).
        func isServed(on route: StreamRoute) -> Bool {
            switch self {
            case .bookTicker, .depth, .partialDepth, .retailDepth: route == .publicData
            case .trade: route != .privateData
            case .aggregateTrade, .markPrice, .candle, .continuousCandle, .ticker, .miniTicker,
                .forcedOrder, .contract:
                route == .marketData
            case .account: route == .privateData
            }
        }

        /// Whether its events are made when it is time, for those who listen.
        var isPolled: Bool {
            switch self {
            case .candle, .continuousCandle, .ticker, .miniTicker, .contract: true
            case .bookTicker, .depth, .partialDepth, .retailDepth, .aggregateTrade, .trade,
                .markPrice, .forcedOrder, .account:
                false
            }
        }
    }

    let kind: Kind
    let market: Int

    init(_ kind: Kind, _ market: Int) {
        self.kind = kind
        self.market = market
    }

    /// The stream a name stands for on a socket; nil for names that carry nothing there.
    init?(_ name: String, root: String?, markets: [String: Int], legacy: LegacyStreams) {
        guard let key = StreamKey.parse(name, markets) else { return nil }
        if let root {
            guard let route = StreamRoute(rawValue: root), key.kind.isServed(on: route) else {
                return nil
            }
        } else if legacy == .publicData, !key.kind.isServed(on: .publicData) {
            return nil
        }
        self = key
    }

    private static func parse(_ name: String, _ markets: [String: Int]) -> StreamKey? {
        if name.utf8.first == UInt8(ascii: "!") {
            return ofAll(name).map { StreamKey($0, -1) }
        }
        let parts = name.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1 { return StreamKey(.account(name), -1) }
        guard parts.count <= 3 else { return nil }
        let speed = parts.count == 3 ? parts[2] : nil
        if let kind = continuous(parts[1], speed) {
            // `<pair>_<contract type>`: only perpetuals are listed.
            guard parts[0].lowercased().hasSuffix("_perpetual") else { return nil }
            let pair = String(parts[0].dropLast("_perpetual".count))
            return markets[pair].map { StreamKey(kind, $0) }
        }
        guard let market = markets[parts[0]], let kind = ofOne(parts[1], speed) else { return nil }
        return StreamKey(kind, market)
    }

    private static func ofAll(_ name: String) -> Kind? {
        switch name {
        case "!bookTicker": .bookTicker
        case "!markPrice@arr": .markPrice(everySecond: false)
        case "!markPrice@arr@1s": .markPrice(everySecond: true)
        case "!ticker@arr": .ticker
        case "!miniTicker@arr": .miniTicker
        case "!forceOrder@arr": .forcedOrder
        case "!contractInfo": .contract
        case _: nil
        }
    }

    private static func ofOne(_ word: String, _ speed: String?) -> Kind? {
        switch (word, speed) {
        case ("bookTicker", nil): .bookTicker
        case ("aggTrade", nil): .aggregateTrade
        case ("trade", nil): .trade
        case ("markPrice", nil): .markPrice(everySecond: false)
        case ("markPrice", "1s"): .markPrice(everySecond: true)
        case ("ticker", nil): .ticker
        case ("miniTicker", nil): .miniTicker
        case ("forceOrder", nil): .forcedOrder
        case ("rpiDepth", nil), ("rpiDepth", "500ms"): .retailDepth
        case _: candle(word, speed) ?? depth(word, speed)
        }
    }

    private static func candle(_ word: String, _ speed: String?) -> Kind? {
        guard speed == nil, word.hasPrefix("kline_") else { return nil }
        return interval(word.dropFirst(6)).map { .candle($0) }
    }

    private static func continuous(_ word: String, _ speed: String?) -> Kind? {
        guard speed == nil, word.hasPrefix("continuousKline_") else { return nil }
        return interval(word.dropFirst(16)).map { .continuousCandle($0) }
    }

    private static func interval(_ text: Substring) -> CandleInterval? {
        CandleInterval(rawValue: String(text)).flatMap {
            CandleInterval.futures.contains($0) ? $0 : nil
        }
    }

    private static func depth(_ word: String, _ speed: String?) -> Kind? {
        guard word.hasPrefix("depth"), let cadence = cadence(speed) else { return nil }
        switch word {
        case "depth": return .depth(cadence)
        case "depth5": return .partialDepth(5, cadence)
        case "depth10": return .partialDepth(10, cadence)
        case "depth20": return .partialDepth(20, cadence)
        case _: return nil
        }
    }

    /// `0ms` asks for the fastest there is.
    private static func cadence(_ speed: String?) -> DepthCadence? {
        switch speed {
        case nil, "250ms": .usual
        case "100ms", "0ms": .fast
        case "500ms": .slow
        case _: nil
        }
    }
}

package import ExchangeDoor
internal import FuturesExchange
internal import SpotExchange

/// An exchange to be fuzzed, with what it is asked.
package struct FuzzFlavour {
    package let exchange: any Exchange
    package let corpus: [FuzzRequest]

    package static let key = ExchangeKey(key: "fuzz-key", secret: "fuzz-secret", role: .trade)

    /// Every flavour there is, new, without a background and with limits out of reach.
    package static func all() -> [FuzzFlavour] {
        var settings = FuturesSettings()
        settings.hasBackground = false
        settings.keys = [key]
        settings.limits.rates = unreachable(.futures)
        let futures = FuturesVenue(FuturesDesk(settings))
        return [
            FuzzFlavour(exchange: futures, corpus: FuzzRequest.futures),
            FuzzFlavour(exchange: BinanceSpotVenue(spot(.binance)), corpus: FuzzRequest.spot),
            FuzzFlavour(exchange: MEXCVenue(spot(.mexc)), corpus: FuzzRequest.spot),
        ]
    }

    private static func spot(_ flavour: SpotFlavour) -> SpotSettings {
        var settings = SpotSettings(flavour)
        settings.hasBackground = false
        settings.keys = [key]
        settings.limits.rates = unreachable(settings.limits.rates)
        settings.limits.batchesPerSecond = Int.max
        return settings
    }

    private static func unreachable(_ limits: RateLimits) -> RateLimits {
        var limits = limits
        for index in limits.weight.indices { limits.weight[index].limit = Int64.max / 4 }
        for index in limits.orders.indices { limits.orders[index].limit = Int64.max / 4 }
        return limits
    }
}

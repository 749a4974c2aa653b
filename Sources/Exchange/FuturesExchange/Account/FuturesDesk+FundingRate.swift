internal import ExchangeMarkets
package import Trading

extension FuturesDesk {
    /// How far the interest may draw a funding rate from its premium: 0.05 %.
    private static let pullLimit = Ratio(units: 500_000_000)
    /// The most and, negative, the least that a funding takes: 2 % (`fundingInfo`).
    internal static let fundingCap = Ratio(units: 20_000_000_000)
    /// Rates have eight decimals.
    private static let fundingStep = Ratio(units: 10_000)

    /// What the next funding of a market would take now.
    ///
    /// The venue's formula: mean premium + clamp(interest − mean premium, ±0.05 %), within the cap. It
    /// is of eight hours however often funding takes place, so that a shorter interval only shortens the
    /// waiting.
    package func fundingRate(_ number: Int) -> Ratio {
        let premium = floor.markets[number].averagePremium
        let pull = settings.interestRate - premium
        let rate = premium + min(max(pull, -FuturesDesk.pullLimit), FuturesDesk.pullLimit)
        return min(max(rate, -FuturesDesk.fundingCap), FuturesDesk.fundingCap)
            .down(to: FuturesDesk.fundingStep)
    }
}

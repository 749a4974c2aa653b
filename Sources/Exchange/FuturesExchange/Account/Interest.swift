internal import ExchangeMarkets
internal import Matching
package import Trading

/// What is open in a symbol, and by whom, at a time.
package struct Interest: Equatable, Sendable {
    /// Epoch milliseconds.
    package var timeMilliseconds: Int64
    package var mark: Price
    /// Open contracts: as many are long as short.
    package var quantity: Quantity
    /// What accounts have open on each side, the background's part on both.
    package var longQuantity: Quantity
    package var shortQuantity: Quantity
    /// How many are on each side; the background counts as one on both.
    package var longAccounts: Int64
    package var shortAccounts: Int64

    package var worth: Money { mark.times(quantity, .down) }
}

extension FuturesDesk {
    /// Milliseconds between two samples: the shortest period that is listed.
    private static let samplePeriod: Int64 = 300_000
    /// Samples kept a symbol, the most that are listed at once: at some 130 bytes each, 65 kB.
    private static let keptSamples = 500

    /// What is open of a symbol now: what the background has with itself, worth ten million at the anchor,
    /// and what accounts have.
    package func interest(_ number: Int, at wall: Int64 = 0) -> Interest {
        let listing = floor.markets[number].listing
        let own = Money.whole(10_000_000).divided(by: listing.anchor, .down)
            .down(to: listing.instrument.step)
        var interest = Interest(
            timeMilliseconds: wall, mark: floor.markets[number].mark, quantity: own,
            longQuantity: own, shortQuantity: own, longAccounts: 1, shortAccounts: 1)
        for stake in stakes(of: number) {
            for leg in PositionLeg.allCases {
                let quantity = stake.holdings[leg].quantity
                if quantity.isPositive {
                    interest.longQuantity += quantity
                    interest.longAccounts += 1
                } else if quantity.isNegative {
                    interest.shortQuantity += quantity.magnitude
                    interest.shortAccounts += 1
                }
            }
        }
        interest.quantity = max(interest.longQuantity, interest.shortQuantity)
        return interest
    }

    /// Samples what is open of each symbol when a period begins.
    internal func sampleInterest(wall: Int64) {
        let period = wall / FuturesDesk.samplePeriod
        guard period > interestPeriod else { return }
        interestPeriod = period
        for number in markets.indices {
            let sample = interest(number, at: period * FuturesDesk.samplePeriod)
            keep(sample, number)
            note(.interest(number, sample))
        }
    }

    /// Keeps a sample, also one that comes back after a restart.
    internal func keep(_ sample: Interest, _ number: Int) {
        interests[number].keep(sample, FuturesDesk.keptSamples)
        interestPeriod = max(interestPeriod, sample.timeMilliseconds / FuturesDesk.samplePeriod)
    }
}

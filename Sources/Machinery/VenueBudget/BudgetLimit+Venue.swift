internal import Chronology
package import Throttles
package import VenueProtocol

extension VenueKind {
    /// The limits that the venue counts by address, until its exchangeInfo says otherwise.
    package var limits: [BudgetLimit] {
        switch self {
        case .binanceFutures: [.weight(2_400, in: .seconds(60))]
        case .binanceSpot: [.weight(6_000, in: .seconds(60))]
        case .mexcSpot: [.weight(300, in: .seconds(10))]
        }
    }
}

extension BudgetLimit {
    private static let longest: Int64 = 1_000_000_000

    /// A limit as the venue announces it; nil for one of a kind that is not counted here (T12).
    package init?(_ rate: RateLimit) {
        guard rate.window >= .seconds(1) else { return nil }
        let size = min(Int64(clamping: rate.limit), BudgetLimit.longest)
        switch rate.kind {
        case .requestWeight: self.init(.weight, size, in: rate.window)
        case .orders: self.init(.orders, size, in: rate.window)
        case .other: return nil
        }
    }

    /// A limit by its name (`weight-60s`) and size; nil for fields that are none.
    package init?(name: String, limit: String) {
        let halves = name.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, let counted = Counted(rawValue: String(halves[0])),
            halves[1].last == "s", let seconds = Int64(halves[1].dropLast()),
            (1...1_000_000).contains(seconds), let size = Int64(limit),
            (1...BudgetLimit.longest).contains(size)
        else { return nil }
        self.init(counted, size, in: .seconds(seconds))
    }
}

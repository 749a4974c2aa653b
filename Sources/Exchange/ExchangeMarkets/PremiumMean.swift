internal import Trading

/// The mean of a premium since the last funding, later samples counting more: the first once, the n-th
/// n times.
internal struct PremiumMean: Equatable, Sendable {
    /// Samples of one a second for three days; later ones are not counted, so that the sum fits.
    private static let limit: Int64 = 259_200

    private(set) var sum: Int128 = 0
    private(set) var count: Int64 = 0

    init() {}

    /// A mean that was kept; nil where the figures are no mean.
    init?(sum: Int128, count: Int64) {
        guard (0...PremiumMean.limit).contains(count) else { return nil }
        let most = Ratio.one.units * 10 * Int128(count) * Int128(count + 1)
        guard sum.magnitude <= most.magnitude else { return nil }
        self.sum = sum
        self.count = count
    }

    mutating func add(_ premium: Ratio) {
        guard count < PremiumMean.limit else { return }
        let most = Ratio.one.units * 10
        count += 1
        sum += min(max(premium.units, -most), most) * Int128(count)
    }

    var value: Ratio {
        if count == 0 { return .zero }
        return Ratio(units: sum / (Int128(count) * Int128(count + 1) / 2))
    }
}

/// How often a market's makers and takers act: in milliseconds, from one range each.
package struct MarketPace: Equatable, Sendable {
    internal let walk: Int64
    internal let maker: ClosedRange<Int64>
    internal let taker: ClosedRange<Int64>

    /// As the largest symbols: a print about every 0.85 s, quotes six times a second.
    package static let busy = MarketPace(walk: 100, maker: 70...240, taker: 200...1_500)
    /// A print about every 1.2 s, quotes almost twice a second.
    package static let steady = MarketPace(walk: 300, maker: 300...900, taker: 400...2_000)
    /// A print about every 1.5 s, quotes every 1.3 s.
    package static let quiet = MarketPace(walk: 500, maker: 800...1_800, taker: 1_000...2_000)

    internal var tradesPerMinute: Int64 { 120_000 / (taker.lowerBound + taker.upperBound) }
    /// In USDT: a taker trades about 4,000.
    internal var worthPerMinute: Int64 { 4_000 * tradesPerMinute }
}

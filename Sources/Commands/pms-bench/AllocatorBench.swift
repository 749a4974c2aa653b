import Allocation
import Bounded
import CFloor
import Chronology
import Quotes
import Trading

/// The allocator: what planning a slice takes, beside the same arithmetic in plain C; and what a
/// balance from 70/30 costs in slices, beside one order of the whole size on the same market, as the
/// mean and its standard error over thirty markets, for each depth of the book.
let allocatorBenchmark = Benchmark(name: "allocator") {
    try AllocatorBench.planning() + AllocatorBench.costs()
}

private enum AllocatorBench {
    #if DEBUG
        static let seeds: UInt64 = 4
    #else
        static let seeds: UInt64 = 30
    #endif

    // MARK: planning

    static func planning() throws -> [Figure] {
        guard let symbol = AllocationMarket.symbol, let account = AccountID("allocator") else {
            throw HopProblem(description: "no symbol")
        }
        let samples = try AllocationSample(count: 256)
        var figures: [Figure] = []
        for mode in ExecutionMode.allCases {
            var knobs = AllocationKnobs(symbol: symbol, account: account)
            knobs.mode = mode
            var random = SplitMix64(seed: 1)
            let own = Measure.nanoseconds(perOperationOf: samples.books.count) {
                plans(samples, knobs, &random)
            }
            let counted = floor_allocations()
            Measure.sink(plans(samples, knobs, &random))
            let allocated = Double(floor_allocations() - counted) / Double(samples.books.count)
            let name = "allocator.plan." + (mode == .immediateOrCancel ? "taker" : "maker")
            figures += [
                Figure(name, own, "ns", floor: samples.floor(mode)),
                Figure("\(name).allocations", allocated, "per plan"),
            ]
        }
        return figures
    }

    /// Each as a run does it: a planner on the rules as they are now, then the plan.
    private static func plans(
        _ samples: AllocationSample, _ knobs: AllocationKnobs, _ random: inout SplitMix64
    ) -> UInt64 {
        var mixed: UInt64 = 0
        for index in samples.books.indices {
            let planner = SlicePlanner(knobs, samples.rules)
            let decision = planner.plan(
                samples.holdings[index], samples.books[index], using: &random)
            if case .trade(let plan) = decision {
                mixed ^= UInt64(truncatingIfNeeded: plan.quantity.units)
            }
        }
        return mixed
    }

    // MARK: costs

    /// What one market gave.
    private struct Outcome {
        /// Against the mid price at the start: slices, and one order of the same size.
        var slices: Double
        var whole: Double
        /// Against the mid prices the slices were planned at.
        var paid: Double
        var runs: Int
        var left: Double
        /// Whether the last run found nothing more to do.
        var isBalanced: Bool
        /// Of the longest run, in seconds.
        var longest: Double
        /// What twenty levels took at the start, in the quote asset.
        var depth: Double
    }

    static func costs() throws -> [Figure] {
        var figures: [Figure] = []
        for depth in AllocationMarket.Depth.allCases {
            for mode in ExecutionMode.allCases {
                let name = mode == .immediateOrCancel ? "taker" : "maker"
                let outcomes = try (1...seeds).map { try outcome(depth, mode, seed: $0) }
                let prefix = "allocator.cost.\(depth.rawValue).\(name)"
                figures += mean("\(prefix).against-start", outcomes.map(\.slices))
                figures += mean("\(prefix).against-mid", outcomes.map(\.paid))
                figures += mean("\(prefix).one-order", outcomes.map(\.whole))
                // Of the same market, so that what the market did is in neither.
                figures += mean("\(prefix).saved", outcomes.map { $0.whole - $0.slices })
                figures += [
                    Figure("\(prefix).runs", average(outcomes.map { Double($0.runs) }), "runs"),
                    Figure("\(prefix).left", average(outcomes.map(\.left)), "USDT"),
                    Figure("\(prefix).depth", average(outcomes.map(\.depth)), "USDT in 20 levels"),
                    Figure(
                        "\(prefix).balanced",
                        average(outcomes.map { $0.isBalanced ? 100 : 0 }), "% of markets"),
                    Figure("\(prefix).longest", outcomes.map(\.longest).max() ?? 0, "s"),
                ]
            }
        }
        return figures
    }

    private static func outcome(
        _ depth: AllocationMarket.Depth, _ mode: ExecutionMode, seed: UInt64
    ) throws -> Outcome {
        let market = try AllocationMarket(depth, seed: seed, base: "9333", quote: "3000")
        let twin = try AllocationMarket(depth, seed: seed, base: "9333", quote: "3000")
        guard let symbol = AllocationMarket.symbol, let account = AccountID("allocator"),
            let start = market.facts, let same = twin.facts, start == same
        else { throw HopProblem(description: "a market has a twin") }
        var knobs = AllocationKnobs(symbol: symbol, account: account)
        knobs.mode = mode
        knobs.timeToLive = .seconds(5)
        var (filled, notional, cost) = (Quantity.zero, Money.zero, Money.zero)
        var (runs, left, isBalanced, longest) = (0, Money.zero, false, Interval.zero)
        while runs < 200, !isBalanced {
            guard let result = market.run(knobs) else { break }
            runs += 1
            guard market.isClean else { throw HopProblem(description: "an order rests") }
            guard result.elapsed <= knobs.timeout else {
                throw HopProblem(description: "a run was longer than its timeout")
            }
            filled += result.filled
            notional += result.filledNotional
            cost += result.slices.reduce(Money.zero) { $0 + $1.cost }
            left = result.after?.imbalance.magnitude ?? left
            longest = max(longest, result.elapsed)
            isBalanced = result.reason.isRest
            if !isBalanced { market.pass(.seconds(10)) }
        }
        let mid = start.book.mid
        let whole = twin.take(.sell, filled)
        return Outcome(
            slices: basisPoints(mid, filled, notional),
            whole: basisPoints(mid, whole.quantity, whole.notional),
            paid: notional.isZero ? 0 : Double(cost.units) / Double(notional.units) * 10_000,
            runs: runs, left: Double(left.units) / 1e12, isBalanced: isBalanced,
            longest: Double(longest.nanoseconds) / 1e9,
            depth: Double(start.book.walk(.sell, .whole(1_000_000_000)).notional.units) / 1e12)
    }

    /// What sales were worth less than at a price.
    private static func basisPoints(_ mid: Price, _ sold: Quantity, _ notional: Money) -> Double {
        let ideal = mid.times(sold, .nearestEven)
        if ideal.isZero { return 0 }
        return Double((ideal - notional).units) / Double(ideal.units) * 10_000
    }

    private static func average(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(max(1, values.count))
    }

    private static func mean(_ name: String, _ values: [Double]) -> [Figure] {
        let mean = average(values)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let count = Double(values.count)
        let error = (squares / max(1, count - 1) / count).squareRoot()
        return [Figure(name, mean, "bp"), Figure("\(name).error", error, "bp")]
    }
}

/// Books and balances of one shape, and the same numbers for the floor.
private struct AllocationSample {
    var books: [SpotBook] = []
    var holdings: [SpotHoldings] = []
    let rules: Instrument
    /// Counts of 1e-8: base, quote, then price and quantity of twenty bids and twenty asks.
    private var words: [Int64] = []

    init(count: Int) throws {
        guard let symbol = AllocationMarket.symbol,
            let rules = Instrument(
                symbol: symbol, status: .trading, base: "QRL", quote: "USDT",
                tick: Price(units: 10_000_000), step: Quantity(units: 10_000_000_000),
                minimumQuantity: Quantity(units: 10_000_000_000), minimumNotional: .one)
        else { throw HopProblem(description: "no rules") }
        self.rules = rules
        var random = SplitMix64(seed: 4)
        for _ in 0..<count {
            let middle = Int64.random(in: 70_000...80_000, using: &random)
            func side(_ direction: Int64) -> [BookLevel] {
                (1...20).map { step in
                    BookLevel(
                        price: rules.tick.multiplied(byWhole: middle + direction * step * 40),
                        quantity: rules.step.multiplied(
                            byWhole: Int64.random(in: 2_000...900_000, using: &random)))
                }
            }
            let (bids, asks) = (side(-1), side(1))
            books.append(try SpotBook(bids: bids, asks: asks))
            let base = Int64.random(in: 5_000...9_000, using: &random)
            let quote = Int64.random(in: 2_000...4_000, using: &random)
            holdings.append(
                SpotHoldings(
                    base: AssetBalance(free: .whole(base), locked: .zero),
                    quote: AssetBalance(free: .whole(quote), locked: .zero)))
            words += [base * 100_000_000, quote * 100_000_000]
            for level in bids + asks {
                words += [Int64(level.price.units / 10_000), Int64(level.quantity.units / 10_000)]
            }
        }
    }

    func floor(_ mode: ExecutionMode) -> Double {
        let count = books.count
        let isMaker: Int32 = mode == .shortLivedMaker ? 1 : 0
        return Measure.nanoseconds(perOperationOf: count) {
            unsafe floor_allocation_plan(words, count, isMaker)
        }
    }
}

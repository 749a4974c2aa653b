import Bounded
import CFloor
import Chronology
import Trading

/// Running algorithms: how fast they see that nothing is to be done, what a thousand of them take, how
/// fast they come back, and how well they trade.
let algosBenchmark = Benchmark(name: "algos") {
    try AlgoSpeed.figures() + AlgoQuality.figures()
}

/// Why the figures cannot be measured.
struct AlgoBenchProblem: Error, CustomStringConvertible {
    let description: String
}

/// What algorithms cost the gateway: its own part in memory, decided and answered.
private enum AlgoSpeed {
    static let algos = 1_000
    static let symbols = 200

    static func figures() throws -> [Figure] {
        var bench = try AlgoBenchDesk(algos: algos, symbols: symbols)
        // Orders come to rest, and the prices stand.
        for _ in 0..<40 { bench.round { $0 } }
        let still = measure(&bench) { price, _ in price }
        // A tick up and down again, within the pause between two moves of an order.
        let moving = measure(&bench) { price, round in round % 2 == 0 ? price + 1 : price - 1 }
        let load = load(&bench)
        let resumed = try AlgoBenchDesk.resumed(algos: 200, symbols: 50)
        return [
            Figure("algos.tick.p50", still.median, "ns/algo"),
            Figure("algos.tick.p99", still.tail, "ns/algo"),
            Figure("algos.tick.allocations", still.allocations, "per tick"),
            Figure("algos.tick-moving.p50", moving.median, "ns/algo"),
            Figure("algos.load-1000", load.share * 100, "% core"),
            Figure("algos.load-1000.orders", load.orders, "per s"),
            Figure("algos.load-1000.saves", load.saves, "per s"),
            Figure("algos.resume-200", resumed / 1e6, "ms"),
        ]
    }

    private static func measure(
        _ bench: inout AlgoBenchDesk, _ price: (Int64, Int) -> Int64
    ) -> (median: Double, tail: Double, allocations: Double) {
        let each = Double(algos / symbols)
        var samples: [Int64] = []
        samples.reserveCapacity(50 * symbols)
        var allocations: UInt64 = 0
        for round in 0..<50 {
            for symbol in 0..<symbols {
                let counted = floor_allocations()
                let time = bench.tick(symbol, price(bench.prices[symbol], round))
                let made = floor_allocations() - counted
                if bench.isIdle {
                    samples.append(time)
                    allocations += made
                } else {
                    bench.settle()
                }
            }
            bench.pass(.milliseconds(1))
        }
        let count = max(1, samples.count)
        return (
            Double(unsafe floor_percentile(&samples, samples.count, 500)) / each,
            Double(unsafe floor_percentile(&samples, samples.count, 990)) / each,
            Double(allocations) / Double(count)
        )
    }

    /// Ten seconds of ticks, 50 ms apart, prices that walk, and everything that follows from them.
    private static func load(
        _ bench: inout AlgoBenchDesk
    ) -> (share: Double, orders: Double, saves: Double) {
        var random = SplitMix64(seed: 5)
        let (orders, saves) = (bench.orderCount, bench.saveCount)
        bench.spent = 0
        for _ in 0..<200 {
            bench.round { $0 + Int64.random(in: -3...3, using: &random) }
        }
        return (
            Double(bench.spent) / 10e9, Double(bench.orderCount - orders) / 10,
            Double(bench.saveCount - saves) / 10
        )
    }
}

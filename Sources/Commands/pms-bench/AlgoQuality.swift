import Algorithms
import Chronology
import ExchangeMarkets
import Glibc
import PaperExchangeService
import Trading

/// How well the algorithms trade on the paper exchange: on synthetic markets of 30 seeds, and on the
/// recorded session from 30 places in it where the recording is there. Basis points are a cost: below
/// zero is better than what it is measured against.
enum AlgoQuality {
    private static let seeds = 30
    /// `PMS_BENCH_RECORDING`, or where the recordings lie beside the project.
    private static let recording = "../shared/fixtures/recordings/usdm_btcusdt_20240808.gz"

    static func figures() throws -> [Figure] {
        var figures = try market("synthetic", nil)
        let path = unsafe getenv("PMS_BENCH_RECORDING").map { unsafe String(cString: $0) }
        if let feed = try? ReplayFile.read(path ?? recording) {
            figures += try market("recorded", feed)
        } else {
            Report.put("algos: no recording at \(path ?? recording): left out", to: STDERR_FILENO)
        }
        return figures
    }

    private static func market(_ name: String, _ feed: ReplayFeed?) throws -> [Figure] {
        var sums: [(name: String, unit: String, values: [Double])] = []
        func add(_ name: String, _ unit: String, _ value: Double?) {
            guard let value else { return }
            if let index = sums.firstIndex(where: { $0.name == name }) {
                sums[index].values.append(value)
            } else {
                sums.append((name, unit, [value]))
            }
        }
        for seed in 1...UInt64(seeds) {
            // Places 7 s apart leave two minutes to trade in the recording's 345 s.
            let lead = Interval.milliseconds(1_000 + Int64(seed) * 7_000)
            let chased = try trial(.chase, seed, feed, lead) { _ in
                ["side": "BUY", "qty": "0.5", "duration_s": "60", "finish": "market"]
            }
            // One slice, at once: crossing the spread on the same market.
            let crossed = try trial(.twap, seed, feed, lead) { _ in
                [
                    "side": "BUY", "qty": "0.5", "slices": "1", "duration_s": "60",
                    "style": "market", "finish": "market",
                ]
            }
            add("chase.cost", "bps", cost(chased, isBuy: true))
            add("crossing.cost", "bps", cost(crossed, isBuy: true))
            add(
                "chase.saves", "bps",
                zip(cost(crossed, isBuy: true), cost(chased, isBuy: true)).map { $0 - $1 })
            let sliced = try trial(.twap, seed, feed, lead) { _ in
                [
                    "side": "SELL", "qty": "2", "slices": "20", "duration_s": "100",
                    "finish": "market",
                ]
            }
            add("twap.arrival", "bps", cost(sliced, isBuy: false))
            add(
                "twap.vwap", "bps",
                zip(sliced.interval, average(sliced)).map { ($0 - $1) / $0 * 1e4 })
            let scaled = try trial(.scale, seed, feed, lead) { mid in
                [
                    "side": "BUY", "qty": "1", "orders": "10", "duration_s": "100",
                    "from": away(mid, 0.5), "to": away(mid, 10),
                ]
            }
            add("scale.filled", "%", scaled.traded * 100)
            let scalped = try trial(.scalper, seed, feed, lead) { _ in
                [
                    "qty": "0.3", "layers": "3", "base_bps": "1", "max_bps": "8",
                    "duration_s": "100", "finish": "flatten",
                ]
            }
            if scalped.tradedFor > 0 {
                add("scalper.profit", "$/mln", scalped.profit / scalped.tradedFor * 1e6)
            }
            add("scalper.turnover", "$", scalped.tradedFor)
        }
        return sums.flatMap { sum in figures("algos.\(name).\(sum.name)", sum.unit, sum.values) }
    }

    private static func trial(
        _ kind: AlgoKind, _ seed: UInt64, _ feed: ReplayFeed?, _ lead: Interval,
        _ texts: (Price) -> [String: String]
    ) throws -> AlgoTrial {
        var trial = try AlgoTrial(kind, seed: seed, feed: feed, lead: lead, texts)
        trial.run(.seconds(130))
        return trial
    }

    private static func figures(_ name: String, _ unit: String, _ values: [Double]) -> [Figure] {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return [
            Figure("\(name).mean", mean, unit),
            Figure("\(name).error", (spread / max(1, count - 1) / count).squareRoot(), unit),
        ]
    }

    private static func zip(_ one: Double?, _ two: Double?) -> (Double, Double)? {
        guard let one, let two else { return nil }
        return (one, two)
    }

    private static func average(_ trial: AlgoTrial) -> Double? {
        trial.traded > 0 ? trial.tradedFor / trial.traded : nil
    }

    /// What it paid beyond the middle at its start, fees included.
    private static func cost(_ trial: AlgoTrial, isBuy: Bool) -> Double? {
        guard let average = average(trial), trial.arrival > 0 else { return nil }
        let worse = isBuy ? average - trial.arrival : trial.arrival - average
        return (worse + trial.paid / trial.traded) / trial.arrival * 1e4
    }

    /// A price so many basis points below the middle.
    private static func away(_ mid: Price, _ points: Double) -> String {
        let share = Ratio(units: Int128((1 - points / 1e4) * 1e12))
        return mid.scaled(by: share, .down).down(to: Price(units: 100_000_000_000)).text
    }
}

package import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange

/// What a number of seeded runs did and found.
package struct SimulationReport: Sendable {
    package private(set) var runs = 0
    /// Requests of the client that were answered with ok.
    package private(set) var answered = 0
    package private(set) var trades = 0
    /// Orders that ended because their owner or their time had.
    package private(set) var endedByTerms = 0
    package private(set) var faults: [String: Int] = [:]
    /// A line for each seed that ended wrong.
    package private(set) var failures: [String] = []

    package init() {}

    /// Runs one seed: drawn faults, orders for `asking`, and time to settle.
    package mutating func run(seed: UInt64, asking: Interval = .seconds(25)) {
        let world = SimulatedWorld(seed: seed)
        let drawn = SimulationFaults.drawn(world.time)
        world.run(faults: drawn, asking: asking, settling: .seconds(60))
        let violations = world.violations()
        if !violations.isEmpty {
            failures.append(
                "seed \(seed), \(drawn): \(violations.prefix(5)), \(world.condition)")
        }
        runs += 1
        answered += world.answers["ok"] ?? 0
        trades += world.tradeCount
        endedByTerms += world.endedByTerms
        for (name, count) in world.faultCounts { faults[name, default: 0] += count }
    }

    /// Whether enough happened for the absence of failures to mean something.
    package var isTelling: Bool {
        answered > runs * 20 && trades > runs * 10 && endedByTerms * 3 > runs && faults.count >= 6
    }

    package var text: String {
        let faults = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "\(runs) seeds: \(answered) requests answered, \(trades) trades, "
            + "\(endedByTerms) orders ended by their terms, "
            + faults.joined(separator: ", ") + ", \(failures.count) failed"
    }
}

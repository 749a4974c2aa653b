/// What a number of seeded runs with algorithms did and found.
package struct AlgoReport: Sendable {
    package private(set) var runs = 0
    package private(set) var orders = 0
    /// Algorithms that traded something.
    package private(set) var traded = 0
    package private(set) var ends: [String: Int] = [:]
    package private(set) var faults: [String: Int] = [:]
    /// A line for each seed that ended wrong.
    package private(set) var failures: [String] = []

    package init() {}

    /// Runs one seed: twelve algorithms under drawn faults, and time to settle.
    package mutating func run(seed: UInt64) {
        let world = SimulatedWorld(seed: seed)
        let drawn = SimulationFaults.drawn(world.time)
        let story = world.runAlgos(faults: drawn)
        let violations = story.violations + world.violations()
        if !violations.isEmpty {
            failures.append(
                "seed \(seed), \(drawn): \(violations.prefix(5)), \(story.text), \(world.condition)")
        }
        runs += 1
        orders += story.orders
        traded += story.traded
        ends.merge(story.ends, uniquingKeysWith: +)
        faults.merge(world.faultCounts, uniquingKeysWith: +)
    }

    /// Whether enough happened for the absence of failures to mean something.
    package var isTelling: Bool {
        orders > runs * 30 && traded > runs * 6 && faults["gateway crash", default: 0] > runs
            && faults.count >= 5
    }

    package var text: String {
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        return "\(runs) seeds of algorithms: \(orders) orders, \(traded) algos traded; \(list(ends)); "
            + "\(list(faults)); \(failures.count) failed"
    }
}

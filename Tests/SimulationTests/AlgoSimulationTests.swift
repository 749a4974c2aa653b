import Chronology
import Simulation
import Testing

/// Algorithms of all kinds on all desks; `pms-simulation` runs more seeds.
@Suite("Algorithms in the simulation of all desks")
struct AlgoSimulationTests {
    @Test("processes killed: open and unknown never exceed the remainder (B7a, C1-C7, F1-F9)")
    func survives() {
        var (crashes, orders) = (0, 0)
        for seed in UInt64(1)...4 {
            let world = SimulatedWorld(seed: seed)
            let story = world.runAlgos(faults: .drawn(world.time))
            print("seed \(seed): \(story.text)")
            #expect(story.started == 12, "seed \(seed): \(world.condition)")
            #expect(story.violations.isEmpty, "seed \(seed): \(story.text), \(world.condition)")
            #expect(world.violations() == [], "seed \(seed): \(world.condition)")
            crashes += world.faultCounts["gateway crash"] ?? 0
            orders += story.orders
        }
        // A simulation in which nothing happens would prove nothing.
        #expect(crashes > 3 && orders > 100, "\(crashes) crashes, \(orders) orders")
    }

    @Test("without faults every algorithm ends as it was asked to")
    func undisturbed() {
        let world = SimulatedWorld(seed: 9)
        let story = world.runAlgos(faults: SimulationFaults())
        #expect(story.violations.isEmpty && world.violations() == [], "\(story.text)")
        #expect(story.ends.keys.allSatisfy { $0.hasPrefix("done") }, "\(story.text)")
        #expect(story.traded >= 9, "\(story.text)")
    }
}

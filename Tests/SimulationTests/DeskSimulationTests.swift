import BusProtocol
import Chronology
import Simulation
import Testing

/// A few seeds here; `pms-simulation`, built for speed, runs two hundred (see scripts/test).
@Suite("All desks in one simulation")
struct DeskSimulationTests {
    @Test(
        "crashes, lost and doubled messages, unknown outcomes: the books equal the venue (S1-S7, C1-C5, F1-F9, R1-R4, P2-P4)"
    )
    func faults() {
        var report = SimulationReport()
        for seed in UInt64(1)...12 { report.run(seed: seed) }
        #expect(report.failures.isEmpty)
        // A simulation in which nothing happens would prove nothing.
        #expect(report.isTelling, "\(report.text)")
    }

    @Test("the same seed gives the same run")
    func repeats() {
        let runs = (0..<2).map { _ in
            let world = SimulatedWorld(seed: 77)
            let drawn = SimulationFaults.drawn(world.time)
            world.run(faults: drawn, asking: .seconds(15), settling: .seconds(20))
            return world.server.data.streams[world.keys.ledger]?.map(\.fields.description) ?? []
        }
        #expect(runs[0] == runs[1])
        #expect(!runs[0].isEmpty)
    }
}

// Runs the simulation over a range of seeds, built for speed: `pms-simulation [FIRST-LAST]`.

import Glibc
import Runtime
import Simulation

let argument = CommandLine.arguments.dropFirst().first ?? "1-200"
let bounds = argument.split(separator: "-").compactMap { UInt64($0) }
guard bounds.count == 2, bounds[0] <= bounds[1] else {
    StandardStream.error.write("usage: pms-simulation [FIRST-LAST], seeds, not: \(argument)\n")
    exit(2)
}
var report = SimulationReport()
for seed in bounds[0]...bounds[1] { report.run(seed: seed) }
for failure in report.failures { StandardStream.output.write(failure + "\n") }
StandardStream.output.write(report.text + "\n")
exit(report.failures.isEmpty && report.isTelling ? 0 : 1)

// Runs the simulation over a range of seeds, built for speed: `pms-simulation [FIRST-LAST]`, the same
// with algorithms in place of orders by hand: `pms-simulation algos [FIRST-LAST]`, the exchanges under
// mutated requests: `pms-simulation fuzz [REQUESTS] [SEED]`, or a crash of 30 % in a minute over 100
// books, of which every SHORTSth is short: `pms-simulation cascade [SEED] [SHORTS]`.

import ExchangeDoor
import ExchangeFuzz
import Glibc
import Runtime
import Simulation

func seeds(_ argument: String) -> ClosedRange<UInt64> {
    let bounds = argument.split(separator: "-").compactMap { UInt64($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
        StandardStream.error.write(
            "usage: pms-simulation [algos] [FIRST-LAST], seeds, not: \(argument)\n")
        exit(2)
    }
    return bounds[0]...bounds[1]
}

func algos(_ argument: String) -> Never {
    var report = AlgoReport()
    for seed in seeds(argument) { report.run(seed: seed) }
    for failure in report.failures { StandardStream.output.write(failure + "\n") }
    StandardStream.output.write(report.text + "\n")
    exit(report.failures.isEmpty && report.isTelling ? 0 : 1)
}

func fuzz(_ arguments: [String]) -> Never {
    let numbers = arguments.compactMap { UInt64($0) }
    guard numbers.count == arguments.count, arguments.count <= 2 else {
        StandardStream.error.write("usage: pms-simulation fuzz [REQUESTS] [SEED]\n")
        exit(2)
    }
    let count = Int(numbers.first ?? 1_000_000)
    let seed = numbers.count > 1 ? numbers[1] : 1
    var isGood = true
    let flavours = FuzzFlavour.all()
    for flavour in flavours {
        var fuzz = ExchangeFuzz(
            flavour.exchange, key: FuzzFlavour.key, corpus: flavour.corpus, seed: seed)
        let report = fuzz.run(count / flavours.count)
        for violation in report.violations { StandardStream.output.write(violation + "\n") }
        StandardStream.output.write(
            "\(flavour.exchange.name), seed \(seed): \(report.text)\n")
        isGood = isGood && report.violations.isEmpty
    }
    exit(isGood ? 0 : 1)
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "algos" { algos(arguments.count > 1 ? arguments[1] : "1-100") }
if arguments.first == "fuzz" { fuzz(Array(arguments.dropFirst())) }
if arguments.first == "cascade" {
    let seed = arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1
    let world = SimulatedWorld(seed: seed, accounts: (100...199).map { "book\($0)" })
    // 1 is all of them; absent or 0 is none.
    let shorts = arguments.count > 2 ? Int(arguments[2]).flatMap { $0 > 0 ? $0 : nil } : nil
    let report = world.runCascade(shorts: shorts)
    StandardStream.output.write("seed \(seed): \(report.text)\n")
    for violation in world.violations() { StandardStream.output.write(violation + "\n") }
    StandardStream.output.write(world.condition + "\n")
    exit(report.liquidations == 0 && world.violations().isEmpty ? 0 : 1)
}
var report = SimulationReport()
for seed in seeds(arguments.first ?? "1-200") { report.run(seed: seed) }
for failure in report.failures { StandardStream.output.write(failure + "\n") }
StandardStream.output.write(report.text + "\n")
exit(report.failures.isEmpty && report.isTelling ? 0 : 1)

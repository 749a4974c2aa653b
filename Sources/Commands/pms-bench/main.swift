// pms-bench: measures what the design promises, each figure against its floor in the same run.
import CFloor
import Glibc

/// Each benchmark has a file of its own; add its value here.
let benchmarks: [Benchmark] = [
    decimalsBenchmark,
    jsonBenchmark,
    reactorBenchmark,
    hopBenchmark,
    feedBenchmark,
    paperBenchmark,
    matchingBenchmark,
    orderPathBenchmark,
    gatewayBenchmark,
    commandBenchmark,
    statesBenchmark,
    riskBenchmark,
    riskReadBenchmark,
    riskLoadBenchmark,
    riskMemoryBenchmark,
    allocatorBenchmark,
    dryRunBenchmark,
    algosBenchmark,
] + allocatorFaultsBenchmarks + allocatorKillsBenchmarks

let usage = """
    usage: pms-bench [NAME...] [--json]
    Prints name, value, unit, floor (the same work in plain C) and ratio of every figure.
    Names: \(benchmarks.map(\.name).joined(separator: ", "))
    Only where it is named: \(benchmarks.filter(\.isOnlyByName).map(\.name).joined(separator: ", "))
    """

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--role" {
    let role = Array(arguments.dropFirst())
    if role.count == 2, role[0] == "command-relay", let port = UInt16(role[1]) {
        guard let listener = FeedSender.listen() else { exit(1) }
        exit(unsafe floor_relay(listener, port, "newClientOrderId="))
    }
    if role.count == 4, role[0] == "risk-chain" {
        exit(unsafe floor_chain(role[1], role[2], role[3]))
    }
    exit(
        OrderPathRole.run(role) ?? StatesRole.run(role) ?? FeedRole.run(role) ?? HopRole.run(role))
}
let names = arguments.filter { !$0.hasPrefix("-") }
let options = arguments.filter { $0.hasPrefix("-") }

if options.contains("--help") {
    Report.put(usage, to: STDOUT_FILENO)
    exit(0)
}
guard options.allSatisfy({ $0 == "--json" }),
    names.allSatisfy({ name in benchmarks.contains { $0.name == name } })
else {
    Report.put(usage, to: STDERR_FILENO)
    exit(2)
}

let report = Report(isJSON: options.contains("--json"))
var hasFailed = false
for benchmark in benchmarks
where names.isEmpty ? !benchmark.isOnlyByName : names.contains(benchmark.name) {
    do {
        report.write(try benchmark.run())
    } catch {
        Report.put("\(benchmark.name): \(error)", to: STDERR_FILENO)
        hasFailed = true
    }
}
exit(hasFailed ? 1 : 0)

// Drives the whole stack under faults and audits it; see scripts/chaos.

import ChaosService
import Glibc
import Reactor
import Runtime

let arguments = Array(CommandLine.arguments.dropFirst())
let path = CommandLine.arguments.first ?? ""
let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) : "."
if arguments.contains("--help") {
    StandardStream.output.write(ChaosOptions.usage + "\n")
    exit(0)
}
let options: ChaosOptions
do throws(ChaosUsageError) {
    options = try ChaosOptions.parse(arguments, binaries: folder)
} catch {
    StandardStream.error.write("pms-chaos: \(error.sentence)\n\(ChaosOptions.usage)\n")
    exit(2)
}
EventLoop.process.post {
    Task { @LoopActor in
        let run = ChaosRun(loop: EventLoop.process, options: options) { line in
            StandardStream.error.write(line + "\n")
        }
        let report = await run.run()
        StandardStream.output.write((options.isJSON ? report.json : report.text) + "\n")
        exit(report.violations.isEmpty ? 0 : 1)
    }
}
EventLoop.process.run()

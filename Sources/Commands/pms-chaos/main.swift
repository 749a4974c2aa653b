// Drives the whole stack under faults and audits it; see scripts/chaos.

import ChaosService
import Glibc
import Reactor

func line(_ text: String, to stream: UnsafeMutablePointer<FILE>) {
    unsafe fputs(text + "\n", stream)
    unsafe fflush(stream)
}

let arguments = Array(CommandLine.arguments.dropFirst())
let path = CommandLine.arguments.first ?? ""
let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) : "."
if arguments.contains("--help") {
    unsafe line(ChaosOptions.usage, to: stdout)
    exit(0)
}
let options: ChaosOptions
do throws(ChaosUsageError) {
    options = try ChaosOptions.parse(arguments, binaries: folder)
} catch {
    unsafe line("pms-chaos: \(error.sentence)\n\(ChaosOptions.usage)", to: stderr)
    exit(2)
}
EventLoop.process.post {
    Task { @LoopActor in
        let run = ChaosRun(loop: EventLoop.process, options: options) { text in
            unsafe line(text, to: stderr)
        }
        let report = await run.run()
        unsafe line(options.isJSON ? report.json : report.text, to: stdout)
        exit(report.violations.isEmpty ? 0 : 1)
    }
}
EventLoop.process.run()

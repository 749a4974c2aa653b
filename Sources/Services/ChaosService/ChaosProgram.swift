import Glibc
import Reactor
import Runtime

/// The program pms-chaos.
package enum ChaosProgram {
    /// Runs what the command line asks for; exits 0 without a violation, 1 with one, 2 on misuse.
    package static func run(_ commandLine: [String]) -> Never {
        let arguments = Array(commandLine.dropFirst())
        if arguments.contains("--help") {
            StandardStream.output.write(ChaosOptions.usage + "\n")
            exit(0)
        }
        let options: ChaosOptions
        do throws(ChaosUsageError) {
            options = try ChaosOptions.parse(arguments, binaries: folder(of: commandLine.first))
        } catch {
            StandardStream.error.write("pms-chaos: \(error.sentence)\n\(ChaosOptions.usage)\n")
            exit(2)
        }
        EventLoop.process.post {
            Task { @LoopActor in await perform(options) }
        }
        EventLoop.process.run()
        exit(1)
    }

    @LoopActor private static func perform(_ options: ChaosOptions) async {
        let run = ChaosRun(loop: EventLoop.process, options: options) { line in
            StandardStream.error.write(line + "\n")
        }
        let report = await run.run()
        StandardStream.output.write((options.isJSON ? report.json : report.text) + "\n")
        exit(report.violations.isEmpty ? 0 : 1)
    }

    private static func folder(of path: String?) -> String {
        guard let path, let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }
}

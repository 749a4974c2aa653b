import Glibc
import Reactor
import Runtime

// CommandLineService: `pms`, the stack's command line.
//
// 1. Data goes to standard output, messages to standard error; with `--json` data is JSON.
// 2. The exit code says what happened (`ExitStatus`); nothing hangs: Redis that does not answer is
//    reported within 2 s, a service that does not answer by the request's deadline.
// 3. A request that may have been carried out is never reported as failed, and never sent twice.

/// The program `pms`.
package enum CommandLineService {
    /// Runs the command the arguments name and ends the process with its exit code.
    package static func run(_ arguments: [String]) -> Never {
        let invocation: Invocation
        switch CommandTable.parse(arguments) {
        case .run(let parsed): invocation = parsed
        case .print(let text):
            StandardStream.output.write(text)
            exit(ExitStatus.ok.rawValue)
        case .failure(let failure):
            end(failure)
        }
        EventLoop.block(signals: [SIGTERM, SIGINT])
        EventLoop.process.post {
            Task { @LoopActor in
                let session = Session(invocation, loop: .process)
                do throws(CommandFailure) {
                    try session.validate()
                    try await invocation.command.run(session, invocation.arguments)
                    exit(ExitStatus.ok.rawValue)
                } catch {
                    end(error)
                }
            }
        }
        EventLoop.process.run()
        exit(ExitStatus.ok.rawValue)
    }

    private static func end(_ failure: CommandFailure) -> Never {
        if !failure.message.isEmpty { StandardStream.error.write("pms: \(failure.message)\n") }
        exit(failure.code)
    }
}

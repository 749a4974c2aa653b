import Chronology
import Glibc
import Reactor
import Runtime

/// `pms up`: the stack under supervision.
enum UpCommand {
    @LoopActor static func run(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let names = try processes(session.environment, arguments)
        let variables = Environment.processVariables
        if variables["PMS_HTTP_PORT"].map({ !$0.isEmpty }) ?? false {
            session.note(
                "pms: PMS_HTTP_PORT is left out: one port cannot serve all processes; give each its "
                    + "own with PMS_HTTP_PORT_PRICE_FEED and so on")
        }
        let directory = try programDirectory()
        let isTerminal = StandardStream.output.isTerminal
        var plans = names.map {
            ChildPlan.make(
                $0, directory: directory, variables: variables, parent: getpid(),
                isTerminal: isTerminal)
        }
        for plan in plans where unsafe access(plan.path, X_OK) != 0 {
            throw CommandFailure(.error, "cannot run \(plan.path): \(ErrorText.of(errno))")
        }
        if let file = arguments.value("--redis") {
            guard unsafe access(file, R_OK) == 0 else {
                throw CommandFailure(.error, "cannot read \(file): \(ErrorText.of(errno))")
            }
            // First to start, last to stop.
            plans.insert(.redis(configuration: file, variables: variables), at: 0)
        }
        let code = await supervise(session, plans)
        guard code == 0 else { throw CommandFailure(code: code) }
    }

    @LoopActor private static func supervise(_ session: Session, _ plans: [ChildPlan]) async
        -> Int32
    {
        await withCheckedContinuation { (continuation: CheckedContinuation<Int32, Never>) in
            let supervisor = Supervisor(
                loop: session.loop, plans: plans, seed: session.environment.seed,
                output: { session.print($0) }, onEnd: { continuation.resume(returning: $0) })
            for signal in [SIGTERM, SIGINT] { session.loop.onSignal(signal) { supervisor.stop() } }
            supervisor.start()
        }
    }

    /// The processes named by `--only`; by default all that the venue has.
    private static func processes(
        _ environment: Environment, _ arguments: Arguments
    ) throws(CommandFailure) -> [String] {
        guard let only = arguments.value("--only") else {
            return environment.venueProcesses
        }
        let wanted = only.split(separator: ",").map(String.init)
        for name in wanted where !KnobTable.processes.contains(name) {
            let hint = EditDistanceHint.text(name, among: KnobTable.processes)
            throw arguments.usage(
                "no such process: \(name)\(hint); known: "
                    + KnobTable.processes.joined(separator: ", "))
        }
        guard !wanted.isEmpty else { throw arguments.usage("--only names no process") }
        return KnobTable.processes.filter(wanted.contains)
    }

    /// Where this program lies; the others lie beside it.
    private static func programDirectory() throws(CommandFailure) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe readlink("/proc/self/exe", $0.baseAddress!, $0.count)
        }
        guard length > 0, length < buffer.count else {
            throw CommandFailure(.error, "cannot find this program: \(ErrorText.of(errno))")
        }
        let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }
}

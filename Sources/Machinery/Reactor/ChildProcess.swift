import CLinux
import Glibc

/// Which of a child's outputs a line came from.
package enum ChildOutput: Sendable {
    case output, error
}

/// A program that could not be started.
package struct ChildProcessError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The errno of posix_spawn or pidfd_open.
    package let code: Int32
    package let description: String
}

/// A running program: its output in lines, its end as a status.
///
/// The loop keeps it alive until it has ended and its pipes are drained; it starts with default
/// signal handling, an empty signal mask and standard input from /dev/null.
@LoopActor package final class ChildProcess {
    /// How to start a program.
    package struct Command: Sendable {
        /// Path, or a name looked up in PATH.
        package var executable: String
        package var arguments: [String]
        /// The whole environment; nil passes ours on.
        package var environment: [String: String]?
        package var directory: String?
        /// A process group of its own, so that Ctrl-C in the terminal reaches only us.
        package var hasOwnGroup: Bool

        package init(
            _ executable: String, _ arguments: [String] = [],
            environment: [String: String]? = nil, directory: String? = nil,
            hasOwnGroup: Bool = false
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
            self.hasOwnGroup = hasOwnGroup
        }
    }

    package let pid: Int32
    /// The exit code, or 128 + the signal that ended it; nil while it runs.
    package private(set) var status: Int32?

    private let loop: EventLoop
    private let onExit: @LoopActor (Int32) -> Void
    private var exitWatch: ExitWatch?
    private var readers: [LineReader] = []

    /// Starts the program. Lines (without their newline, at most 64 KiB, longer ones in pieces)
    /// and the exit come on the loop; the exit last, after all lines. Throws when it cannot start.
    package init(
        loop: EventLoop, _ command: Command,
        onLine: (@LoopActor (ChildOutput, String) -> Void)? = nil,
        onExit: @escaping @LoopActor (Int32) -> Void
    ) throws(ChildProcessError) {
        self.loop = loop
        self.onExit = onExit
        var pipes: [(reading: Int32, writing: Int32)] = []
        if onLine != nil {
            for _ in 0..<2 {
                var pipe: (reading: Int32, writing: Int32) = (-1, -1)
                let result = unsafe pms_pipe(&pipe.reading, &pipe.writing)
                guard result == 0 else {
                    Self.close(pipes)
                    throw Self.error("pipe", errno)
                }
                pipes.append(pipe)
            }
        }
        let (pid, failure) = Self.spawn(
            command, output: pipes.first?.writing ?? -1, error: pipes.last?.writing ?? -1)
        for pipe in pipes { Glibc.close(pipe.writing) }
        self.pid = pid
        guard failure == 0 else {
            for pipe in pipes { Glibc.close(pipe.reading) }
            throw Self.error("cannot start \(command.executable)", failure)
        }
        watch(pipes.map(\.reading), onLine)
    }

    /// Sends a signal while it runs; true when it was sent. A pid is never signalled after its end.
    @discardableResult
    package func signal(_ number: Int32) -> Bool {
        status == nil && kill(pid, number) == 0
    }

    /// Sends a signal to the process group it was given.
    @discardableResult
    package func signalGroup(_ number: Int32) -> Bool {
        status == nil && kill(-pid, number) == 0
    }

    private func watch(
        _ pipes: [Int32], _ onLine: (@LoopActor (ChildOutput, String) -> Void)?
    ) {
        for (fd, output) in zip(pipes, [ChildOutput.output, .error]) {
            readers.append(
                LineReader(loop: loop, fd: fd) { line in onLine?(output, line) })
        }
        let descriptor = pms_pidfd_open(pid)
        precondition(descriptor >= 0, "pidfd_open: errno \(errno)")
        exitWatch = ExitWatch(loop: loop, fd: descriptor) { self.ended() }
    }

    private func ended() {
        let result = pms_reap(pid)
        guard result != -1 else { return }
        exitWatch?.close()
        exitWatch = nil
        // A grandchild may hold the pipes open for ever: what is there now is the end.
        for reader in readers { reader.finish() }
        readers = []
        status = result == -2 ? 255 : result
        onExit(status ?? 255)
    }

    private static func spawn(
        _ command: Command, output: Int32, error: Int32
    ) -> (pid: Int32, failure: Int32) {
        var pid: pid_t = -1
        let variables = command.environment.map { table in
            table.map { "\($0.key)=\($0.value)" }.sorted()
        }
        let failure = unsafe withCStrings([command.executable] + command.arguments) { arguments in
            unsafe withCStrings(variables ?? []) { list in
                unsafe pms_spawn(
                    &pid, command.executable, arguments, variables == nil ? environ : list,
                    command.directory, output, error, command.hasOwnGroup ? 1 : 0)
            }
        }
        return (pid, failure)
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var list = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe list.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }

    private static func close(_ pipes: [(reading: Int32, writing: Int32)]) {
        for pipe in pipes {
            Glibc.close(pipe.reading)
            Glibc.close(pipe.writing)
        }
    }

    private static func error(_ what: String, _ code: Int32) -> ChildProcessError {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "errno \(code)"
        return ChildProcessError(code: code, description: "\(what): \(reason)")
    }
}

/// Watches the pidfd of a child; owns the descriptor.
private final class ExitWatch: DescriptorHandler {
    private let loop: EventLoop
    private var registration: Registration?
    private let onReady: @LoopActor () -> Void

    init(loop: EventLoop, fd: Int32, _ onReady: @escaping @LoopActor () -> Void) {
        self.loop = loop
        self.onReady = onReady
        registration = loop.register(fd: fd, .readable, self)
    }

    func descriptorReady(_ readiness: Readiness) { onReady() }

    func close() {
        guard let registration else { return }
        loop.deregister(registration)
        Glibc.close(registration.fd)
        self.registration = nil
    }
}

import CLinux
import Glibc
import Reactor
import RedisLink
import Synchronization

/// An argument of a process's own, as in `--fresh`.
package struct CommandFlag: Sendable {
    package let name: String
    package let meaning: String
    /// What follows it, as in `--replay FILE`; nil for one that stands alone.
    package let value: String?

    package init(_ name: String, _ meaning: String, value: String? = nil) {
        self.name = name
        self.meaning = meaning
        self.value = value
    }

    /// As it is written.
    internal var form: String { value.map { "\(name) \($0)" } ?? name }
}

/// Runs one service as a process, from its arguments to its exit code.
///
/// Exit codes: 0 stopped by a signal, 1 failed, 2 usage or configuration.
package enum ProcessHost {
    /// How long a process may take to stop after SIGTERM, in seconds; then it is ended.
    private static let stopSeconds: UInt32 = 10

    /// Parses `--check`, `--help`, `--version`; validates the configuration; runs until a signal.
    ///
    /// - Parameters:
    ///   - name: the process's name, which decides its default port.
    ///   - summary: one sentence for `--help`.
    ///   - required: variables without which the process cannot work.
    ///   - sendsOrders: whether `PMS_LIVE` must be set for a venue that is not loopback.
    ///   - usesRedis: false for a process that stands outside the bus.
    ///   - flags: arguments of its own, which `ServiceHost.flags` then holds.
    ///   - details: what `--help` says besides, between usage and variables.
    ///   - check: what is wrong with values that are each allowed, and not together.
    ///   - make: makes the service; called on the loop once the configuration is known to be valid.
    package static func run(
        name: String, summary: String, required: [String] = [], sendsOrders: Bool = false,
        usesRedis: Bool = true, flags: [CommandFlag] = [], details: String = "",
        check: (Environment) -> [ConfigurationProblem] = { _ in [] },
        make: @escaping @Sendable @LoopActor (ServiceHost) throws -> any Service
    ) -> Never {
        let environment = Environment(
            process: name, variables: Environment.processVariables, required: required)
        var problems = environment.problems
        if sendsOrders, problems.isEmpty, let problem = environment.liveProblem {
            problems.append(problem)
        }
        if problems.isEmpty { problems += check(environment) }
        let endpoint = redisEndpoint(environment, &problems)
        var given: [String: String] = [:]
        var arguments = CommandLine.arguments.dropFirst().makeIterator()
        while let argument = arguments.next() {
            switch argument {
            case "--help", "-h":
                end(
                    0,
                    output: Usage.text(
                        name: name, summary: summary, flags: flags, details: details))
            case "--version": end(0, output: "\(name) \(Build.version)\n")
            case "--check":
                if problems.isEmpty { end(0, output: "\(name): the configuration is valid\n") }
            case let other where flags.contains { $0.name == other }:
                let value = flags.first { $0.name == other }?.value
                given[other] = value == nil ? "" : arguments.next()
                if let value, given[other] == nil {
                    end(2, message: "\(name): \(other) needs its \(value)\n")
                }
            case let other:
                let known = (["--check", "--help", "--version"] + flags.map(\.form))
                    .joined(separator: " ")
                end(2, message: "\(name): unknown argument: \(other); known: \(known)\n")
            }
        }
        guard problems.isEmpty, let endpoint else {
            let lines = problems.map { "  \($0)\n" }.joined()
            end(2, message: "\(name): the configuration is not valid:\n\(lines)")
        }
        followParent(environment)
        configureLog(name, environment)
        EventLoop.block(signals: [SIGTERM, SIGINT])
        EventLoop.process.post { [given] in
            let host = ServiceHost(
                name: name, environment: environment, loop: .process, endpoint: endpoint,
                usesRedis: usesRedis, flags: given)
            begin(host, make)
        }
        EventLoop.process.runProcess()
        exit(exitCode.load(ordering: .sequentiallyConsistent))
    }

    private static func redisEndpoint(
        _ environment: Environment, _ problems: inout [ConfigurationProblem]
    ) -> RedisEndpoint? {
        do {
            return try RedisEndpoint(url: environment.text("PMS_REDIS_URL"))
        } catch {
            problems.append(
                ConfigurationProblem(variable: "PMS_REDIS_URL", message: "\(error)"))
            return nil
        }
    }

    // MARK: life

    private static let exitCode = Atomic<Int32>(0)

    @LoopActor private static func begin(
        _ host: ServiceHost, _ make: @LoopActor (ServiceHost) throws -> any Service
    ) {
        Log.info(
            "starting", ["version": Build.version, "pid": getpid(), "instance": host.instance])
        var isStopping = false
        for signal in [SIGTERM, SIGINT] {
            host.loop.onSignal(signal) {
                guard !isStopping else { return }
                isStopping = true
                Log.info("stopping", ["signal": signal])
                // Ends the process if stopping takes too long, even if the loop hangs; with a handler,
                // because the default action does not reach the first process of a container.
                _ = Glibc.signal(SIGALRM) { _ in _exit(1) }
                alarm(stopSeconds)
                Task { @LoopActor in
                    await host.stop()
                    Log.info("stopped")
                    end(host, 0)
                }
            }
        }
        do {
            let service = try make(host)
            Task { @LoopActor in
                do {
                    try await host.start(service)
                } catch {
                    fail(host, error)
                }
            }
        } catch {
            fail(host, error)
        }
    }

    @LoopActor private static func fail(_ host: ServiceHost, _ error: any Error) {
        Log.error("cannot start", ["error": "\(error)"])
        end(host, 1)
    }

    @LoopActor private static func end(_ host: ServiceHost, _ code: Int32) {
        exitCode.store(code, ordering: .sequentiallyConsistent)
        host.loop.stop()
    }

    private static func end(_ code: Int32, output: String = "", message: String = "") -> Never {
        if !output.isEmpty { StandardStream.output.write(output) }
        if !message.isEmpty { StandardStream.error.write(message) }
        exit(code)
    }

    /// Asks the kernel for SIGTERM when the supervisor dies, and stops where it is dead already.
    private static func followParent(_ environment: Environment) {
        guard let parent = environment.optionalInteger("PMS_PARENT_PID") else { return }
        _ = pms_parent_death_signal(SIGTERM)
        if Int64(getppid()) != parent {
            end(1, message: "\(environment.process): the supervisor is gone\n")
        }
    }

    private static func configureLog(_ name: String, _ environment: Environment) {
        let isText =
            switch environment.text("PMS_LOG_FORMAT") {
            case "text": true
            case "json": false
            case _: isatty(STDERR_FILENO) == 1
            }
        guard let level = LogLevel(name: environment.text("PMS_LOG_LEVEL")) else {
            preconditionFailure("the table admits only levels")
        }
        Log.configure(process: name, level: level, isText: isText)
    }
}

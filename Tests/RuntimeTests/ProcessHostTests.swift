import BusProtocol
import Chronology
import Glibc
import Reactor
import RedisServerSupport
import Runtime
import Testing

/// The process around a service, as its neighbours see it.
@Suite(.serialized) struct ProcessHostTests {
    init() { EventLoop.process.runInBackground() }

    /// A program built beside the tests.
    private static let probe: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(
            decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/host-probe"
    }()

    @LoopActor private final class Run {
        var lines: [String] = []
        var status: Int32?
        var child: ChildProcess?
        var wake: (() -> Void)?

        func start(_ program: String, _ arguments: [String], _ variables: [String: String]) throws {
            var variables = variables
            variables["PATH"] = "/usr/bin:/bin"
            child = try ChildProcess(
                loop: .process, .init(program, arguments, environment: variables)
            ) { [weak self] _, line in
                self?.lines.append(line)
                self?.wake?()
            } onExit: { [weak self] status in
                self?.status = status
                self?.wake?()
            }
        }

        func until(_ condition: @escaping () -> Bool) async {
            guard !condition() else { return }
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                wake = { [weak self] in
                    guard condition() else { return }
                    self?.wake = nil
                    continuation.resume()
                }
            }
        }

        var text: String { lines.joined(separator: "\n") }

        /// What follows `"name":` in the log.
        func number(_ name: String) -> Int? {
            guard let range = text.firstRange(of: "\"\(name)\":") else { return nil }
            return Int(text[range.upperBound...].prefix { $0.isNumber })
        }
    }

    @LoopActor private func finished(
        _ arguments: [String], _ variables: [String: String] = [:]
    ) async throws -> Run {
        let run = Run()
        try run.start(Self.probe, arguments, variables)
        await run.until { run.status != nil }
        return run
    }

    @Test("--version and --help answer with 0, an unknown argument with 2")
    @LoopActor func arguments() async throws {
        let version = try await finished(["--version"])
        #expect(version.status == 0 && version.text.hasPrefix("risk-engine "))
        let help = try await finished(["--help"])
        #expect(help.status == 0 && help.text.contains("PMS_REDIS_URL"))
        let unknown = try await finished(["--chekc"])
        #expect(unknown.status == 2 && unknown.text.contains("--chekc"))
    }

    @Test("A wrong configuration is told whole, with exit code 2, and --check tells a right one")
    @LoopActor func configuration() async throws {
        let wrong = try await finished([], ["PMS_HTTP_PORT": "x", "PMS_VENEU": "a"])
        #expect(wrong.status == 2)
        for name in ["PMS_HTTP_PORT", "PMS_VENEU", "PMS_API_KEY: missing"] {
            #expect(wrong.text.contains(name), "\(name)")
        }
        let right = try await finished(["--check"], ["PMS_API_KEY": "k"])
        #expect(right.status == 0)
    }

    @Test("It beats in Redis, answers on its port, and drains on SIGTERM with 0")
    @LoopActor func life() async throws {
        let server = RedisServer()
        let run = Run()
        try run.start(
            Self.probe, [],
            [
                "PMS_API_KEY": "k", "PMS_HTTP_PORT": "0", "PMS_REDIS_URL": server.url(),
                "PMS_INSTANCE": "one",
            ])
        await run.until { run.text.contains("\"idle\"") }
        // A hundred child tasks, a detached one, and both halves of a function that waits: each once, and
        // where they began.
        #expect(run.number("pieces") == 103 && run.number("on_loop") == 103)
        let port = try #require(run.number("port"))
        let ready = try await get(port, "/readyz") { $0.contains("\"ready\":true") }
        #expect(ready.contains("200"))
        #expect(try await get(port, "/healthz").contains("200"))
        #expect(try await get(port, "/metrics").contains("process_resident_memory_bytes"))
        #expect(try await get(port, "/nothing").contains("404"))
        var beat = ""
        for _ in 0..<100 where !beat.contains("started_ms") {
            beat = server.command("HGETALL", "pms:{usdm}:heartbeat:risk-engine:one")
            await pause(.milliseconds(10))
        }
        #expect(beat.contains("started_ms"))
        run.child?.signal(SIGTERM)
        await run.until { run.status != nil }
        #expect(run.status == 0)
        #expect(run.text.contains("drained"))
        #expect(!server.command("EXISTS", "pms:{usdm}:heartbeat:risk-engine:one").contains(":1"))
    }

    @Test("Without Redis it runs, says so, and still stops with 0")
    @LoopActor func withoutRedis() async throws {
        let run = Run()
        try run.start(
            Self.probe, [],
            ["PMS_API_KEY": "k", "PMS_HTTP_PORT": "0", "PMS_REDIS_URL": "unix:///nowhere/redis"])
        await run.until { run.text.contains("\"idle\"") }
        let answer = try await get(try #require(run.number("port")), "/readyz")
        #expect(answer.contains("503") && answer.contains("redis"))
        run.child?.signal(SIGTERM)
        await run.until { run.status != nil }
        #expect(run.status == 0)
    }

    @Test("A supervised process does not outlive its supervisor")
    @LoopActor func orphan() async throws {
        // The shell is the supervisor: it starts the probe under its own pid, tells it, and dies.
        let script = """
            PMS_PARENT_PID=$$ \(Self.probe) 2>&1 &
            echo "probe $!"
            kill -9 $$
            """
        let run = Run()
        try run.start(
            "bash", ["-c", script],
            ["PMS_API_KEY": "k", "PMS_HTTP_PORT": "0", "PMS_REDIS_URL": "unix:///nowhere/redis"])
        await run.until { run.status != nil }
        let word = try #require(run.lines.first { $0.hasPrefix("probe ") })
        let pid = try #require(Int32(word.dropFirst(6)))
        var isGone = false
        for _ in 0..<200 where !isGone {
            isGone = Self.isGone(pid)
            if !isGone { await pause(.milliseconds(10)) }
        }
        #expect(isGone)
    }

    /// Whether a process has ended; one that nobody has reaped has.
    private static func isGone(_ pid: Int32) -> Bool {
        guard case .success(let text) = TextFile.read("/proc/\(pid)/stat") else { return true }
        return text.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @LoopActor private func pause(_ interval: Interval) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            EventLoop.process.timer { continuation.resume() }.arm(after: interval)
        }
    }

    /// The raw answer to a GET; asked again until the condition holds, 100 times at most.
    @LoopActor private func get(
        _ port: Int, _ path: String, until condition: @escaping (String) -> Bool = { _ in true }
    ) async throws -> String {
        var answer = ""
        for _ in 0..<100 {
            let script = """
                exec 3<>/dev/tcp/127.0.0.1/\(port)
                printf 'GET \(path) HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3
                cat <&3
                """
            let run = Run()
            try run.start("bash", ["-c", script], [:])
            await run.until { run.status != nil }
            answer = run.text
            if condition(answer) { return answer }
            await pause(.milliseconds(20))
        }
        return answer
    }
}

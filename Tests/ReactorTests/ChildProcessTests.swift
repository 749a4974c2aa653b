import Chronology
import Glibc
import Reactor
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    @LoopActor private func run(
        _ command: ChildProcess.Command, then act: (ChildProcess) -> Void = { _ in }
    ) async throws -> (status: Int32, lines: [String]) {
        var lines: [String] = []
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            do throws(ChildProcessError) {
                let child = try ChildProcess(
                    loop: .process, command,
                    onLine: { output, line in
                        lines.append(output == .output ? line : "error: \(line)")
                    }, onExit: { continuation.resume(returning: $0) })
                act(child)
            } catch {
                continuation.resume(throwing: error)
            }
        }
        return (status, lines)
    }

    @Test("Lines of both outputs and the exit code arrive, the exit last")
    func lines() async throws {
        try await EventLoop.onLoop {
            let script = "echo one; echo; printf 'no newline'; echo two >&2; exit 7"
            let (status, lines) = try await run(.init("sh", ["-c", script]))
            #expect(status == 7)
            #expect(lines.filter { !$0.hasPrefix("error") } == ["one", "", "no newline"])
            #expect(lines.contains("error: two"))
        }
    }

    @Test("Environment and directory are what was asked for")
    func setting() async throws {
        try await EventLoop.onLoop {
            let command = ChildProcess.Command(
                "/bin/sh", ["-c", "pwd; echo $PMS_X"], environment: ["PMS_X": "y"],
                directory: "/usr")
            let lines = try await run(command).lines
            #expect(lines == ["/usr", "y"])
        }
    }

    @Test("A signal ends it, with 128 + its number as status")
    func signal() async throws {
        try await EventLoop.onLoop {
            let (status, _) = try await run(.init("sleep", ["100"])) { #expect($0.signal(SIGTERM)) }
            #expect(status == 128 + SIGTERM)
        }
    }

    @Test("It starts with an empty signal mask and default handling of SIGPIPE")
    func mask() async throws {
        try await EventLoop.onLoop {
            let (_, lines) = try await run(
                .init("grep", ["-E", "^Sig(Blk|Ign)", "/proc/self/status"]))
            #expect(lines.count == 2 && lines[0] == "SigBlk:\t0000000000000000")
            // Signals 32 and 33 are glibc's own; only 1...31 can be given back their default.
            let ignored = lines.last.flatMap { UInt64($0.dropFirst(8), radix: 16) }
            #expect(ignored.map { $0 & 0x7FFF_FFFF } == 0)
        }
    }

    @Test("A program that is not there is an error")
    func missing() async throws {
        await EventLoop.onLoop {
            _ = await #expect(throws: ChildProcessError.self) {
                _ = try await run(.init("/nonexistent/program"))
            }
        }
    }

    @Test("Output larger than a pipe arrives whole")
    func large() async throws {
        try await EventLoop.onLoop {
            let (status, lines) = try await run(.init("seq", ["1", "50000"]))
            #expect(status == 0)
            #expect(lines.count == 50_000 && lines.last == "50000")
        }
    }
}

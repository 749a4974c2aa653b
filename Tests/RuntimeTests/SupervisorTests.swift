import Chronology
import Glibc
import Reactor
import Runtime
import Testing

/// The supervisor with real processes: shells that do as little as possible.
@Suite struct SupervisorTests {
    init() { EventLoop.process.runInBackground() }

    @LoopActor private final class Stage {
        var lines: [String] = []
        var code: Int32?
        var wake: (() -> Void)?

        func run(_ programs: [(name: String, path: String)]) -> Supervisor {
            let supervisor = Supervisor(
                loop: .process,
                plans: programs.map {
                    ChildPlan(name: $0.name, path: $0.path, variables: ["PATH": "/usr/bin:/bin"])
                }, seed: 1,
                output: { [weak self] line in
                    self?.lines.append(line)
                    self?.wake?()
                },
                onEnd: { [weak self] code in
                    self?.code = code
                    self?.wake?()
                })
            supervisor.start()
            return supervisor
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
    }

    /// A folder of scripts, removed with the instance.
    private final class Scripts {
        let directory: String

        init() {
            var template = Array("/tmp/pms-supervisor-XXXXXX".utf8CString)
            guard let made = unsafe mkdtemp(&template) else {
                preconditionFailure("mkdtemp: \(errno)")
            }
            directory = unsafe String(cString: made)
        }

        func write(_ name: String, _ body: String) -> (name: String, path: String) {
            let path = "\(directory)/\(name)"
            let fd = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o700)
            let text = Array("#!/bin/bash\n\(body)\n".utf8)
            let written = unsafe Glibc.write(fd, text, text.count)
            precondition(written == text.count, "a script is written whole")
            close(fd)
            return (name, path)
        }

        deinit {
            for name in ["first", "second"] { unsafe unlink("\(directory)/\(name)") }
            unsafe rmdir(directory)
        }
    }

    private let forever = "trap 'echo down; exit 0' TERM; echo up; while :; do sleep 0.05; done"

    @Test("Lines carry the process's name; what ends is started again; stopping goes in reverse")
    @LoopActor func restart() async {
        let scripts = Scripts()
        let stage = Stage()
        let supervisor = stage.run([
            scripts.write("first", forever), scripts.write("second", "echo once; \(forever)"),
        ])
        await stage.until { stage.lines.filter { $0.hasSuffix("| up\n") }.count == 2 }
        #expect(stage.lines.contains("first  | up\n"))
        supervisor.stop()
        await stage.until { stage.code != nil }
        #expect(stage.code == 0)
        #expect(
            stage.lines.filter { $0.hasSuffix("| down\n") } == [
                "second | down\n", "first  | down\n",
            ])
    }

    @Test("A process that is killed comes back")
    @LoopActor func comeback() async {
        let scripts = Scripts()
        let stage = Stage()
        let supervisor = stage.run([scripts.write("first", "echo up; kill -9 $$")])
        await stage.until { stage.lines.filter { $0 == "first | up\n" }.count >= 2 }
        #expect(stage.lines.contains("first | -- ended: signal 9\n"))
        supervisor.stop()
        await stage.until { stage.code != nil }
        #expect(stage.code == 0)
    }

    @Test("A process whose configuration is wrong at start stops the stack with its code")
    @LoopActor func failure() async {
        let scripts = Scripts()
        let stage = Stage()
        let supervisor = stage.run([
            scripts.write("first", forever), scripts.write("second", "exit 2"),
        ])
        await stage.until { stage.code != nil }
        #expect(stage.code == 2)
        withExtendedLifetime(supervisor) {}
    }
}

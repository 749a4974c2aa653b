import CFloor
import Chronology
import Glibc
import Runtime
import Trading

/// A real risk-engine, and a kept-alive connection to it. Needs the `risk-engine` program beside this one.
final class BenchEngine {
    private static let token = "bench"

    private let program: BenchProgram
    private var socket: Int32 = -1

    /// - Parameter last: an account that is readable once all are loaded.
    init(path: String, last: AccountID) throws {
        let port = UInt16(20_000 + Int(getpid()) % 20_000)
        for (name, value) in [
            "PMS_REDIS_URL": "unix://\(path)", "PMS_HTTP_PORT": "\(port)",
            "PMS_HTTP_TOKEN": BenchEngine.token, "PMS_LOG_LEVEL": "error",
            "PMS_INSTANCE": "bench",
        ] {
            unsafe setenv(name, value, 1)
        }
        program = try BenchProgram(beside: "risk-engine")
        try connect(port, last)
    }

    /// How long the engine may take to load all accounts and to value them.
    private static let patience = Interval.seconds(60)

    /// Connects, and waits for the account's snapshot; says what was missing where none comes.
    private func connect(_ port: UInt16, _ last: AccountID) throws {
        let clock = SystemTime()
        let start = clock.now
        var reason = "nobody listens on port \(port)"
        while clock.now - start < BenchEngine.patience {
            if socket < 0 { socket = floor_connect(port) }
            if socket >= 0 {
                floor_patience(socket, 5_000)
                do {
                    _ = try ask("/positions?account=\(last)")
                    return
                } catch {
                    reason = "\(error)"
                }
                close(socket)
                socket = -1
            }
            guard floor_has_ended(program.processID) == 0 else {
                throw HopProblem(description: "risk-engine has ended; its log is above")
            }
            poll(nil, 0, 10)
        }
        let seconds = (clock.now - start).milliseconds / 1_000
        throw HopProblem(
            description: "risk-engine has no snapshot of \(last) after \(seconds) s: \(reason)")
    }

    var processID: Int32 { program.processID }

    deinit { if socket >= 0 { close(socket) } }

    /// Nanoseconds from the first byte sent to the last byte read.
    func ask(_ target: String) throws -> Int64 {
        let request = Array(
            ("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                + "\(BenchEngine.token)\r\n\r\n").utf8)
        let (time, reply) = Measure.ask(socket, request)
        guard reply.contains("\"expired\":false") else {
            let body = reply.split(separator: "\r\n").last.map(String.init) ?? "no answer in 5 s"
            throw HopProblem(description: String(body.prefix(300)))
        }
        return time
    }
}

/// What the system says of a process.
enum ProcessUse {
    /// Seconds on a core since it began.
    static func seconds(of process: Int32) -> Double {
        guard case .success(let text) = TextFile.read("/proc/\(process)/stat"),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13])
        else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Megabytes in memory.
    static func megabytes(of process: Int32) -> Double {
        guard case .success(let text) = TextFile.read("/proc/\(process)/status") else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return kilobytes.count > 1 ? (Double(kilobytes[1]) ?? 0) / 1_024 : 0
        }
        return 0
    }
}

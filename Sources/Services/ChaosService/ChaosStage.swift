import Chronology
import Glibc
import Reactor
import RedisLink

/// The processes of one run: a private Redis, the paper exchange and the four services, each
/// started again 100 ms after it ends, as a supervisor would.
@LoopActor final class ChaosStage {
    /// One program that is kept running.
    final class Member {
        let name: String
        let command: ChildProcess.Command
        var child: ChildProcess?
        var starts = 0
        /// When it was last struck, until it is seen ready again.
        var struckAt: Instant?
        var restart: LoopTimer?
        /// It is not started again before then.
        var heldUntil: Instant?

        init(_ name: String, _ command: ChildProcess.Command) {
            self.name = name
            self.command = command
        }
    }

    static let services = [
        "paper-exchange", "price-feed", "order-gateway", "risk-engine", "position-sync",
    ]
    static let restartDelay = Interval.milliseconds(100)

    let directory: String
    let redisURL: String
    let exchangeURL: String
    /// Where the paper exchange takes orders to misbehave.
    let adminURL: String
    let tradeKey = "chaos-trade"
    let tradeSecret = "chaos-trade-secret"
    private let loop: EventLoop
    private var members: [String: Member] = [:]
    private var isStopping = false
    private var logs: [String: Int32] = [:]

    /// - Parameters:
    ///   - port: a free loopback port for the paper exchange.
    ///   - adminPort: another for its operator.
    init(
        loop: EventLoop, binaries: String, directory: String, port: UInt16, adminPort: UInt16,
        seed: UInt64
    ) {
        self.loop = loop
        self.directory = directory
        redisURL = "unix://\(directory)/redis.sock"
        exchangeURL = "http://127.0.0.1:\(port)"
        adminURL = "http://127.0.0.1:\(adminPort)"
        let redis = ChildProcess.Command(
            "redis-server",
            [
                "--port", "0", "--unixsocket", "\(directory)/redis.sock", "--dir", directory,
                "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                "--maxmemory-policy", "noeviction", "--daemonize", "no",
            ], environment: ["PATH": path], hasOwnGroup: true)
        members["redis"] = Member("redis", redis)
        for name in ChaosStage.services {
            let command = ChildProcess.Command(
                "\(binaries)/\(name)", environment: environment(of: name, port, adminPort, seed),
                hasOwnGroup: true)
            members[name] = Member(name, command)
        }
    }

    private var path: String { "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }

    private func environment(
        of name: String, _ port: UInt16, _ adminPort: UInt16, _ seed: UInt64
    ) -> [String: String] {
        var variables = [
            "PATH": path, "PMS_HTTP_PORT": "0", "PMS_INSTANCE": "chaos",
            "PMS_PAPER_PORT": "\(port)", "PMS_LOG_FORMAT": "text",
        ]
        if name == "paper-exchange" {
            variables["PMS_HTTP_PORT"] = "\(adminPort)"
            variables["PMS_PAPER_API_KEY"] = tradeKey
            variables["PMS_PAPER_API_SECRET"] = tradeSecret
            variables["PMS_PAPER_READ_KEY"] = "chaos-read"
            variables["PMS_PAPER_READ_SECRET"] = "chaos-read-secret"
            variables["PMS_PAPER_DATA"] = "\(directory)/paper"
            variables["PMS_PAPER_SEED"] = "\(seed)"
            variables["PMS_REDIS_URL"] = redisURL
            return variables
        }
        variables["PMS_REDIS_URL"] = redisURL
        if name == "order-gateway" {
            variables["PMS_API_KEY"] = tradeKey
            variables["PMS_API_SECRET"] = tradeSecret
        }
        if name == "position-sync" {
            variables["PMS_API_KEY"] = "chaos-read"
            variables["PMS_API_SECRET"] = "chaos-read-secret"
        }
        return variables
    }

    // MARK: running

    /// Starts one program and keeps it running; false where it cannot be started at all.
    func start(_ name: String) -> Bool {
        guard let member = members[name], !isStopping else { return false }
        do throws(ChildProcessError) {
            member.child = try ChildProcess(
                loop: loop, member.command,
                onLine: { [weak self] _, line in self?.log(name, line) },
                onExit: { [weak self] status in self?.ended(member, status) })
            member.starts += 1
            return true
        } catch {
            log(name, error.description)
            return false
        }
    }

    private func ended(_ member: Member, _ status: Int32) {
        log(member.name, "-- ended with status \(status)")
        member.child = nil
        if isStopping { return }
        let restart = loop.timer { [weak self] in _ = self?.start(member.name) }
        let held = member.heldUntil.map { $0 - loop.now } ?? .zero
        restart.arm(after: max(ChaosStage.restartDelay, held))
        member.restart = restart
    }

    /// How often it has been started.
    func starts(of name: String) -> Int { members[name]?.starts ?? 0 }

    func pid(of name: String) -> Int32? { members[name]?.child?.pid }

    /// Sends a signal and remembers when, so that the way back can be timed.
    func strike(_ name: String, _ signal: Int32) {
        guard let member = members[name] else { return }
        log(name, "-- signal \(signal)")
        member.struckAt = member.struckAt ?? loop.now
        member.child?.signal(signal)
    }

    /// Ends a program and keeps it away for so long; its way back is timed from then on.
    func hold(_ name: String, for interval: Interval) {
        guard let member = members[name] else { return }
        let until = loop.now + interval
        member.heldUntil = until
        strike(name, SIGKILL)
        member.struckAt = until
    }

    /// The time since the strike on a program that is back, once.
    func takeReturn(of name: String) -> Interval? {
        guard let member = members[name], let struckAt = member.struckAt else { return nil }
        member.struckAt = nil
        return loop.now - struckAt
    }

    func isStruck(_ name: String) -> Bool { members[name]?.struckAt != nil }

    /// Ends all of them: the services first, Redis last; returns when they are gone.
    func stop() async {
        isStopping = true
        for name in ChaosStage.services.reversed() + ["redis"] {
            guard let child = members[name]?.child else { continue }
            child.signal(SIGCONT)
            child.signal(name == "redis" ? SIGKILL : SIGTERM)
            for _ in 0..<100 where members[name]?.child != nil {
                await pause(.milliseconds(100))
            }
            members[name]?.child?.signal(SIGKILL)
        }
        for (_, descriptor) in logs { close(descriptor) }
        logs = [:]
    }

    /// Lets the loop run for a while.
    func pause(_ interval: Interval) async {
        await withCheckedContinuation { continuation in
            loop.timer { continuation.resume() }.arm(after: interval)
        }
    }

    // MARK: logs

    private func log(_ name: String, _ line: String) {
        let flags = O_WRONLY | O_CREAT | O_APPEND
        let descriptor = unsafe logs[name] ?? open("\(directory)/\(name).log", flags, 0o600)
        guard descriptor >= 0 else { return }
        logs[name] = descriptor
        let bytes = Array("\(loop.wallNow.milliseconds) \(line)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// A directory and a port that nothing else uses.
enum ChaosPlaces {
    /// A fresh directory below /tmp, or nil where none can be made.
    static func scratchDirectory() -> String? {
        var template = Array("/tmp/pms-chaos-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) }
        guard let made = unsafe made else { return nil }
        return unsafe String(cString: made)
    }

    /// A loopback port that was free a moment ago, or nil.
    static func freePort() -> UInt16? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        return isBound ? UInt16(bigEndian: address.sin_port) : nil
    }
}

import Glibc

/// A redis-server of a test's own: on a unix socket in a fresh directory, no port, nothing saved
/// unless asked for. Killed, and its directory removed, with the instance.
public final class RedisServer: @unchecked Sendable {
    public let directory: String
    public let path: String
    public private(set) var pid: pid_t = 0
    private let arguments: [String]

    /// The URL of the server; the database is optional.
    public func url(login: String = "", database: Int = 0) -> String {
        "unix://" + (login.isEmpty ? "" : login + "@") + path
            + (database == 0 ? "" : "?db=\(database)")
    }

    /// Starts a server, waiting until it answers; extra arguments as on its command line.
    public init(arguments: [String] = [], isStarted: Bool = true) {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/pms-redis-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("mkdtemp: errno \(errno)") }
        directory = String(cString: made)
        path = directory + "/redis.sock"
        self.arguments = arguments
        if isStarted { start() }
    }

    deinit {
        stop()
        var remover = pid_t()
        let list = Self.cStrings(["rm", "-rf", directory])
        if posix_spawnp(&remover, "rm", nil, nil, list, environ) == 0 {
            var status: Int32 = 0
            waitpid(remover, &status, 0)
        }
        for pointer in list { free(pointer) }
    }

    private static func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        strings.map { strdup($0) } + [nil]
    }

    /// Starts it (again) and waits until it answers PING.
    public func start() {
        precondition(pid == 0, "it runs already: a second one would outlive the test")
        let command =
            [
                "redis-server", "--port", "0", "--unixsocket", path, "--dir", directory,
                "--save", "", "--appendonly", "no", "--logfile", directory + "/log",
                "--maxmemory-policy", "noeviction",
            ] + arguments
        let list = Self.cStrings(command)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let result = posix_spawnp(&pid, "redis-server", nil, &attributes, list, environ)
        posix_spawnattr_destroy(&attributes)
        for pointer in list { free(pointer) }
        precondition(result == 0, "redis-server does not start: errno \(result)")
        for _ in 0..<2_000 {
            if answers() { return }
            usleep(2_000)
        }
        preconditionFailure("redis-server does not answer; its log is in \(directory)")
    }

    /// Sends it a signal (SIGSTOP, SIGCONT).
    public func signal(_ number: Int32) { kill(pid, number) }

    /// Kills it as kill -9 does and waits for its end.
    public func stop() {
        guard pid > 0 else { return }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        pid = 0
        unlink(path)
    }

    /// Runs one command over a connection of its own and returns the raw reply; blocks.
    @discardableResult
    public func command(_ arguments: String...) -> String {
        let request = arguments.reduce("*\(arguments.count)\r\n") {
            $0 + "$\($1.utf8.count)\r\n\($1)\r\n"
        }
        return exchange(request) ?? ""
    }

    private func answers() -> Bool {
        guard let reply = exchange("PING\r\n") else { return false }
        return reply.hasPrefix("+PONG") || reply.hasPrefix("-NOAUTH")
    }

    private func exchange(_ request: String) -> String? {
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { return nil }
        var bytes = Array(request.utf8)
        guard send(fd, &bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}

import CLinux
import Glibc

/// What follows from several variables together.
extension Environment {
    /// The REST base of the venue; the paper exchange where none is set. Without a `/` at its end.
    package var venueRESTURL: String {
        base("PMS_VENUE_REST_URL", "http://127.0.0.1:\(integer("PMS_PAPER_PORT"))")
    }

    /// The stream base of the venue; the paper exchange where none is set. Without a `/` at its end.
    package var venueStreamURL: String {
        base("PMS_VENUE_WS_URL", "ws://127.0.0.1:\(integer("PMS_PAPER_PORT"))")
    }

    /// The base of the venue's WebSocket API; that of its streams where none is set. Without a `/` at
    /// its end.
    package var venueAPIStreamURL: String { base("PMS_VENUE_WS_API_URL", venueStreamURL) }

    private func base(_ name: String, _ paper: String) -> String {
        var url = optionalText(name) ?? paper
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }

    /// The port of health and metrics: `PMS_HTTP_PORT`, or the process's own default.
    package var httpPort: UInt16 {
        optionalInteger("PMS_HTTP_PORT").map { UInt16($0) } ?? KnobTable.httpPort(of: process)
    }

    /// Whether both venue URLs lead to where no real money is: this machine, or the host named
    /// `paper-exchange`, as the compose stack calls it; a name without a dot is no exchange's.
    package var isVenuePaper: Bool {
        [venueRESTURL, venueStreamURL, venueAPIStreamURL].allSatisfy { url in
            WebAddress(url).map { $0.isLoopback || $0.host == "paper-exchange" } ?? false
        }
    }

    /// Why orders may not be sent to the venue that is set, or nil where they may: any but a paper
    /// venue needs `PMS_LIVE=yes-real-money`.
    package var liveProblem: ConfigurationProblem? {
        if isVenuePaper || text("PMS_LIVE") == "yes-real-money" { return nil }
        let host = WebAddress(venueRESTURL)?.host ?? venueRESTURL
        return ConfigurationProblem(
            variable: "PMS_LIVE",
            message: "must be yes-real-money before an order goes to \(host), which is not loopback"
        )
    }

    /// `PMS_INSTANCE`, or the host's name and the process id.
    package var instance: String {
        optionalText("PMS_INSTANCE") ?? "\(Environment.hostName)-\(getpid())"
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 65)
        let result = unsafe name.withUnsafeMutableBufferPointer {
            unsafe gethostname($0.baseAddress!, $0.count - 1)
        }
        guard result == 0 else { return "host" }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let kept = bytes.prefix(48).map { byte -> UInt8 in
            let isFit =
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x30...0x39).contains(byte) || byte == 0x2D
            return isFit ? byte : 0x2D
        }
        return kept.isEmpty ? "host" : String(decoding: kept, as: UTF8.self)
    }

    /// The seed of the process's random numbers: `PMS_SEED`, or one from the kernel.
    package var seed: UInt64 {
        if let fixed = optionalInteger("PMS_SEED") { return UInt64(fixed) }
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// The variables this process was started with.
    package static var processVariables: [String: String] {
        guard case .success(let text) = TextFile.read("/proc/self/environ") else { return [:] }
        var variables: [String: String] = [:]
        for line in text.utf8.split(separator: 0) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: line[..<equals], as: UTF8.self)
            variables[name] = String(decoding: line[line.index(after: equals)...], as: UTF8.self)
        }
        return variables
    }
}

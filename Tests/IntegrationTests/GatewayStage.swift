import BusProtocol
import Bytes
import Foundation
import Testing

/// A real Redis, a real paper exchange and the services around a gateway, for one test.
final class GatewayStage {
    static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().path
    let folder: String
    let port: Int
    let adminPort: Int
    let venue: [String: String]
    let name: String
    private(set) var programs: [Process] = []
    /// Variables of every program started from here on.
    var more: [String: String] = [:]

    /// - Parameter kind: the venue; spot and MEXC are reached under their base paths.
    init(kind: String = "binance-usdm", paper: [String: String] = [:]) throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("pms-gateway-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
        port = FreePort.take()
        adminPort = FreePort.take()
        let path =
            switch kind {
            case "binance-spot": "/spot"
            case "mexc-spot": "/mexc"
            case _: ""
            }
        name = kind == "binance-usdm" ? "usdm" : kind
        venue = [
            "PMS_VENUE": name, "PMS_VENUE_KIND": kind,
            "PMS_VENUE_REST_URL": "http://127.0.0.1:\(port)\(path)",
            "PMS_VENUE_WS_URL": "ws://127.0.0.1:\(port)\(path)",
        ]
        try start(
            "/usr/bin/env",
            [
                "redis-server", "--port", "0", "--unixsocket", "\(folder)/redis.sock", "--save",
                "", "--appendonly", "no", "--dir", folder,
            ])
        while redis("PING") != "PONG" {}
        var variables = paper
        variables["PMS_HTTP_PORT"] = "\(adminPort)"
        try start("paper-exchange", [], variables)
    }

    deinit {
        for program in programs where program.isRunning {
            kill(program.processIdentifier, SIGCONT)
            kill(program.processIdentifier, SIGKILL)
            program.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    func start(
        _ path: String, _ arguments: [String] = [], _ more: [String: String] = [:]
    ) throws -> Process {
        let program = Process()
        program.executableURL = URL(
            fileURLWithPath: path.hasPrefix("/") ? path : "\(Self.binaries)/\(path)")
        program.arguments = arguments
        program.environment = environment.merging(more) { _, new in new }
        let log = "\(folder)/log-\(programs.count)"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        program.standardOutput = FileHandle.nullDevice
        program.standardError = FileHandle(forWritingAtPath: log)
        try program.run()
        programs.append(program)
        return program
    }

    private var environment: [String: String] {
        var variables = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "PMS_HTTP_PORT": "0",
            "PMS_PAPER_PORT": "\(port)", "PMS_LOG_FORMAT": "text",
            "PMS_REDIS_URL": "unix://\(folder)/redis.sock", "PMS_PAPER_API_KEY": "k",
            "PMS_PAPER_API_SECRET": "s", "PMS_API_KEY": "k", "PMS_API_SECRET": "s",
        ]
        variables.merge(venue) { _, new in new }
        variables.merge(more) { _, new in new }
        return variables
    }

    /// Feed, risk and one gateway, up to where it takes orders; and an account with money.
    @discardableResult
    func startStack(_ gateway: [String: String] = [:]) throws -> Process {
        try start("price-feed", [], ["PMS_INSTANCE": "feed"])
        if name == "usdm" { try start("risk-engine", [], ["PMS_INSTANCE": "risk"]) }
        let process = try start(
            "order-gateway", [], ["PMS_INSTANCE": "one"].merging(gateway) { $1 })
        #expect(wait(seconds: 20) { isReady("one") }, "\(log())")
        #expect(
            wait(seconds: 10) { pms("account", "create", "demo", "--deposit", "50000").code == 0 })
        return process
    }

    /// Whether a gateway that lives says so: the word of a killed one stays in Redis for a while.
    func isReady(_ instance: String) -> Bool {
        let key = "pms:{\(name)}:heartbeat:order-gateway:\(instance)"
        let words = redis("HMGET", key, "ready", "pid").split(whereSeparator: \.isNewline)
        guard words.count == 2, words[0] == "1", let pid = Int32(words[1]) else { return false }
        return programs.contains { $0.isRunning && $0.processIdentifier == pid }
    }

    /// The end of every log, for the message of a failure.
    func log() -> String {
        programs.indices.map { index in
            let text =
                (try? String(contentsOfFile: "\(folder)/log-\(index)", encoding: .utf8)) ?? ""
            return "\(index): \(text.suffix(600))"
        }.joined(separator: "\n")
    }

    private func run(
        _ path: String, _ arguments: [String], _ more: [String: String] = [:]
    ) -> (code: Int32, text: String) {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: path)
        program.arguments = arguments
        program.environment = environment.merging(more) { _, new in new }
        let output = Pipe()
        program.standardOutput = output
        program.standardError = output
        guard (try? program.run()) != nil else { return (-1, "") }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        program.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return (program.terminationStatus, text)
    }

    /// One command's answer.
    func redis(_ arguments: String...) -> String {
        run("/usr/bin/env", ["redis-cli", "-s", "\(folder)/redis.sock"] + arguments).text
    }

    func pms(
        _ arguments: String..., variables: [String: String] = [:]
    ) -> (code: Int32, text: String) {
        run("\(Self.binaries)/pms", patient(arguments), variables)
    }

    /// Commands whose answer is waited for, five seconds unless they are given more.
    private static let waiting: Set<String> = [
        "account create", "account deposit", "account transfer", "order place", "order amend",
        "order cancel", "algo start", "algo stop", "algo pause", "algo resume",
    ]

    /// The command with the time of a busy machine.
    private func patient(_ arguments: [String]) -> [String] {
        let name = arguments.prefix(2).joined(separator: " ")
        let isReady = arguments.contains("--timeout") || arguments.contains("--help")
        if isReady || !Self.waiting.contains(name) { return arguments }
        return arguments + ["--timeout", "30"]
    }

    /// Another program, to its end.
    func program(_ path: String, _ arguments: [String]) -> (code: Int32, text: String) {
        run(path, arguments)
    }

    /// `pms` with its arguments in a list.
    func run(_ arguments: [String]) -> (code: Int32, text: String) {
        run("\(Self.binaries)/pms", patient(arguments))
    }

    /// The fields of an order as the command line prints them.
    func order(_ id: String) -> JSONValue? {
        let shown = pms("order", "show", id, "--json")
        return try? JSONValue.parse(Array(shown.text.utf8))
    }

    /// What the paper exchange knows.
    func truth() -> JSONValue? {
        let answer = run(
            "/usr/bin/env", ["curl", "-s", "http://127.0.0.1:\(adminPort)/paper/truth"])
        return try? JSONValue.parse(Array(answer.text.utf8))
    }

    /// Lets real time pass: what is measured here is how much happens in it.
    func pass(seconds: Int) { _ = run("/bin/sleep", ["\(seconds)"]) }

    /// Sends many commands over one connection.
    func redis(lines: [String]) {
        let file = "\(folder)/commands"
        try? lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        _ = run("/bin/sh", ["-c", "redis-cli -s \(folder)/redis.sock < \(file)"])
    }

    /// What a program has logged as an event, by its place in the order of starts.
    func logged(_ program: Int, _ event: String) -> JSONValue? {
        let text = (try? String(contentsOfFile: "\(folder)/log-\(program)", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONValue.parse(Array($0.utf8)) }
            .last { $0["event"]?.text == event }
    }

    /// Milliseconds from one event that the last program has logged to another; nil where one is missing.
    func between(_ first: String, _ second: String) -> Int? {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let times = [first, second].compactMap { event in
            logged(programs.count - 1, event)?["at"]?.text.flatMap { format.date(from: $0) }
        }
        return times.count == 2 ? Int(times[1].timeIntervalSince(times[0]) * 1_000) : nil
    }

    /// A figure for whoever reads the output of the run.
    func note(_ text: String) {
        FileHandle.standardError.write(Data("gateway: \(text)\n".utf8))
    }

    /// A command to the gateway over HTTP.
    func post(_ port: Int, _ token: String, _ kind: String, _ body: [String: String]) -> String {
        let deadline = Int64(Date().timeIntervalSince1970 * 1000) + 30_000
        let command = Command(
            id: "post-\(UUID().uuidString.prefix(8))", from: "test", deadlineMilliseconds: deadline,
            kind: kind, body: body)
        return run(
            "/usr/bin/env",
            [
                "curl", "-s", "-H", "Authorization: Bearer \(token)", "-d",
                String(decoding: command.encoded(), as: UTF8.self),
                "http://127.0.0.1:\(port)/commands",
            ]
        ).text
    }

    /// Sets a symbol's leverage at the futures exchange, as a person would.
    func leverage(_ symbol: String, _ value: Int) {
        let script = """
            q="symbol=\(symbol)&leverage=\(value)&timestamp=$(date +%s%3N)"
            s=$(printf %s "$q" | openssl dgst -sha256 -hmac s | sed 's/.* //')
            curl -s -X POST -H 'X-MBX-APIKEY: k' "http://127.0.0.1:\(port)/fapi/v1/leverage?$q&signature=$s"
            """
        _ = run("/bin/sh", ["-c", script])
    }

    /// A page over HTTP.
    func web(_ url: String) -> String { run("/usr/bin/env", ["curl", "-s", url]).text }

    /// Makes something break.
    func fault(_ body: String) -> String {
        run(
            "/usr/bin/env",
            ["curl", "-s", "-d", body, "http://127.0.0.1:\(adminPort)/paper/faults"]
        ).text
    }

    /// Asks again and again until it is so; false after the time given.
    func wait(seconds: Double, _ isSo: () -> Bool) -> Bool {
        Waiting.wait(seconds: seconds, isSo)
    }

    /// The bid of a symbol as the feed keeps it.
    func bid(_ symbol: String) -> Double? {
        Double(redis("HGET", "pms:{\(name)}:price:\(symbol)", "bid"))
    }
}

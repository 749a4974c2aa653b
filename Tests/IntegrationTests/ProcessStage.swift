import Bytes
import Foundation
import Testing

/// Programs of one test and a Redis of their own, in a folder of their own; all gone with it.
final class ProcessStage {
    /// The folder of the test binary, where the executables are built too.
    static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().path

    private let scratch: ScratchDirectory
    private var programs: [Process] = []

    var folder: String { scratch.path }
    private let accessList: String?
    private var socket: String { "\(folder)/redis.sock" }

    /// - Parameter accessList: a file of Redis users, each with its name and `-paper` for a password.
    init(accessList: String? = nil) throws {
        self.accessList = accessList
        scratch = try ScratchDirectory()
        let server = [
            "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly",
            "no", "--dir", folder,
        ]
        try start("/usr/bin/env", server + (accessList.map { ["--aclfile", $0] } ?? []))
        try #require(wait { redis("PING") == "PONG" }, "no Redis")
    }

    deinit {
        for program in programs { ProcessStage.end(program) }
    }

    /// Ends a program at once, and waits until it has ended.
    static func end(_ program: Process) {
        if program.isRunning { kill(program.processIdentifier, SIGKILL) }
        program.waitUntilExit()
    }

    // MARK: programs

    /// Starts a program; a name without a folder is one of ours.
    @discardableResult
    func start(
        _ path: String, _ arguments: [String] = [], _ variables: [String: String] = [:],
        output: Any? = FileHandle.nullDevice
    ) throws -> Process {
        let program = Process()
        program.executableURL = URL(
            fileURLWithPath: path.hasPrefix("/") ? path : "\(ProcessStage.binaries)/\(path)")
        program.arguments = arguments
        let standing = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "PMS_HTTP_PORT": "0",
            "PMS_LOG_FORMAT": "json", "PMS_REDIS_URL": address(of: path),
            "PMS_PAPER_API_KEY": "k", "PMS_PAPER_API_SECRET": "s",
        ]
        program.environment = standing.merging(variables) { _, new in new }
        let log = "\(folder)/log-\(programs.count)"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        program.standardInput = FileHandle.nullDevice
        program.standardOutput = output
        program.standardError = FileHandle(forWritingAtPath: log)
        try program.run()
        programs.append(program)
        return program
    }

    /// Redis, as a program reaches it.
    private func address(of program: String) -> String {
        accessList == nil ? "unix://\(socket)" : "unix://\(program):\(program)-paper@\(socket)"
    }

    /// What all programs have written to their logs.
    var logs: [String] { programs.map(log(of:)) }

    /// What a program of this stage has written to its log.
    func log(of program: Process) -> String {
        let number = programs.firstIndex { $0 === program } ?? 0
        return (try? String(contentsOfFile: "\(folder)/log-\(number)", encoding: .utf8)) ?? ""
    }

    /// Starts a paper exchange with its accounts in a file.
    /// - Parameter port: where it listened before; without one it takes a free port.
    /// - Returns: the program and its port.
    func startExchange(
        _ arguments: [String] = [], port: Int = 0
    ) throws -> (program: Process, port: Int) {
        let data = "\(folder)/accounts"
        try FileManager.default.createDirectory(
            atPath: data, withIntermediateDirectories: true)
        let program = try start(
            "paper-exchange", arguments,
            ["PMS_PAPER_PORT": "\(port)", "PMS_PAPER_DATA": data])
        var found: Int?
        _ = wait {
            found = ProcessStage.port(in: log(of: program))
            return found != nil || !program.isRunning
        }
        return (program, try #require(found, "\(log(of: program).suffix(500))"))
    }

    private static func port(in log: String) -> Int? {
        for line in log.split(separator: "\n") where line.contains("\"listening\"") {
            let entry = try? JSONValue.parse(Array(line.utf8).rawSpan)
            if let port = entry?["port"]?.integer { return Int(port) }
        }
        return nil
    }

    // MARK: Redis

    /// One command's answer.
    func redis(_ arguments: String...) -> String { redis(as: "pms", arguments) }

    /// One command's answer to a user of the access list; commands in a file are given by `lines`.
    func redis(as user: String, _ arguments: [String], lines: String? = nil) -> String {
        let client = Process()
        client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let login = accessList == nil ? [] : ["--user", user, "--pass", "\(user)-paper"]
        client.arguments =
            ["timeout", "20", "redis-cli", "-s", socket] + login + arguments
        client.standardInput = lines.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
        let output = Pipe()
        client.standardOutput = output
        client.standardError = FileHandle.nullDevice
        guard (try? client.run()) != nil else { return "" }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        client.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
    }

    /// Listens to a channel from now on.
    func listen(to channel: String) throws -> ChannelReader {
        let output = Pipe()
        let client = try start(
            "/usr/bin/env", ["redis-cli", "-s", socket, "SUBSCRIBE", channel], output: output)
        let reader = ChannelReader(output, client)
        try #require(reader.isSubscribed(until: Date(timeIntervalSinceNow: Waiting.patience)))
        return reader
    }

    /// Asks for a symbol's price, and where wanted for its book, for as long as the test runs.
    func watch(_ venue: String, _ symbol: String, isDeep: Bool = false) {
        let until = Int64(Date().timeIntervalSince1970 * 1000) + 600_000
        for key in isDeep ? ["demand", "demand:depth"] : ["demand"] {
            _ = redis("ZADD", "pms:{\(venue)}:\(key)", "\(until)", symbol)
        }
        _ = redis("PUBLISH", "pms:{\(venue)}:demand", "x")
    }

    /// Asks again and again until it is so; false where patience ends before.
    func wait(seconds: Double = Waiting.patience, _ isSo: () -> Bool) -> Bool {
        Waiting.wait(seconds: seconds, isSo)
    }
}

/// Messages of one channel, as redis-cli prints them.
final class ChannelReader {
    private let output: Pipe
    private let client: Process
    private var bytes: [UInt8] = []

    fileprivate init(_ output: Pipe, _ client: Process) {
        self.output = output
        self.client = client
    }

    fileprivate func isSubscribed(until end: Date) -> Bool {
        while let line = line(until: end) {
            if line == "1" { return true }
        }
        return false
    }

    /// The next message; nil where none comes in time.
    func message(until end: Date) -> String? {
        while let line = line(until: end) {
            if line.hasPrefix("{") { return line }
        }
        return nil
    }

    private func line(until end: Date) -> String? {
        while true {
            if let stop = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes.removeFirst(stop + 1) }
                return String(decoding: bytes[..<stop], as: UTF8.self)
            }
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return nil }
            let file = output.fileHandleForReading
            var asked = pollfd(fd: file.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&asked, 1, Int32(left * 1_000)) == 1 else { return nil }
            let more = file.availableData
            if more.isEmpty { return nil }
            bytes += more
        }
    }
}

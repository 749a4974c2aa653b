import Foundation
import Testing

/// Real price-feeds on a real Redis and the paper exchange.
@Suite("price-feed, real processes", .serialized)
struct FeedTests {
    /// Programs started by one test; ended with it.
    private final class Stage {
        private static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().path
        let folder: String
        let port: Int
        private var programs: [Process] = []
        private var lines: [String: Pipe] = [:]

        init() throws {
            let url = FileManager.default.temporaryDirectory
                .appendingPathComponent("pms-feed-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            folder = url.path
            port = FreePort.take()
            try start(
                "/usr/bin/env",
                [
                    "redis-server", "--port", "0", "--unixsocket", "\(folder)/redis.sock", "--save",
                    "", "--appendonly", "no", "--dir", folder,
                ])
            while redis("PING") != "PONG" {}
        }

        deinit {
            for program in programs where program.isRunning {
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
                fileURLWithPath: path.hasPrefix("/") ? path : "\(Stage.binaries)/\(path)")
            program.arguments = arguments
            var variables = [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "PMS_HTTP_PORT": "0",
                "PMS_PAPER_PORT": "\(port)", "PMS_LOG_FORMAT": "text",
                "PMS_REDIS_URL": "unix://\(folder)/redis.sock", "PMS_PAPER_API_KEY": "k",
                "PMS_PAPER_API_SECRET": "s",
            ]
            variables.merge(more) { _, new in new }
            program.environment = variables
            _ = FileManager.default.createFile(atPath: "\(folder)/log-\(programs.count)", contents: nil)
            program.standardOutput = FileHandle.nullDevice
            program.standardError = FileHandle(forWritingAtPath: "\(folder)/log-\(programs.count)")
            try program.run()
            programs.append(program)
            return program
        }

        /// One command's answer.
        func redis(_ arguments: String...) -> String {
            let client = Process()
            client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            client.arguments = ["redis-cli", "-s", "\(folder)/redis.sock"] + arguments
            let output = Pipe()
            client.standardOutput = output
            client.standardError = FileHandle.nullDevice
            guard (try? client.run()) != nil else { return "" }
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            client.waitUntilExit()
            return String(decoding: bytes, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// Asks again and again until it is so; false after the time given.
        func wait(seconds: Double, _ isSo: () -> Bool) -> Bool {
            Waiting.wait(seconds: seconds, isSo)
        }

        /// A few of the symbols: each look at one costs a process of redis-cli.
        func symbols() -> [String] {
            Array(
                redis("SMEMBERS", "pms:{usdm}:instruments").split(separator: "\n").map(String.init)
                    .sorted().prefix(6))
        }

        /// Who wrote a symbol's price last, and when (epoch milliseconds).
        func writer(_ symbol: String) -> (name: String, at: Int64) {
            let answer = redis("HMGET", "pms:{usdm}:price:\(symbol)", "writer", "at_ms")
                .split(separator: "\n")
            guard answer.count == 2 else { return ("", 0) }
            return (String(answer[0]), Int64(answer[1]) ?? 0)
        }
    }

    private func watch(_ stage: Stage, _ key: String = "demand") {
        let until = Int64(Date().timeIntervalSince1970 * 1000) + 600_000
        for symbol in stage.symbols() {
            _ = stage.redis("ZADD", "pms:{usdm}:\(key)", "\(until)", symbol)
        }
        _ = stage.redis("PUBLISH", "pms:{usdm}:demand", "x")
    }

    @Test("two feeds share the symbols; one is killed with kill -9, the other has all within 5 s (T5)")
    func takeover() throws {
        let stage = try Stage()
        try stage.start("paper-exchange")
        let feeds = ["one", "two"]
        let first = try stage.start("price-feed", [], ["PMS_INSTANCE": "one"])
        try stage.start("price-feed", [], ["PMS_INSTANCE": "two"])
        #expect(stage.wait(seconds: 20) { stage.symbols().count > 1 })
        let members = "pms:{usdm}:members:price-feed"
        #expect(stage.wait(seconds: 10) { stage.redis("ZCARD", members) == "2" })
        watch(stage)
        let symbols = stage.symbols()
        #expect(
            stage.wait(seconds: 10) {
                symbols.allSatisfy { !stage.writer($0).name.isEmpty }
                    && Set(symbols.map { stage.writer($0).name }).count == min(2, symbols.count)
            })
        #expect(symbols.allSatisfy { name in
            feeds.contains { stage.writer(name).name == "price-feed:\($0)" }
        })
        kill(first.processIdentifier, SIGKILL)
        #expect(
            stage.wait(seconds: 5) {
                symbols.allSatisfy { stage.writer($0).name == "price-feed:two" }
            })
    }

    @Test("a watched book stands in its key with twenty levels, and leaves when the feed is gone")
    func depth() throws {
        let stage = try Stage()
        try stage.start("paper-exchange")
        let feed = try stage.start("price-feed", [], ["PMS_INSTANCE": "one"])
        #expect(stage.wait(seconds: 20) { stage.symbols().count > 1 })
        watch(stage, "demand:depth")
        let key = "pms:{usdm}:depth:\(try #require(stage.symbols().first))"
        #expect(stage.wait(seconds: 10) { stage.redis("GET", key).contains("\"b\":[[\"") })
        #expect(stage.wait(seconds: 5) { stage.redis("HGET", "pms:{usdm}:budget:weight-60s", "spent") != "" })
        let first = stage.redis("GET", key)
        #expect(stage.wait(seconds: 5) { stage.redis("GET", key) != first })
        kill(feed.processIdentifier, SIGKILL)
        #expect(stage.wait(seconds: 15) { stage.redis("EXISTS", key) == "0" })
    }
}

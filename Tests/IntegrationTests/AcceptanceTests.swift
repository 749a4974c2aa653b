import Foundation
import Testing

/// Client libraries from PyPI, unmodified, against the real process (see Tests/Acceptance).
@Suite("Software written elsewhere accepts the paper exchange", .serialized)
struct AcceptanceTests {
    private static let runner = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Acceptance/run").path
    private static let python: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":").map { "\($0)/python3" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Runs the runner, which ends by itself; its exit code and what it printed.
    private func run(_ arguments: [String]) throws -> (status: Int32, told: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = ["-B", Self.runner] + arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }

    @Test(
        "ccxt, python-binance and binance-futures-connector trade on it, each as its users get it",
        .enabled(if: python != nil, "there is no python3"))
    func clients() throws {
        let program = "\(ProcessStage.binaries)/paper-exchange"
        let (status, told) = try run(["--exchange", program, "--seconds", "1200"])
        let lines = told.split(separator: "\n")
        if let skipped = lines.first(where: { $0.hasPrefix("skipped:") }) {
            try Test.cancel("\(skipped)")
        }
        for line in lines where line.hasPrefix("FAILED") { Issue.record("\(line)") }
        #expect(status == 0, "\(lines.suffix(20).joined(separator: "\n"))")
        // Without checks nothing would have been proved.
        #expect(lines.count { $0.hasPrefix("ok") } > 150)
    }

    @Test(
        "a command line that is wrong is refused with the reason",
        .enabled(if: python != nil, "there is no python3"))
    func usage() throws {
        #expect(try run([]).status == 2)
        let (status, told) = try run(["--exchange", "/bin/true", "--only", "nobody"])
        #expect(status == 2)
        #expect(told.contains("nobody"))
    }

    @Test(
        "a client whose exchange does not start, or that has no time left, has failed",
        .enabled(if: python != nil, "there is no python3"))
    func failures() throws {
        let (status, told) = try run(["--exchange", "/bin/false", "--only", "ccxt-mexc"])
        if told.hasPrefix("skipped:") { try Test.cancel("\(told)") }
        #expect(status == 1)
        #expect(told.contains("the exchange did not start"))
        let late = try run(
            ["--exchange", "/bin/false", "--only", "ccxt-mexc", "--seconds", "0"])
        #expect(late.status == 1)
        #expect(late.told.contains("no time was left"))
    }
}

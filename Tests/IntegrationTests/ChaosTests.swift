import Bytes
import Foundation
import Testing

/// The real processes under real faults; the driver audits against the exchange's own lists.
@Suite("The stack under kill -9, freezes and Redis failures", .serialized)
struct ChaosTests {
    /// The folder of the test binary, where the executables are built too.
    private static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().path

    private func run(_ arguments: [String]) throws -> (status: Int32, report: JSONValue) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Self.binaries)/pms-chaos")
        process.arguments = arguments + ["--json"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return (process.terminationStatus, try JSONValue.parse(bytes.rawSpan))
    }

    @discardableResult
    private func check(_ arguments: [String], faults: [String: Int64]) throws -> JSONValue {
        let (status, report) = try run(arguments)
        let violations = report["violations"]?.elements?.compactMap(\.text) ?? ["no report"]
        #expect(violations.isEmpty)
        #expect(status == 0)
        for (fault, count) in faults { #expect(report["faults"]?[fault]?.integer == count) }
        // Without trades nothing would have been proved.
        #expect((report["trades"]?.integer ?? 0) > 20)
        #expect((report["answers"]?["ok"]?.integer ?? 0) > 20)
        #expect((report["algos"]?.integer ?? 0) >= 4, "of each kind one")
        return report
    }

    @Test("risk-engine and position-sync away for long: new risk is refused within 10 s, closes pass, no snapshot outlives 30 s, and the books come right (B5d, R6)")
    func away() throws {
        let faults = ["down-risk-engine", "down-position-sync"]
        let report = try check(
            [
                "--seed", "8", "--rate", "8", "--every", "14", "--each", "1", "--faults",
                faults.joined(separator: ","),
            ], faults: Dictionary(uniqueKeysWithValues: faults.map { ($0, 1) }))
        // Three accounts, asked twice.
        #expect((report["refused_for_risk"]?.integer ?? 0) > 3)
    }

    @Test("each process killed five times while orders flow: nothing lost, nothing twice (S2, S4, F1, F5, R2, P6)")
    func kills() throws {
        let processes = [
            "kill-price-feed", "kill-order-gateway", "kill-risk-engine", "kill-position-sync",
            "kill-paper-exchange",
        ]
        try check(
            [
                "--seed", "5", "--rate", "8", "--every", "3", "--each", "5", "--faults",
                processes.joined(separator: ","),
            ], faults: Dictionary(uniqueKeysWithValues: processes.map { ($0, 5) }))
    }

    @Test("Redis killed, alone and with order-gateway, and frozen; order-gateway frozen past its lease (P1, P2, P3, S3)")
    func redis() throws {
        try check(
            [
                "--seed", "6", "--rate", "8", "--every", "8", "--each", "2", "--faults",
                "kill-redis,kill-redis-and-order-gateway,freeze-redis,freeze-order-gateway",
            ],
            faults: [
                "kill-redis": 2, "kill-redis-and-order-gateway": 2, "freeze-redis": 2,
                "freeze-order-gateway": 2,
            ])
    }

    @Test("the exchange itself at fault: cut, silent, lossy, refusing; orders, amends and closes (S1, S2, C2, F1, F9, T1, T2)")
    func exchangeFaults() throws {
        let faults = [
            "cut-sockets", "lose-requests", "lose-answers", "unavailable", "too-many-requests",
            "drop-events", "scramble-events", "freeze-streams", "expire-listen-keys",
        ]
        try check(
            [
                "--seed", "7", "--rate", "8", "--every", "3", "--each", "1", "--faults",
                faults.joined(separator: ","),
            ], faults: Dictionary(uniqueKeysWithValues: faults.map { ($0, 1) }))
    }

    @Test("a command line that is wrong is refused with the reason", arguments: ["--rate", "--faults"])
    func usage(option: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Self.binaries)/pms-chaos")
        process.arguments = [option, "nonsense"]
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 2)
        #expect(text.contains("nonsense"))
    }
}

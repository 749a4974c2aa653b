import Bytes
import Foundation
import Glibc
import Testing

/// A real paper-exchange of its own, on free ports.
final class PaperProcess {
    /// The folder of the test binary, where the executables are built too.
    private static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().path

    private let process = Process()
    private let errors = Pipe()
    private(set) var port: UInt16 = 0
    private(set) var adminPort: UInt16 = 0
    /// All it has logged up to where it listened, or ended.
    private(set) var log = ""

    /// Starts it and waits until it listens, or has ended.
    init(
        _ directory: String?, arguments: [String] = [], variables: [String: String] = [:],
        fileBlocks: Int? = nil
    ) throws {
        let path = "\(Self.binaries)/paper-exchange"
        if let fileBlocks {
            // The file size limit stands for a full disk.
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "ulimit -f \(fileBlocks); exec \"$0\" \"$@\"", path]
        } else {
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = []
        }
        process.arguments? += arguments
        var environment = [
            "PMS_PAPER_PORT": "0", "PMS_HTTP_PORT": "0", "PMS_LOG_FORMAT": "json",
            "PMS_PAPER_API_KEY": "trade-key", "PMS_PAPER_API_SECRET": "trade-secret",
            "PMS_PAPER_ORDER_LIMIT_10S": "1000000", "PMS_PAPER_ORDER_LIMIT_1M": "1000000",
            "PMS_PAPER_WEIGHT_LIMIT_1M": "10000000",
        ]
        if let directory { environment["PMS_PAPER_DATA"] = directory }
        process.environment = environment.merging(variables) { $1 }
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var line: [UInt8] = []
        let file = errors.fileHandleForReading.fileDescriptor
        var byte: UInt8 = 0
        while unsafe read(file, &byte, 1) == 1 {
            if byte != UInt8(ascii: "\n") {
                line.append(byte)
                continue
            }
            log += String(decoding: line, as: UTF8.self) + "\n"
            let value = try? JSONValue.parse(line)
            line = []
            guard value?["event"]?.text == "listening" else { continue }
            port = UInt16(value?["port"]?.integer ?? 0)
            adminPort = UInt16(value?["admin_port"]?.integer ?? 0)
            break
        }
        // What it logs from here on is not read: the pipe must not fill up.
        errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    deinit { kill() }

    /// Kills it as nothing can be caught, at once.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The exit code once it has ended.
    func exitCode() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    func stop() -> Int32 {
        process.terminate()
        return exitCode()
    }
}

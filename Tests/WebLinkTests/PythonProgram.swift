import Foundation
import Glibc

/// A running Python program; ended with the object.
final class PythonProgram {
    /// The interpreter; nil where there is none.
    static let path: String? = find("python3")

    private let process = Process()
    private let pipe = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: Self.path ?? "")
        process.arguments = ["-u"] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// A child may have inherited that gentler signals are blocked.
    deinit { kill(process.processIdentifier, SIGKILL) }

    /// The first number in what the program prints first.
    func readPort() -> UInt16? {
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }.first
    }

    /// All it prints until it ends.
    func readToEnd() -> String {
        String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    static func find(_ name: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/"].map { $0 + name }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}

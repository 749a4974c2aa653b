import Bounded
import Bytes
import Foundation
import Testing

/// A fresh directory that goes with its owner.
final class ScratchDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/pms-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw POSIXError(.EIO) }
        path = unsafe String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("Digests agree with openssl")
struct DigestTests {
    private func openssl(_ arguments: [String]) throws -> [String: String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl failed")
        var digests: [String: String] = [:]
        for line in text.split(separator: "\n") {
            // SHA2-256(/path/to/7)= <hex>, or HMAC-SHA2-256(/path/to/7)= <hex>
            guard let open = line.firstIndex(of: "("), let close = line.firstIndex(of: ")") else {
                continue
            }
            let file = line[line.index(after: open)..<close]
            digests[String(file)] = line.split(separator: " ").last.map(String.init)
        }
        return digests
    }

    @Test(
        "SHA-256 and HMAC-SHA-256 of 1,000 random inputs",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func randomInputs() throws {
        var random = SplitMix64(seed: UInt64(Date().timeIntervalSince1970 * 1_000))
        let directory = try ScratchDirectory()
        for round in 0..<10 {
            let keyLength = Int.random(in: 1...200, using: &random)
            let key = (0..<keyLength).map { _ in UInt8.random(in: 0...255, using: &random) }
            var inputs: [String: [UInt8]] = [:]
            for index in 0..<100 {
                let length = Int.random(in: 0...300, using: &random)
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                let path = "\(directory.path)/\(round)-\(index)"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                inputs[path] = bytes
            }
            let paths = inputs.keys.sorted()
            let plain = try openssl(["dgst", "-sha256"] + paths)
            let keyed = try openssl(
                ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(Hex.text(key))"] + paths)
            let hmac = HMACSHA256(key: key)
            for path in paths {
                let bytes = try #require(inputs[path])
                #expect(plain[path] == Hex.text(SHA256.digest(bytes)))
                #expect(keyed[path] == Hex.text(hmac.signature(of: bytes.rawSpan)))
            }
        }
    }
}

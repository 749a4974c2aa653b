import Glibc

/// Why a file could not be read.
package struct FileProblem: Error, Equatable, Sendable {
    package let reason: String

    package init(reason: String) { self.reason = reason }
}

/// Reading small files whole, at start, before the loop runs.
package enum TextFile {
    /// Largest file read: secrets and /proc files are far smaller.
    private static let limit = 1 << 20

    /// The text of a file; malformed UTF-8 becomes U+FFFD. Blocks.
    package static func read(_ path: String) -> Result<String, FileProblem> {
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return .failure(FileProblem(reason: ErrorText.of(errno))) }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(fd, $0.baseAddress!, $0.count)
            }
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                return .failure(FileProblem(reason: ErrorText.of(errno)))
            }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                return .failure(FileProblem(reason: "larger than 1 MB"))
            }
        }
        return .success(String(decoding: bytes, as: UTF8.self))
    }
}

/// What an error number of the system means.
package enum ErrorText {
    /// The system's words for an `errno` value, in lower case at their start.
    package static func of(_ number: Int32) -> String {
        guard let words = unsafe strerror(number) else { return "error \(number)" }
        let text = unsafe String(cString: words)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

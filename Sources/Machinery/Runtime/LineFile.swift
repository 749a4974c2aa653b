import Glibc

/// Files of lines: found by pattern, read line by line, appended to and kept on the disk. Blocks; for
/// use where nothing waits on the loop, or lines are few.
package enum LineFile {
    /// The files whose path matches a shell pattern, in the order of their names.
    package static func paths(matching pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0, let list = unsafe found.gl_pathv else {
            return []
        }
        return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
            unsafe list[index].map { unsafe String(cString: $0) }
        }
    }

    /// Gives every whole line to `body`, without its end; false from `body` ends it.
    /// - Returns: where the last whole line ends, in bytes; what follows it is torn.
    package static func forEachLine(
        _ path: String, _ body: ([UInt8]) -> Bool
    ) -> Result<Int, FileProblem> {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .failure(FileProblem(reason: ErrorText.of(errno))) }
        defer { close(file) }
        var whole = 0
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress!, $0.count)
            }
            if count == 0 { return .success(whole) }
            guard count > 0 else {
                if errno == EINTR { continue }
                return .failure(FileProblem(reason: ErrorText.of(errno)))
            }
            var rest = chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line.append(contentsOf: rest[rest.startIndex..<end])
                rest = rest[(end + 1)...]
                whole += line.count + 1
                if !body(line) { return .success(whole) }
                line.removeAll(keepingCapacity: true)
            }
            line.append(contentsOf: rest)
        }
    }
}

/// A file that only grows, held by one process at a time.
package final class AppendFile {
    package let path: String
    private let descriptor: Int32
    package private(set) var size: Int

    /// Opens a file for appending, making it where it is not there; what is behind `whole` bytes is
    /// cut off, where that is given. Throws where it cannot be opened or another process holds it.
    package init(_ path: String, whole: Int? = nil) throws(FileProblem) {
        self.path = path
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem(reason: ErrorText.of(errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw FileProblem(reason: "another process writes it")
        }
        if let whole, ftruncate(descriptor, whole) != 0 {
            let reason = ErrorText.of(errno)
            close(descriptor)
            throw FileProblem(reason: reason)
        }
        size = Int(lseek(descriptor, 0, SEEK_END))
    }

    deinit { close(descriptor) }

    /// Writes all bytes and has them on the disk when it returns.
    package func append(_ bytes: [UInt8]) throws(FileProblem) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileProblem(reason: ErrorText.of(errno)) }
            written += count
        }
        size += written
        guard fdatasync(descriptor) == 0 else {
            throw FileProblem(reason: ErrorText.of(errno))
        }
    }
}

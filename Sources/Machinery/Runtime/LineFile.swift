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
        do throws(FileProblem) {
            let reader = try LineReader(path)
            var isEnd = false
            while !isEnd { isEnd = try reader.read(atMost: 1 << 20, body) }
            return .success(reader.whole)
        } catch {
            return .failure(error)
        }
    }
}

/// A file read line by line, as much at a time as the reader wants.
package final class LineReader {
    private let descriptor: Int32
    private var line: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    /// Where the last whole line read ends, in bytes; what follows the last of a file is torn.
    package private(set) var whole = 0

    /// Throws where the file cannot be opened.
    package init(_ path: String) throws(FileProblem) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem(reason: ErrorText.of(errno)) }
    }

    deinit { close(descriptor) }

    /// Gives every whole line to `body`, without its end, until about so many bytes are read.
    /// - Returns: true where the file has ended, or `body` gave false.
    package func read(
        atMost limit: Int, _ body: ([UInt8]) -> Bool
    ) throws(FileProblem) -> Bool {
        var taken = 0
        while taken < limit {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress!, $0.count)
            }
            if count == 0 { return true }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw FileProblem(reason: ErrorText.of(errno))
            }
            taken += count
            var rest = chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line.append(contentsOf: rest[rest.startIndex..<end])
                rest = rest[(end + 1)...]
                whole += line.count + 1
                if !body(line) { return true }
                line.removeAll(keepingCapacity: true)
            }
            line.append(contentsOf: rest)
        }
        return false
    }
}

/// Folders.
package enum Folder {
    /// Makes a folder, and those above it, where they are not there.
    package static func make(_ path: String) throws(FileProblem) {
        var above = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            above += "/\(part)"
            if unsafe mkdir(above, 0o700) != 0, errno != EEXIST {
                throw FileProblem(reason: "\(above): \(ErrorText.of(errno))")
            }
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

    /// Takes away what is behind so many bytes.
    package func cut(to whole: Int) throws(FileProblem) {
        guard ftruncate(descriptor, whole) == 0 else {
            throw FileProblem(reason: ErrorText.of(errno))
        }
        size = whole
    }

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

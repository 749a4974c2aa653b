package import ExchangeDoor
internal import Glibc

/// Why the journal cannot be kept.
package struct JournalFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ what: String, path: String, _ number: Int32) {
        description = unsafe "\(what): \(path): \(String(cString: strerror(number)))"
    }

    init(_ text: String) { description = text }
}

/// The journal's file: read whole at start, appended to, and replaced by a snapshot when it has grown.
///
/// A line is handed to the kernel before `append` returns, so it outlives the process however that
/// ends; the snapshot is on the disk before it takes the file's place. One process at a time.
package final class JournalFile {
    /// A file is replaced when it is this many bytes and more than twice its snapshot: at some 600
    /// bytes a second of a quiet market, every two hours; reading it takes a fraction of a second.
    private static let compactionBytes = 4 << 20

    package let path: String
    private let directory: String
    private var descriptor: Int32 = -1
    private var lock: Int32 = -1
    /// The file of the time when there was one exchange, where it is read in place of ours; its
    /// snapshots have no end of their own.
    private var old: String?
    /// The file that is read at a start.
    package var source: String { old ?? path }
    private var size = 0
    private var snapshotSize = 0

    /// Takes hold of a directory, which is made where it is not there.
    ///
    /// - Parameters:
    ///   - name: the exchange's name; the file is `<name>.journal`.
    ///   - isFresh: sets the file that is there aside, as `<name>.journal.<number>`.
    package init(
        directory: String, name: String, isFresh: Bool = false
    ) throws(JournalFileError) {
        self.directory = directory
        path = directory + "/\(name).journal"
        if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw JournalFileError("cannot make the directory", path: directory, errno)
        }
        let lockPath = directory + "/\(name).lock"
        lock = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw JournalFileError("cannot open", path: lockPath, errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw JournalFileError(
                "in use by another paper exchange: \(directory); "
                    + "stop it, or set PMS_PAPER_DATA to another directory")
        }
        // A file that grows past a limit must be an error, not the process's end.
        _ = signal(SIGXFSZ, SIG_IGN)
        if isFresh { try setAside(path) }
        let old = directory + "/account.journal"
        if name == "futures", unsafe access(path, F_OK) != 0, unsafe access(old, F_OK) == 0 {
            if isFresh { try setAside(old) } else { self.old = old }
        }
    }

    /// Renames a file to a name that is free.
    private func setAside(_ path: String) throws(JournalFileError) {
        var number = 1
        while unsafe access("\(path).\(number)", F_OK) == 0 { number += 1 }
        guard unsafe rename(path, "\(path).\(number)") == 0 || errno == ENOENT else {
            throw JournalFileError("cannot set aside", path: path, errno)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if lock >= 0 { close(lock) }
    }

    /// Brings an exchange back to where the file says it was; returns the bytes of a torn last line.
    ///
    /// - Throws: where the file cannot be read, or is damaged anywhere but at its end.
    package func restore(_ exchange: any Exchange) throws(JournalFileError) -> Int {
        var replay = JournalReplay(exchange)
        let path = source
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return 0 }
        guard file >= 0 else { throw JournalFileError("cannot open", path: path, errno) }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        do throws(JournalProblem) {
            while true {
                let count = unsafe chunk.withUnsafeMutableBytes {
                    unsafe Glibc.read(file, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw JournalProblem(
                        line: 0, reason: unsafe String(cString: strerror(errno)))
                }
                if count == 0 { break }
                try replay.take(Array(chunk[..<count]))
            }
            _ = try replay.finish()
            if !replay.hasWholeSnapshot, old == nil {
                throw JournalProblem(line: 0, reason: "the file ends inside its snapshot")
            }
        } catch {
            throw JournalFileError(
                "\(path): \(error); put a copy of the file back, or begin anew with --fresh, "
                    + "which keeps it aside")
        }
        return replay.tornBytes
    }

    /// Puts a snapshot of the exchange in the file's place; appending goes on behind it.
    package func replace(with exchange: any Exchange) throws(JournalFileError) {
        let newPath = path + ".new"
        let file = unsafe open(newPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw JournalFileError("cannot open", path: newPath, errno) }
        var written = 0
        do throws(JournalFileError) {
            try exchange.startJournal { (piece: [UInt8]) throws(JournalFileError) in
                try write(piece, to: file, newPath)
                written += piece.count
            }
            try write(JournalLines.snapshotEnd, to: file, newPath)
            written += JournalLines.snapshotEnd.count
            guard fsync(file) == 0 else {
                throw JournalFileError("cannot save", path: newPath, errno)
            }
            guard unsafe rename(newPath, path) == 0 else {
                throw JournalFileError("cannot rename", path: newPath, errno)
            }
        } catch {
            close(file)
            throw error
        }
        if descriptor >= 0 { close(descriptor) }
        descriptor = file
        size = written
        snapshotSize = written
        saveDirectory()
        guard let old else { return }
        self.old = nil
        try setAside(old)
    }

    private func saveDirectory() {
        let folder = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        _ = fsync(folder)
        close(folder)
    }

    /// Appends whole lines. After an error the file's end is unknown: the process must end.
    package func append(_ lines: [UInt8]) throws(JournalFileError) {
        try write(lines, to: descriptor, path)
        size += lines.count
    }

    /// Whether a snapshot would make the file much smaller.
    package var wantsCompaction: Bool {
        size > JournalFile.compactionBytes && size > 2 * snapshotSize
    }

    private func write(
        _ bytes: [UInt8], to file: Int32, _ name: String
    ) throws(JournalFileError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress! + offset, $0.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw JournalFileError("cannot write", path: name, errno)
            }
            offset += count
        }
    }
}

internal import CLinux
package import ExchangeMarkets
internal import Glibc
package import Trading

/// Why a recording's file cannot be replayed.
package struct ReplayFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Reads a recording from a file, plain or gzipped; gzip is the system's program.
package enum ReplayFile {
    /// A recording is held in memory, 300 bytes a frame: an hour of a busy symbol is 300 MB.
    private static let largest = 1 << 30

    /// - Throws: where the file cannot be read or unpacked, or holds no recording.
    package static func read(
        _ path: String, symbol: Symbol? = nil
    ) throws(ReplayFileError) -> ReplayFeed {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw problem("cannot open", path, errno) }
        var bytes: [UInt8]
        do throws(ReplayFileError) {
            bytes = try contents(file, path)
        } catch {
            close(file)
            throw error
        }
        close(file)
        if bytes.starts(with: [0x1F, 0x8B]) { bytes = try unpacked(path) }
        do {
            return try ReplayFeed(bytes, symbol: symbol)
        } catch {
            throw ReplayFileError(description: "\(path): \(error)")
        }
    }

    private static func problem(_ what: String, _ path: String, _ code: Int32) -> ReplayFileError {
        ReplayFileError(description: unsafe "\(what): \(path): \(String(cString: strerror(code)))")
    }

    private static func contents(
        _ file: Int32, _ path: String
    ) throws(ReplayFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem("cannot read", path, errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= largest else {
                throw ReplayFileError(
                    description: "\(path): more than \(largest) bytes: cut the recording")
            }
        }
    }

    /// What `gzip -dc` makes of the file.
    private static func unpacked(_ path: String) throws(ReplayFileError) -> [UInt8] {
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard unsafe pms_pipe(&reading, &writing) == 0 else { throw problem("no pipe", path, errno) }
        // This one is read until its end, before anything else is done.
        _ = fcntl(reading, F_SETFL, 0)
        let (pid, code) = start(["gzip", "-dc", "--", path], output: writing)
        close(writing)
        defer { close(reading) }
        guard code == 0 else { throw problem("cannot start gzip for", path, code) }
        let bytes: [UInt8]
        do throws(ReplayFileError) {
            bytes = try contents(reading, path)
        } catch {
            kill(pid, SIGKILL)
            _ = ended(pid)
            throw error
        }
        guard ended(pid) == 0 else {
            throw ReplayFileError(description: "\(path): gzip cannot unpack it")
        }
        return bytes
    }

    private static func start(
        _ arguments: [String], output: Int32
    ) -> (pid: Int32, code: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var pid: Int32 = 0
        let code = unsafe posix_spawnp(&pid, words[0]!, &actions, nil, &words, environ)
        for unsafe word in unsafe words { unsafe free(word) }
        unsafe posix_spawn_file_actions_destroy(&actions)
        return (pid, code)
    }

    private static func ended(_ pid: Int32) -> Int32 {
        var status: Int32 = -1
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

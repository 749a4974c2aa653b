import Glibc

/// Standard output and standard error, written whole; for programs that talk to people and pipes.
package struct StandardStream: Sendable {
    package let descriptor: Int32

    package static let output = StandardStream(descriptor: STDOUT_FILENO)
    package static let error = StandardStream(descriptor: STDERR_FILENO)

    /// Whether a person reads it.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Writes all of the text, waiting for a slow reader; false where the reader is gone.
    @discardableResult
    package func write(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let written = unsafe bytes[offset...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count)
            }
            if written > 0 {
                offset += written
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&entry, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

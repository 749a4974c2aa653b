internal import CLinux
internal import Glibc

/// Bytes on their way to one client.
struct Outgoing {
    enum Progress {
        case emptied
        case waiting
        case failed(Int32)
    }

    /// Memory kept while nothing waits.
    private static let keptBytes = 65_536

    /// Where writers append.
    var bytes: [UInt8] = []
    private var sent = 0

    /// Bytes the socket has not taken yet.
    var count: Int { bytes.count - sent }

    /// Gives the socket what it takes.
    mutating func flush(to fd: Int32) -> Progress {
        while sent < bytes.count {
            let taken = unsafe bytes.withUnsafeBytes {
                unsafe send(
                    fd, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if taken > 0 {
                sent += taken
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                compact()
                return .waiting
            } else {
                return .failed(errno)
            }
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        sent = 0
        return .emptied
    }

    /// Forgets what was sent once it is the larger part.
    private mutating func compact() {
        guard sent > Self.keptBytes, sent * 2 > bytes.count else { return }
        bytes.removeSubrange(0..<sent)
        sent = 0
    }
}

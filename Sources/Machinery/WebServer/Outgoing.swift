internal import Glibc

/// Bytes on their way to one client: frames it shares with others, then bytes of its own.
struct Outgoing {
    enum Progress {
        case emptied
        case waiting
        case failed(Int32)
    }

    /// Memory kept while nothing waits.
    private static let keptBytes = 65_536
    /// Frames given to the socket at once.
    private static let piecesAtOnce = 64

    /// Where writers append; it goes out behind all frames that wait.
    var bytes: [UInt8] = []
    private var frames: [SharedFrame] = []
    /// The first frame that is not sent whole.
    private var head = 0
    private var framedBytes = 0
    /// Bytes sent of what is first in line.
    private var sent = 0

    /// Bytes the socket has not taken yet.
    var count: Int { framedBytes + bytes.count - sent }

    /// Puts a frame in line, without copying it.
    mutating func append(_ frame: SharedFrame) {
        if !bytes.isEmpty {
            push(SharedFrame(bytes))
            bytes.removeAll(keepingCapacity: true)
        }
        push(frame)
    }

    private mutating func push(_ frame: SharedFrame) {
        frames.append(frame)
        framedBytes += frame.count
    }

    /// Gives the socket what it takes.
    mutating func flush(to fd: Int32) -> Progress {
        while count > 0 {
            let taken = framedBytes > 0 ? sendFrames(fd) : sendBytes(fd)
            if taken > 0 {
                consume(taken)
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

    private func sendBytes(_ fd: Int32) -> Int {
        unsafe bytes.withUnsafeBytes {
            unsafe send(fd, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
        }
    }

    /// One call for many frames; what follows them waits for the next.
    private func sendFrames(_ fd: Int32) -> Int {
        let pieces = min(frames.count - head, Self.piecesAtOnce)
        return unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces) { vector in
            for index in 0..<pieces {
                let frame = frames[head + index]
                let skipped = index == 0 ? sent : 0
                unsafe vector[index] = unsafe iovec(
                    iov_base: frame.base + skipped, iov_len: frame.count - skipped)
            }
            var message = unsafe msghdr()
            unsafe message.msg_iov = vector.baseAddress
            unsafe message.msg_iovlen = pieces
            return unsafe sendmsg(fd, &message, Int32(MSG_NOSIGNAL))
        }
    }

    private mutating func consume(_ taken: Int) {
        sent += taken
        while head < frames.count, sent >= frames[head].count {
            sent -= frames[head].count
            framedBytes -= frames[head].count
            head += 1
        }
        if head == frames.count, head > 0 {
            frames.removeAll(keepingCapacity: frames.capacity <= 1_024)
            head = 0
        } else if head > 1_024 {
            frames.removeFirst(head)
            head = 0
        }
    }

    /// Forgets what was sent once it is the larger part.
    private mutating func compact() {
        guard framedBytes == 0, sent > Self.keptBytes, sent * 2 > bytes.count else { return }
        bytes.removeSubrange(0..<sent)
        sent = 0
    }
}

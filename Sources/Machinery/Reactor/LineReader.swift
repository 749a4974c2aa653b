import CLinux
import Glibc

/// Reads a pipe and delivers its lines; owns the descriptor and closes it at the end.
@LoopActor final class LineReader: DescriptorHandler {
    private static let lineLimit = 65_536
    private let loop: EventLoop
    private var registration: Registration?
    private let onLine: @LoopActor (String) -> Void
    private var rest: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    init(loop: EventLoop, fd: Int32, _ onLine: @escaping @LoopActor (String) -> Void) {
        self.loop = loop
        self.onLine = onLine
        registration = loop.register(fd: fd, .readable, self)
    }

    func descriptorReady(_ readiness: Readiness) {
        // A few rounds, then the other descriptors get their turn.
        for _ in 0..<4 {
            guard readOnce() else { return }
        }
    }

    /// Delivers what is in the pipe now, an unfinished line too, and closes it.
    func finish() {
        // Bounded: a grandchild may go on writing.
        for _ in 0..<64 where registration != nil {
            guard readOnce() else { break }
        }
        close()
    }

    /// False when there is nothing to read now, or ever.
    private func readOnce() -> Bool {
        guard let registration else { return false }
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(registration.fd, $0.baseAddress, $0.count)
        }
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return false }
            close()
            return false
        }
        take(count)
        return true
    }

    private func take(_ count: Int) {
        for index in 0..<count {
            let byte = buffer[index]
            if byte == UInt8(ascii: "\n") {
                deliver()
            } else {
                rest.append(byte)
                if rest.count == Self.lineLimit { deliver() }
            }
        }
    }

    private func deliver() {
        let line = String(decoding: rest, as: UTF8.self)
        rest.removeAll(keepingCapacity: true)
        onLine(line)
    }

    private func close() {
        guard let registration else { return }
        self.registration = nil
        loop.deregister(registration)
        Glibc.close(registration.fd)
        if !rest.isEmpty { deliver() }
    }
}

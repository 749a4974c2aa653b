// RawPeers: blocking sockets on loopback for tests, to say exactly the bytes a test wants said.

import Glibc

/// One end of a TCP connection; reads give up after five seconds. Closed with the object.
package final class RawPeer {
    private let fd: Int32
    private var isClosed = false
    /// Bytes read and not handed out.
    private var buffer: [UInt8] = []

    init(descriptor: Int32) {
        fd = descriptor
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    /// Connects to a port of 127.0.0.1; traps when nobody listens. A small receive buffer makes a
    /// peer that does not read fill up quickly.
    package convenience init(port: UInt16, receiveBuffer: Int32? = nil) {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        precondition(fd >= 0, "no socket: errno \(errno)")
        if var size = receiveBuffer {
            unsafe setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        let result = unsafe withLoopback(port) { unsafe connect(fd, $0, $1) }
        precondition(result == 0, "cannot connect to \(port): errno \(errno)")
        self.init(descriptor: fd)
    }

    deinit { close() }

    package func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends all bytes; what a closed peer does not take is dropped.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(fd, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// The bytes up to and with the text, or all there were when the peer stopped before.
    package func read(until text: String) -> String {
        let wanted = Array(text.utf8)
        while true {
            if let end = buffer.end(of: wanted) { return take(end) }
            if !fill() { return take(buffer.count) }
        }
    }

    /// Exactly so many bytes, or fewer when the peer stopped before.
    package func read(count: Int) -> [UInt8] {
        while buffer.count < count, fill() {}
        let bytes = Array(buffer.prefix(count))
        buffer.removeFirst(bytes.count)
        return bytes
    }

    /// All bytes until the peer closes its side.
    package func readToEnd() -> String {
        while fill() {}
        return take(buffer.count)
    }

    /// What to wait for, to know that there is something to read or the peer's end.
    fileprivate var readable: pollfd { pollfd(fd: fd, events: Int16(POLLIN), revents: 0) }

    /// Ends our side; the peer can go on.
    package func finishSending() { shutdown(fd, Int32(SHUT_WR)) }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(fd)
    }

    /// Closes with a reset instead of an orderly end.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    private func fill() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(fd, $0.baseAddress, $0.count, 0)
        }
        if count <= 0 { return false }
        buffer += bytes.prefix(count)
        return true
    }

    private func take(_ count: Int) -> String {
        defer { buffer.removeFirst(count) }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

/// A listening socket on a free port of 127.0.0.1.
package final class RawListener: Sendable {
    private let fd: Int32
    package let port: UInt16

    package init() {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let result = unsafe withLoopback(0) { [fd] in unsafe bind(fd, $0, $1) }
        precondition(fd >= 0 && result == 0 && listen(fd, 16) == 0, "cannot listen")
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(
            fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { [fd] pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(fd, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { Glibc.close(fd) }

    /// The next connection; nil when none comes within five seconds.
    package func accept() -> RawPeer? {
        let client = Glibc.accept(fd, nil, nil)
        return client >= 0 ? RawPeer(descriptor: client) : nil
    }

    /// The first connection over which something comes, among those that come; the silent ones stay
    /// open meanwhile. Nil when there is none for five seconds.
    package func acceptSpeaking() -> RawPeer? {
        var silent: [RawPeer] = []
        while true {
            var waits = [pollfd(fd: fd, events: Int16(POLLIN), revents: 0)] + silent.map(\.readable)
            guard unsafe Glibc.poll(&waits, UInt(waits.count), 5_000) > 0 else { return nil }
            for (wait, peer) in zip(waits.dropFirst(), silent) where wait.revents != 0 {
                return peer
            }
            if let peer = accept() { silent.append(peer) }
        }
    }

    /// Whether a further connection waits now.
    package func hasWaiting() -> Bool {
        var poll = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        return unsafe Glibc.poll(&poll, 1, 0) > 0
    }
}

private func withLoopback(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

extension [UInt8] {
    /// The position behind the first occurrence.
    fileprivate func end(of wanted: [UInt8]) -> Int? {
        guard count >= wanted.count else { return nil }
        for start in 0...(count - wanted.count) where self[start...].starts(with: wanted) {
            return start + wanted.count
        }
        return nil
    }
}

/// Lets the process open this many descriptors, as far as the system allows.
package func allowDescriptors(_ count: UInt) {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = max(limit.rlim_cur, min(count, limit.rlim_max))
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

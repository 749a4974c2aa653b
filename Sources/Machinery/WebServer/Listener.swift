internal import CLinux
internal import Chronology
internal import Glibc
internal import Reactor

/// One listening socket; it owns the descriptor and closes it in `close()`.
@LoopActor final class Listener: DescriptorHandler {
    /// Connections taken in one turn of the loop, so that a flood leaves room for the rest.
    private static let acceptsAtOnce = 64
    /// How long accepting rests when the process has no descriptors left.
    private static let exhaustedPause = Interval.milliseconds(100)

    let port: UInt16
    private unowned let server: WebServer
    private let fd: Int32
    private var registration: Registration?
    private var pause: LoopTimer?

    init(server: WebServer, address: String, port: UInt16) throws(WebServerError) {
        self.server = server
        fd = try Listener.open(address, port)
        self.port = Listener.boundPort(fd)
        registration = server.loop.register(fd: fd, .readable, self)
        pause = server.loop.timer { [weak self] in self?.resume() }
    }

    func close() {
        guard let registration else { return }
        pause?.disarm()
        server.loop.deregister(registration)
        self.registration = nil
        _ = Glibc.close(fd)
    }

    func descriptorReady(_ readiness: Readiness) {
        for _ in 0..<Self.acceptsAtOnce {
            guard registration != nil else { return }
            let client = pms_accept(fd)
            if client >= 0 {
                server.accepted(client)
            } else if errno == EINTR || errno == ECONNABORTED {
                continue
            } else {
                if errno != EAGAIN { rest() }
                return
            }
        }
    }

    /// Out of descriptors or memory: the waiting connection would wake the loop without end.
    private func rest() {
        guard let registration else { return }
        server.loop.update(registration, [])
        pause?.arm(after: Self.exhaustedPause)
    }

    private func resume() {
        if let registration { server.loop.update(registration, .readable) }
    }

    private static func open(_ address: String, _ port: UInt16) throws(WebServerError) -> Int32 {
        func failure(_ reason: String) -> WebServerError {
            let host = address.contains(":") ? "[\(address)]" : address
            return WebServerError(description: "cannot listen on \(host):\(port): \(reason)")
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(address, String(port), &hints, &found)
        guard code == 0, let info = unsafe found else {
            throw failure(unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(info) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let fd = unsafe socket(info.pointee.ai_family, kind, 0)
        guard fd >= 0 else { throw failure(systemMessage(errno)) }
        _ = pms_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        let isBound = unsafe bind(fd, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0
        guard isBound, Glibc.listen(fd, 1_024) == 0 else {
            let error = errno
            _ = Glibc.close(fd)
            throw failure(systemMessage(error))
        }
        return fd
    }

    private static func boundPort(_ fd: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(fd, $0, &length)
            }
        }
        // The port lies at the same place in the addresses of both families.
        return UInt16(bigEndian: address.sin6_port)
    }
}

/// The system's text for an errno value.
func systemMessage(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }

/// The numeric address of a connected socket's other end, without the port; empty where it has none.
func peerAddress(_ fd: Int32) -> String {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
            guard unsafe getpeername(fd, peer, &length) == 0 else { return EAI_FAIL }
            return unsafe name.withUnsafeMutableBufferPointer {
                unsafe getnameinfo(
                    peer, length, $0.baseAddress, socklen_t($0.count), nil, 0, NI_NUMERICHOST)
            }
        }
    }
    guard code == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

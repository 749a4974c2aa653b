import Glibc
import Reactor

/// A server on a free loopback port that answers every burst of bytes with the next fixed answer,
/// the login's first; the answers start over with each connection.
@LoopActor final class ScriptedServer: DescriptorHandler {
    let port: UInt16
    private(set) var connections = 0
    private let listener: Int32
    private let answers: [[UInt8]]
    private var registration: Registration?
    private var peers: [ScriptedPeer] = []

    /// The answer to CLIENT SETNAME and PING.
    static let login = Array("+OK\r\n+PONG\r\n".utf8)

    init(answers: [[UInt8]]) {
        self.answers = answers
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(unsafe bind(listener, $0, length) == 0 && listen(listener, 16) == 0)
                precondition(unsafe getsockname(listener, $0, &length) == 0)
            }
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        registration = EventLoop.process.register(fd: listener, .readable, self)
    }

    func descriptorReady(_ readiness: Readiness) {
        let fd = accept(listener, nil, nil)
        guard fd >= 0 else { return }
        connections += 1
        peers.append(ScriptedPeer(fd: fd, answers: answers))
    }

    func close() {
        if let registration { EventLoop.process.deregister(registration) }
        registration = nil
        Glibc.close(listener)
        for peer in peers { peer.close() }
    }
}

/// One connection of a scripted server.
@LoopActor private final class ScriptedPeer: DescriptorHandler {
    private let fd: Int32
    private var answers: [[UInt8]]
    private var registration: Registration?

    init(fd: Int32, answers: [[UInt8]]) {
        self.fd = fd
        self.answers = answers
        registration = EventLoop.process.register(fd: fd, .readable, self)
    }

    func descriptorReady(_ readiness: Readiness) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        guard unsafe recv(fd, &buffer, buffer.count, 0) > 0 else { return close() }
        guard !answers.isEmpty else { return }
        let answer = answers.removeFirst()
        unsafe send(fd, answer, answer.count, Int32(MSG_NOSIGNAL))
    }

    func close() {
        guard let registration else { return }
        EventLoop.process.deregister(registration)
        self.registration = nil
        Glibc.close(fd)
    }
}

import Foundation

/// TCP ports for what a test starts, so that a program can come back on the one it had.
enum FreePort {
    nonisolated(unsafe) private static var taken: Set<Int> = []
    private static let lock = NSLock()

    /// A port that nobody listens on, that no other test got, and that the system does not give to
    /// connections which go out: one of those could sit on it while its program is away.
    static func take() -> Int {
        lock.withLock {
            for _ in 0..<10_000 {
                let port = range.randomElement() ?? 0
                if unsafe !taken.contains(port), isFree(port) {
                    unsafe taken.insert(port)
                    return port
                }
            }
            fatalError("no free port in \(range)")
        }
    }

    /// The ports beside the system's own range for connections that go out; where that leaves too few,
    /// any but the lowest.
    private static let range: Range<Int> = {
        let path = "/proc/sys/net/ipv4/ip_local_port_range"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        let (low, high) = bounds.count == 2 ? (bounds[0], bounds[1]) : (32_768, 60_999)
        if low >= 12_000 { return 10_000..<low }
        return high <= 63_000 ? high + 1..<65_536 : 10_000..<65_536
    }()

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0
            }
        }
    }
}

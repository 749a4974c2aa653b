import CHiredis
import CLinux
import Glibc

/// Sockets as hiredis opens them, taken out of its context.
enum RedisSocket {
    /// Begins to connect and returns the descriptor, the caller's to close; the connection stands
    /// when it becomes writable without error. Throws at once for a missing or refusing socket.
    static func connect(host: String, port: UInt16) throws(RedisLinkError) -> Int32 {
        try unsafe take(redisConnectNonBlock(host, Int32(port)))
    }

    static func connect(path: String) throws(RedisLinkError) -> Int32 {
        try unsafe take(redisConnectUnixNonBlock(path))
    }

    private static func take(
        _ context: UnsafeMutablePointer<redisContext>?
    ) throws(RedisLinkError) -> Int32 {
        guard let context = unsafe context else {
            throw RedisLinkError(.down, "cannot connect: out of memory")
        }
        guard unsafe context.pointee.err == 0 else {
            let reason = unsafe withUnsafePointer(to: &context.pointee.errstr) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 128) {
                    unsafe String(cString: $0)
                }
            }
            unsafe redisFree(context)
            throw RedisLinkError(.down, "cannot connect: \(reason)")
        }
        let fd = unsafe redisFreeKeepFd(context)
        _ = pms_set_nonblocking(fd)
        return fd
    }

    /// The text of an errno value.
    static func text(of error: Int32) -> String {
        unsafe strerror(error).map { unsafe String(cString: $0) } ?? "errno \(error)"
    }
}

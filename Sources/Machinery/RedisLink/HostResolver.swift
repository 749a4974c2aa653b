import Glibc
import Reactor

/// Looks up a host name on a thread of its own, because getaddrinfo blocks.
enum HostResolver {
    /// Whether the host is an address already, so that connecting to it asks no name server.
    static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        let isFour = unsafe inet_pton(AF_INET, host, &four) == 1
        let isSix = unsafe inet_pton(AF_INET6, host, &six) == 1
        return isFour || isSix
    }

    /// Calls back on the loop with the first address as text, or nil when the name has none.
    static func resolve(
        _ host: String, _ completion: @escaping @Sendable @LoopActor (String?) -> Void
    ) {
        let job = LookUp(host: host, completion: completion)
        var handle = pthread_t()
        let context = unsafe Unmanaged.passRetained(job).toOpaque()
        let result = unsafe pthread_create(
            &handle, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let job = unsafe Unmanaged<LookUp>.fromOpaque(context).takeRetainedValue()
                let address = HostResolver.firstAddress(of: job.host)
                EventLoop.process.post { job.completion(address) }
                return nil
            }, context)
        if result == 0 {
            pthread_detach(handle)
        } else {
            unsafe Unmanaged<LookUp>.fromOpaque(context).release()
            EventLoop.process.post { completion(nil) }
        }
    }

    private static func firstAddress(of host: String) -> String? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else {
            return nil
        }
        defer { unsafe freeaddrinfo(first) }
        var text = [CChar](repeating: 0, count: 64)
        let result = unsafe getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
            NI_NUMERICHOST)
        guard result == 0 else { return nil }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A name on its way to the thread and the closure on its way back.
private final class LookUp: Sendable {
    let host: String
    let completion: @Sendable @LoopActor (String?) -> Void

    init(host: String, completion: @escaping @Sendable @LoopActor (String?) -> Void) {
        self.host = host
        self.completion = completion
    }
}

internal import CCurl
internal import Chronology
internal import Glibc
internal import Reactor

/// What a stream tells the protocol that is spoken over it.
@LoopActor protocol CurlStreamOwner: AnyObject {
    /// The connection stands, or why there is none.
    func streamOpened(_ problem: String?)
    /// There may be bytes to read.
    func streamReadable()
    /// Bytes could not be written.
    func streamBroken(_ code: CURLcode)
}

/// A connection of bytes: curl opens it, with proxy and TLS, and the loop watches its descriptor.
@LoopActor final class CurlStream: CurlTransfer, DescriptorHandler {
    let easy = CurlEasy()
    private let loop: EventLoop
    private let multi: CurlMulti
    private weak var owner: (any CurlStreamOwner)?
    private var registration: Registration?
    private var interest = Interest.readable
    private var isClosed = false
    /// Whether the bytes are the descriptor's own: neither TLS nor a proxy stands between.
    private(set) var isPlain = false
    /// Bytes on their way out; `flush` sends them.
    var outgoing = CurlOutgoing()

    /// - Parameter multi: kept by the owner; a stream's connection is its only one.
    init(loop: EventLoop, multi: CurlMulti, owner: any CurlStreamOwner) {
        self.loop = loop
        self.multi = multi
        self.owner = owner
    }

    /// Opens the connection; `streamOpened` follows, not within this call.
    /// - Parameter isPlain: without TLS.
    func open(_ url: WebURL, isPlain: Bool, authorities: String?, within time: Interval) {
        self.isPlain = isPlain && (url.isLoopback || !CurlStream.hasProxy)
        easy.set(CURLOPT_URL, "\(isPlain ? "http" : "https")://\(url.authority)\(url.target)")
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        if let authorities { easy.set(CURLOPT_CAINFO, authorities) }
        easy.setProxy(allowed: !url.isLoopback)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, time)
        multi.add(self)
    }

    private static let hasProxy = ["http_proxy", "all_proxy", "ALL_PROXY"].contains {
        (name: String) in unsafe getenv(name) != nil
    }

    func transferEnded(_ code: CURLcode) {
        guard !isClosed, registration == nil else { return }
        guard code == CURLE_OK, let fd = easy.socket else {
            owner?.streamOpened(easy.message(for: code))
            return
        }
        registration = loop.register(fd: fd, .readable, self)
        owner?.streamOpened(nil)
    }

    func descriptorReady(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        if !isClosed { owner?.streamReadable() }
    }

    // MARK: bytes

    /// Reads what there is; `AGAIN` where there is nothing, and the count is 0 with `OK` where the
    /// peer has ended.
    func read(into free: inout MutableRawSpan, _ code: inout CURLcode) -> Int {
        isPlain ? readPlain(into: &free, &code) : readByCurl(into: &free, &code)
    }

    private func readByCurl(into free: inout MutableRawSpan, _ code: inout CURLcode) -> Int {
        let handle = unsafe easy.pointer
        var count = 0
        code = unsafe free.withUnsafeMutableBytes {
            unsafe curl_easy_recv(handle, $0.baseAddress, $0.count, &count)
        }
        return code == CURLE_OK ? count : 0
    }

    /// Without TLS the bytes are the descriptor's; asking it saves the way through curl.
    private func readPlain(into free: inout MutableRawSpan, _ code: inout CURLcode) -> Int {
        guard let fd = registration?.fd else { return 0 }
        let count = unsafe free.withUnsafeMutableBytes {
            unsafe recv(fd, $0.baseAddress, $0.count, 0)
        }
        code = CURLE_OK
        if count >= 0 { return count }
        code = errno == EAGAIN || errno == EINTR ? CURLE_AGAIN : CURLE_RECV_ERROR
        return 0
    }

    /// Whether the descriptor has something to tell: bytes, or the end.
    var hasNews: Bool {
        guard let fd = registration?.fd else { return true }
        var byte: UInt8 = 0
        let count = unsafe recv(fd, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count >= 0 || errno != EAGAIN
    }

    /// Sends what waits, as far as the connection takes it, and the rest when it can.
    func flush() {
        guard let registration else { return }
        let code = isPlain ? flushPlain(registration.fd) : flushByCurl()
        guard code == CURLE_OK || code == CURLE_AGAIN else {
            owner?.streamBroken(code)
            return
        }
        let wanted: Interest = outgoing.count > 0 ? [.readable, .writable] : .readable
        guard wanted != interest else { return }
        interest = wanted
        loop.update(registration, wanted)
    }

    private func flushByCurl() -> CURLcode {
        let handle = unsafe easy.pointer
        return unsafe outgoing.flush { bytes, taken in
            unsafe curl_easy_send(handle, bytes.baseAddress, bytes.count, &taken)
        }
    }

    private func flushPlain(_ fd: Int32) -> CURLcode {
        unsafe outgoing.flush { bytes, taken in
            let count = unsafe send(fd, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            taken = max(0, count)
            if count >= 0 { return CURLE_OK }
            return errno == EAGAIN || errno == EINTR ? CURLE_AGAIN : CURLE_SEND_ERROR
        }
    }

    /// Closes the connection; nothing is told any more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let registration { loop.deregister(registration) }
        registration = nil
        multi.remove(self)
    }
}

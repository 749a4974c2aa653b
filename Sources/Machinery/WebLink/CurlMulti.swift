internal import CCurl
internal import Chronology
internal import Reactor

/// What waits for a transfer's end.
@LoopActor protocol CurlTransfer: AnyObject {
    var easy: CurlEasy { get }
    func transferEnded(_ code: CURLcode)
}

/// A set of transfers driven by the loop: curl says which descriptors and which time it waits for.
@LoopActor @safe final class CurlMulti {
    private let loop: EventLoop
    private let pointer: UnsafeMutableRawPointer
    private var timer: LoopTimer?
    private var sockets: [Int32: WatchedSocket] = [:]
    /// In the order they were added; few enough to be searched.
    private var transfers: [any CurlTransfer] = []
    private var isActing = false

    init(loop: EventLoop, idleConnections: Int) {
        self.loop = loop
        guard let handle = unsafe curl_multi_init() else {
            preconditionFailure("libcurl gave no handle: out of memory")
        }
        unsafe pointer = handle
        timer = loop.timer { [weak self] in self?.act(on: CURL_SOCKET_TIMEOUT, 0) }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe pms_curl_multi_set_on_socket(pointer, socketCallback, context)
        _ = unsafe pms_curl_multi_set_on_timer(pointer, timerCallback, context)
        _ = unsafe pms_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, idleConnections)
        _ = unsafe pms_curl_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    isolated deinit {
        timer?.disarm()
        for transfer in transfers {
            _ = unsafe curl_multi_remove_handle(pointer, transfer.easy.pointer)
        }
        for socket in sockets.values { socket.stop() }
        _ = unsafe pms_curl_multi_set_on_socket(pointer, nil, nil)
        _ = unsafe pms_curl_multi_set_on_timer(pointer, nil, nil)
        _ = unsafe curl_multi_cleanup(pointer)
    }

    var count: Int { transfers.count }

    /// Starts a transfer; its `transferEnded` is called once unless it is removed before.
    func add(_ transfer: any CurlTransfer) {
        transfers.append(transfer)
        let code = unsafe curl_multi_add_handle(pointer, transfer.easy.pointer)
        precondition(code == CURLM_OK, "a handle is added once")
    }

    /// Ends a transfer, and with it the connection of a CONNECT_ONLY one.
    func remove(_ transfer: any CurlTransfer) {
        guard let index = transfers.firstIndex(where: { $0 === transfer }) else { return }
        transfers.remove(at: index)
        _ = unsafe curl_multi_remove_handle(pointer, transfer.easy.pointer)
    }

    /// All transfers under way, in the order they were added.
    var all: [any CurlTransfer] { transfers }

    /// Lets curl work on what is ready, then hands out the transfers that ended.
    fileprivate func act(on fd: Int32, _ events: Int32) {
        precondition(!isActing, "curl is not called from its own callbacks")
        isActing = true
        var running: Int32 = 0
        _ = unsafe curl_multi_socket_action(pointer, fd, events, &running)
        isActing = false
        var code = CURLE_OK
        while let easy = unsafe pms_curl_multi_next_ended(pointer, &code) {
            transfers.first { unsafe $0.easy.pointer == easy }?.transferEnded(code)
        }
    }

    fileprivate func watch(_ fd: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            sockets.removeValue(forKey: fd)?.stop()
            return
        }
        var interest: Interest = []
        if what & CURL_POLL_IN != 0 { interest.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.writable) }
        if let socket = sockets[fd] {
            socket.update(interest)
        } else {
            sockets[fd] = WatchedSocket(self, loop, fd, interest)
        }
    }

    fileprivate func arm(_ milliseconds: Int) {
        if milliseconds < 0 {
            timer?.disarm()
        } else {
            timer?.arm(after: .milliseconds(Int64(milliseconds)))
        }
    }
}

/// A descriptor of curl's that the loop watches for it.
@LoopActor private final class WatchedSocket: DescriptorHandler {
    private weak var multi: CurlMulti?
    private let loop: EventLoop
    private let fd: Int32
    private var interest: Interest
    private var registration: Registration?

    init(_ multi: CurlMulti, _ loop: EventLoop, _ fd: Int32, _ interest: Interest) {
        self.multi = multi
        self.loop = loop
        self.fd = fd
        self.interest = interest
        registration = loop.register(fd: fd, interest, self)
    }

    func update(_ interest: Interest) {
        self.interest = interest
        if let registration { loop.update(registration, interest) }
    }

    func stop() {
        if let registration { loop.deregister(registration) }
        registration = nil
    }

    func descriptorReady(_ readiness: Readiness) {
        var events: Int32 = 0
        let isBroken = readiness.contains(.hangup)
        if readiness.contains(.readable) || isBroken { events |= CURL_CSELECT_IN }
        if readiness.contains(.writable) || isBroken && interest.contains(.writable) {
            events |= CURL_CSELECT_OUT
        }
        multi?.act(on: fd, events)
    }
}

private let socketCallback: curl_socket_callback = { _, fd, what, context, _ in
    guard let context = unsafe context else { return 0 }
    let multi = unsafe Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue()
    LoopActor.assumeIsolated { multi.watch(fd, what) }
    return 0
}

private let timerCallback: curl_multi_timer_callback = { _, milliseconds, context in
    guard let context = unsafe context else { return 0 }
    let multi = unsafe Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue()
    LoopActor.assumeIsolated { multi.arm(milliseconds) }
    return 0
}

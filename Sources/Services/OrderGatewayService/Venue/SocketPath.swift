import Bounded
import Bytes
import Chronology
import Reactor
import Runtime
import VenueBudget
import VenueProtocol
import WebLink
import WebProtocol

/// Calls under way on the order socket.
///
/// 1. A call handed to the socket ends exactly once: with its reply, at its deadline, or with the
///    socket; without a reply its outcome is unknown, and nobody sends it another way (S2).
/// 2. What was not handed over was not sent.
struct SocketCalls<Call> {
    private struct Pending {
        let call: Call
        let deadline: Instant
    }

    private var pending: [Int64: Pending] = [:]
    private var nextID: Int64 = 1

    var count: Int { pending.count }
    /// When the first call is late; nil where none waits.
    var nextDeadline: Instant? { pending.values.map(\.deadline).min() }

    mutating func takeID() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }

    mutating func handedOver(_ id: Int64, _ call: Call, deadline: Instant) {
        pending[id] = Pending(call: call, deadline: deadline)
    }

    /// A reply came; nil for one that nobody waits for any more.
    mutating func replied(_ id: Int64) -> Call? { pending.removeValue(forKey: id)?.call }

    /// Calls whose reply did not come in time, oldest first.
    mutating func takeLate(now: Instant) -> [Call] {
        let late = pending.filter { $0.value.deadline <= now }.keys.sorted()
        return late.compactMap { pending.removeValue(forKey: $0)?.call }
    }

    /// The socket is gone: all calls, oldest first.
    mutating func takeAll() -> [Call] {
        defer { pending = [:] }
        return pending.keys.sorted().compactMap { pending[$0]?.call }
    }
}

/// The venue's WebSocket API as a second way for orders; while it is down they go by REST.
@LoopActor final class SocketPath: WebSocketHandler {
    typealias Completion = @LoopActor (SocketReply?) -> Void

    private let host: ServiceHost
    private let signer: RequestSigner
    private let gate: ConnectionGate
    private var isFirst = true
    private var socket: WebSocketClient?
    private var calls = SocketCalls<Completion>()
    private var random: SplitMix64
    private var retry: LoopTimer?
    private var late: LoopTimer?
    private var renewal: LoopTimer?
    private var attempt: Int64 = 0
    private var isStopped = false
    private let sent: Counter

    init(host: ServiceHost, signer: RequestSigner, gate: ConnectionGate) {
        self.host = host
        self.gate = gate
        self.signer = signer
        random = SplitMix64(seed: host.seed &+ 313)
        sent = host.metrics.counter(
            "pms_gateway_socket_calls_total", "calls that went over the WebSocket API")
        retry = host.loop.timer { [weak self] in self?.connect() }
        late = host.loop.timer { [weak self] in self?.deadlineReached() }
        renewal = host.loop.timer { [weak self] in self?.renew() }
    }

    func start() { connect() }

    func stop() {
        isStopped = true
        retry?.disarm()
        renewal?.disarm()
        socket?.close()
    }

    /// Hands a request over; false where it cannot go this way now, and nothing was sent.
    func send(
        _ request: VenueRequest, timestamp: Int64, deadline: Interval,
        _ completion: @escaping Completion
    ) -> Bool {
        guard let socket, socket.isOpen else { return false }
        let id = calls.takeID()
        guard let message = signer.socketMessage(request, id: id, timestamp: timestamp),
            socket.send(text: message.rawSpan)
        else { return false }
        sent.increment()
        calls.handedOver(id, completion, deadline: host.loop.now + deadline)
        armLate()
        return true
    }

    private func connect() {
        if isStopped { return }
        gate.attempt(isFirst: isFirst) { [weak self] pause in
            guard let self, !isStopped else { return }
            isFirst = false
            if let pause { retry?.arm(after: pause) } else { open() }
        }
    }

    private func open() {
        var limits = WebSocketClientLimits.standard
        limits.pingInterval = .seconds(5)
        let socket = WebSocketClient(
            loop: host.loop, url: host.environment.venueAPIStreamURL + SocketCall.futuresPath,
            limits: limits, seed: random.next(), handler: self)
        self.socket = socket
        socket.connect()
    }

    /// The venue cuts a socket after 24 hours: before that it is left when nothing is under way.
    private func renew() {
        guard calls.count == 0 else {
            renewal?.arm(after: .milliseconds(50))
            return
        }
        socket?.close()
    }

    // MARK: the socket

    func opened() {
        attempt = 0
        renewal?.arm(after: .seconds(SocketCall.lifeSeconds))
        Log.info("order socket open")
    }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        guard let reply = SocketReply(bytes), let completion = calls.replied(reply.id) else {
            return
        }
        completion(reply)
    }

    func closed(reason: WebSocketCloseReason) {
        socket = nil
        renewal?.disarm()
        gate.failed()
        if !isStopped { Log.warn("order socket closed", ["reason": reason.description]) }
        for completion in calls.takeAll() { completion(nil) }
        if isStopped { return }
        attempt += 1
        let most = min(Int64(100) << min(attempt, 6), 5_000)
        retry?.arm(after: .milliseconds(Int64.random(in: most / 2...most, using: &random)))
    }

    private func deadlineReached() {
        for completion in calls.takeLate(now: host.loop.now) { completion(nil) }
        armLate()
    }

    private func armLate() {
        if let deadline = calls.nextDeadline { late?.arm(at: deadline) }
    }
}

import Bounded
import BusProtocol
import Bytes
import Chronology
import Reactor
import Runtime
import Throttles
import Trading
import VenueBudget
import VenueProtocol
import WebLink
import WebProtocol

/// How a call to the venue ended.
enum VenueAnswer: Sendable {
    case success([UInt8])
    case failure(VenueFailure)
    /// No byte left this process.
    case notSent(String)
    /// Bytes may have left, and no answer came.
    case lost(String)

    var text: String {
        switch self {
        case .success: "ok"
        case .failure(let failure): failure.error.description
        case .notSent(let text): "not sent: \(text)"
        case .lost(let text): "no answer: \(text)"
        }
    }
}

/// Signed calls to the venue: in order, bounded, within the shared budget, stamped with its time.
///
/// A call refused for its timestamp is made once more after the clock was set (T8): the venue says
/// that it was not executed. No other call is ever repeated here.
@LoopActor final class VenueLink {
    struct Call {
        let request: VenueRequest
        let lane: BudgetLane
        let isRepeat: Bool
        let queuedAt: Instant
        /// When the budget let it go.
        var grantedAt: Instant
        /// Asked just before it is made: why it must not be any more, or nil.
        let objection: @LoopActor () -> String?
        let completion: @LoopActor (VenueAnswer) -> Void
    }

    let kind: VenueKind
    let dialect: any VenueDialect
    let signer: RequestSigner
    /// What the venue allows, as it last said.
    let budget: VenueBudget
    /// All sockets' attempts to connect are counted together (T5).
    let gate: ConnectionGate
    private let host: ServiceHost
    private let base: String
    private let requests: VenueRequests
    private let client: WebClient
    /// The other way for orders, where it is chosen.
    private let socket: SocketPath?
    private var queue: CallQueue<Call>
    /// Calls that wait for the budget.
    private var asking = 0
    private(set) var clock = VenueClock()
    private var isSettingClock = false
    private var waitingForClock: [Call] = []
    private let latency: Histogram
    /// By lane: from when a call was wanted to when it was made.
    private let turns: [Histogram]
    private let failures: Counter

    /// The venue reads a request at most this late; also the deadline of one call.
    static let deadline = Interval.seconds(5)
    /// Longer than this after its grant a call may fall into another window of the venue.
    private static let grantLife = Interval.milliseconds(500)
    /// Calls that may wait in all; one more is refused. A protective call is let in beyond that.
    private static let capacity = 1_000

    init(host: ServiceHost, credentials: VenueCredentials) {
        self.host = host
        kind = VenueKind(rawValue: host.environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
        dialect = kind.dialect
        base = host.environment.venueRESTURL
        signer = RequestSigner(credentials, venue: kind)
        requests = VenueRequests(base: base, signer: signer)
        client = WebClient(loop: host.loop)
        client.keepOpen(base, count: Int(host.environment.integer("MAX_CONCURRENT_ORDERS")))
        budget = VenueBudget(kind.limits, host: host)
        gate = ConnectionGate(
            host: host, perMinute: host.environment.isVenuePaper ? 120 : 5)
        let isSocketed =
            kind == .binanceFutures && host.environment.text("PMS_ORDER_PATH") == "websocket"
        socket = isSocketed ? SocketPath(host: host, signer: signer, gate: gate) : nil
        queue = CallQueue(concurrency: Int(host.environment.integer("MAX_CONCURRENT_ORDERS")))
        latency = host.metrics.histogram(
            "pms_gateway_rest_seconds", "time a call to the venue takes, answered or not")
        turns = BudgetLane.allCases.map {
            host.metrics.histogram(
                "pms_gateway_turn_seconds", "time a call waited for its turn",
                bounds: [0.000_1, 0.000_5, 0.001, 0.005, 0.02, 0.1, 1], ["lane": $0.label])
        }
        failures = host.metrics.counter(
            "pms_gateway_rest_failures_total", "calls to the venue without a good answer")
        host.metrics.computed("pms_gateway_rest_queue", "calls waiting to be made") {
            [weak self] in Double(self?.waiting ?? 0)
        }
    }

    /// The wall clock of this process.
    var wallNow: WallTime { host.loop.wallNow }
    /// The venue's time, in milliseconds.
    var timestamp: Int64 { clock.timestamp(now: host.loop.now, wall: host.loop.wallNow) }

    private var waiting: Int { asking + queue.count }
    /// Whether calls wait or are under way.
    var isBusy: Bool { waiting > 0 || queue.underWay > 0 }

    /// Shares the budget with the other processes from here on.
    func start() { budget.start() }

    /// Opens the order socket, where it is chosen.
    func openSocket() { socket?.start() }

    /// Orders of this venue that never leave; signed with keys of nobody.
    func rehearsal(keys: BusKeys) -> OrderRehearsal? {
        VenueCredentials(key: "rehearsal", secret: "rehearsal").flatMap {
            OrderRehearsal(
                keys: keys, dialect: dialect,
                requests: VenueRequests(base: base, signer: RequestSigner($0, venue: kind)),
                limits: kind.limits, now: host.loop.now, wall: host.loop.wallNow)
        }
    }

    func close() {
        socket?.stop()
        for call in queue.removeAll() { call.completion(.notSent("stopping")) }
        client.close()
    }

    /// Makes a call when its turn comes, if there is no objection then; the completion is called
    /// once.
    func call(
        _ request: VenueRequest, _ lane: BudgetLane = .query,
        unless objection: @escaping @LoopActor () -> String? = { nil },
        _ completion: @escaping @LoopActor (VenueAnswer) -> Void
    ) {
        let now = host.loop.now
        enter(
            Call(
                request: request, lane: lane, isRepeat: false, queuedAt: now, grantedAt: now,
                objection: objection, completion: completion))
    }

    func call(_ request: VenueRequest, _ lane: BudgetLane = .query) async -> VenueAnswer {
        await withCheckedContinuation { continuation in
            call(request, lane) { continuation.resume(returning: $0) }
        }
    }

    // MARK: waiting

    private func enter(_ call: Call) {
        guard call.lane == .protective || waiting < VenueLink.capacity else {
            return refuse(call, "the call queue is full: \(waiting) calls wait")
        }
        let left = VenueLink.deadline - (host.loop.now - call.queuedAt)
        let cost = BudgetCost(
            weight: Int64(call.request.weight), orders: Int64(call.request.orderCount))
        asking += 1
        budget.request(cost, call.lane, within: max(left, .milliseconds(1))) { [weak self] refusal in
            guard let self else { return call.completion(.notSent("closed")) }
            asking -= 1
            if let refusal { return refuse(call, VenueLink.text(refusal, host.loop.now)) }
            var granted = call
            granted.grantedAt = host.loop.now
            guard queue.add(granted, call.lane) else {
                return refuse(call, "the call queue is full: \(queue.count) calls wait")
            }
            pump()
        }
    }

    private func refuse(_ call: Call, _ reason: String) {
        host.loop.soon { call.completion(.notSent(reason)) }
    }

    private static func text(_ refusal: BudgetRefusal, _ now: Instant) -> String {
        switch refusal {
        case .banned(let until):
            "the venue wants to be left alone for \((until - now).milliseconds) ms more"
        case .full: "the call queue is full"
        case .late: "its turn within the venue's limits did not come in time"
        case .tooLarge: "it costs more than the venue ever allows"
        }
    }

    private func pump() {
        while let call = queue.next() { make(call) }
    }

    private func make(_ call: Call) {
        let now = host.loop.now
        if now - call.grantedAt > VenueLink.grantLife {
            queue.ended()
            return enter(call)
        }
        if let reason = late(call, now) ?? call.objection() {
            queue.ended()
            return call.completion(.notSent(reason))
        }
        turns[call.lane.rawValue].observe(Double((now - call.queuedAt).nanoseconds) / 1e9)
        if call.request.isOrder, sendOverSocket(call, now) { return }
        let request = requests.request(
            call.request, timestamp: clock.timestamp(now: now, wall: host.loop.wallNow),
            deadline: VenueLink.deadline)
        client.send(request) { [weak self] outcome in
            guard let self else { return call.completion(.lost("closed")) }
            queue.ended()
            latency.observe(Double((host.loop.now - now).nanoseconds) / 1e9)
            ended(call, outcome)
            pump()
        }
    }

    /// False where the socket is down or the call is none of its kind: nothing was sent then.
    private func sendOverSocket(_ call: Call, _ now: Instant) -> Bool {
        guard let socket else { return false }
        return socket.send(call.request, timestamp: timestamp, deadline: VenueLink.deadline) {
            [weak self] reply in
            guard let self else { return call.completion(.lost("closed")) }
            queue.ended()
            latency.observe(Double((host.loop.now - now).nanoseconds) / 1e9)
            if let reply {
                countUsed(reply)
                answered(call, status: reply.status, retryAfter: nil, reply.body)
            } else {
                failures.increment()
                call.completion(.lost("the order socket gave no answer"))
            }
            pump()
        }
    }

    private func countUsed(_ reply: SocketReply) {
        for count in reply.counts {
            switch count.limit.kind {
            case .requestWeight:
                budget.observed(.weight, in: count.limit.window, count: count.count)
            case .orders: budget.observed(.orders, in: count.limit.window, count: count.count)
            case .other: break
            }
        }
    }

    private func late(_ call: Call, _ now: Instant) -> String? {
        now - call.queuedAt < VenueLink.deadline ? nil : "waited too long for its turn"
    }

    // MARK: answers

    private func ended(_ call: Call, _ outcome: WebOutcome) {
        switch outcome {
        case .notSent(let error):
            failures.increment()
            call.completion(.notSent(error.message))
        case .unknown(let error):
            failures.increment()
            call.completion(.lost(error.message))
        case .response(let response):
            countUsed(response)
            let wait = response.headers["Retry-After"].flatMap { Int64($0) }
            answered(call, status: response.status, retryAfter: wait, response.body)
        }
    }

    private func answered(_ call: Call, status: Int, retryAfter: Int64?, _ body: [UInt8]) {
        let failure = dialect.classify(
            httpStatus: status, body: body.rawSpan, isOrder: call.request.isOrder,
            retryAfterSeconds: retryAfter, wall: host.loop.wallNow)
        guard let failure else { return call.completion(.success(body)) }
        failures.increment()
        if case .clockSkew = failure, !call.isRepeat { return afterClock(call) }
        heed(failure, httpStatus: status)
        call.completion(.failure(failure))
    }

    /// What a refusal means for all calls to come, of all processes.
    func heed(_ failure: VenueFailure, httpStatus: Int) {
        switch failure {
        case .banned(let until, let error):
            Log.error("the venue has banned this address", ["error": error.description])
            budget.banned(for: until - host.loop.wallNow)
        case .retryLater(let pause, let error) where httpStatus == 429 && error.code != -1015:
            Log.warn("the venue asks to slow down", ["error": error.description])
            budget.banned(for: pause)
        case .unauthorized(let error):
            Log.error("the venue refuses our key", ["error": error.description])
        case .clockSkew, .retryLater, .definiteReject, .unknownOutcome, .duplicateClientID,
            .orderNotFound, .alreadyDone, .listenKeyGone:
            break
        }
    }

    /// Passes on what the venue has counted in its present windows.
    private func countUsed(_ response: WebResponse) {
        for (name, counted, window) in VenueLink.counts {
            guard let count = response.headers[name].flatMap({ Int64($0) }) else { continue }
            budget.observed(counted, in: window, count: count)
        }
    }

    private static let counts: [(String, BudgetLimit.Counted, Interval)] = [
        ("X-MBX-USED-WEIGHT-1M", .weight, .seconds(60)),
        ("X-MBX-ORDER-COUNT-10S", .orders, .seconds(10)),
        ("X-MBX-ORDER-COUNT-1M", .orders, .seconds(60)),
        ("X-MBX-ORDER-COUNT-1D", .orders, .seconds(86_400)),
    ]

    // MARK: the venue's clock

    private func afterClock(_ call: Call) {
        Log.warn("the venue refused a timestamp; setting the clock", [:])
        clock.skewReported()
        waitingForClock.append(call)
        guard !isSettingClock else { return }
        isSettingClock = true
        Task { @LoopActor in
            _ = await synchronise()
            isSettingClock = false
            let calls = waitingForClock
            waitingForClock = []
            for call in calls {
                enter(
                    Call(
                        request: call.request, lane: call.lane, isRepeat: true,
                        queuedAt: call.queuedAt, grantedAt: call.grantedAt,
                        objection: call.objection, completion: call.completion))
            }
        }
    }

    /// Learns the venue's time; false where it does not answer.
    func synchronise() async -> Bool {
        let sentAt = host.loop.now
        let signed = RequestSigner.prepareOpen(dialect.serverTime)
        let outcome = await client.send(
            WebRequest(
                method: signed.method.rawValue, url: base + signed.target,
                deadline: VenueLink.deadline))
        guard case .response(let response) = outcome, response.status == 200,
            let time = try? dialect.decodeServerTime(response.body.rawSpan)
        else { return false }
        clock.timeReceived(
            serverMilliseconds: time, sentAt: sentAt, receivedAt: host.loop.now)
        return true
    }
}

import Bytes
import Chronology
import Reactor
import Runtime
import Trading
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

/// Signed calls to the venue: in order, bounded, stamped with the venue's time.
///
/// A call refused for its timestamp is made once more after the clock was set (T8): the venue says
/// that it was not executed. No other call is ever repeated here.
@LoopActor final class VenueLink {
    private struct Call {
        let request: VenueRequest
        let isRepeat: Bool
        let queuedAt: Instant
        /// Asked just before it is made: why it must not be any more, or nil.
        let objection: @LoopActor () -> String?
        let completion: @LoopActor (VenueAnswer) -> Void
    }

    private let host: ServiceHost
    private let base: String
    private let signer: RequestSigner
    private let client: WebClient
    private var queue: CallQueue<Call>
    private var clock = VenueClock()
    private var isSettingClock = false
    private var waitingForClock: [Call] = []
    private var timer: LoopTimer?
    private let latency: Histogram
    private let failures: Counter

    /// The venue reads a request at most this late; also the deadline of one call.
    private static let deadline = Interval.seconds(5)

    init(host: ServiceHost, credentials: VenueCredentials) {
        self.host = host
        base = host.environment.venueRESTURL
        signer = RequestSigner(credentials)
        client = WebClient(loop: host.loop)
        queue = CallQueue(concurrency: Int(host.environment.integer("MAX_CONCURRENT_ORDERS")))
        latency = host.metrics.histogram(
            "pms_gateway_rest_seconds", "time a call to the venue takes, answered or not")
        failures = host.metrics.counter(
            "pms_gateway_rest_failures_total", "calls to the venue without a good answer")
        timer = host.loop.timer { [weak self] in self?.pump() }
        host.metrics.computed("pms_gateway_rest_queue", "calls waiting to be made") {
            [weak self] in Double(self?.queue.count ?? 0)
        }
    }

    /// The wall clock of this process.
    var wallNow: WallTime { host.loop.wallNow }

    /// Whether calls wait or are under way.
    var isBusy: Bool { queue.count > 0 || queue.underWay > 0 }

    func close() {
        for call in queue.removeAll() { call.completion(.notSent("stopping")) }
        client.close()
    }

    /// Makes a call when its turn comes, if there is no objection then; the completion is called
    /// once.
    func call(
        _ request: VenueRequest, _ lane: CallLane = .normal,
        unless objection: @escaping @LoopActor () -> String? = { nil },
        _ completion: @escaping @LoopActor (VenueAnswer) -> Void
    ) {
        let call = Call(
            request: request, isRepeat: false, queuedAt: host.loop.now, objection: objection,
            completion: completion)
        guard queue.add(call, lane, now: host.loop.now) else {
            host.loop.soon {
                completion(.notSent("the call queue is full, or the venue asks to wait"))
            }
            return
        }
        pump()
    }

    func call(_ request: VenueRequest, _ lane: CallLane = .normal) async -> VenueAnswer {
        await withCheckedContinuation { continuation in
            call(request, lane) { continuation.resume(returning: $0) }
        }
    }

    private func pump() {
        while let call = queue.next(now: host.loop.now) { make(call) }
        if let wake = queue.wake(now: host.loop.now) { timer?.arm(at: wake) }
    }

    private func make(_ call: Call) {
        let now = host.loop.now
        guard now - call.queuedAt < VenueLink.deadline else {
            queue.ended()
            call.completion(.notSent("waited too long for its turn"))
            return
        }
        if let reason = call.objection() {
            queue.ended()
            call.completion(.notSent(reason))
            return
        }
        let signed = signer.prepare(
            call.request, timestamp: clock.timestamp(now: now, wall: host.loop.wallNow))
        let request = WebRequest(
            method: signed.method.rawValue, url: base + signed.target,
            headers: signed.headers.map { ($0.name, $0.value) }, body: signed.body,
            deadline: VenueLink.deadline, isIdempotent: call.request.isIdempotent)
        client.send(request) { [weak self] outcome in
            guard let self else { return call.completion(.lost("closed")) }
            queue.ended()
            latency.observe(Double((host.loop.now - now).nanoseconds) / 1e9)
            ended(call, outcome)
            pump()
        }
    }

    private func ended(_ call: Call, _ outcome: WebOutcome) {
        switch outcome {
        case .notSent(let error):
            failures.increment()
            call.completion(.notSent(error.message))
        case .unknown(let error):
            failures.increment()
            call.completion(.lost(error.message))
        case .response(let response): answered(call, response)
        }
    }

    private func answered(_ call: Call, _ response: WebResponse) {
        let wait = response.headers["Retry-After"].flatMap { Int64($0) }
        let failure = VenueFailure.classify(
            httpStatus: response.status, body: response.body.rawSpan, isOrder: call.request.isOrder,
            retryAfterSeconds: wait, wall: host.loop.wallNow)
        guard let failure else { return call.completion(.success(response.body)) }
        failures.increment()
        switch failure {
        case .clockSkew where !call.isRepeat:
            Log.warn("the venue refused a timestamp; setting the clock", [:])
            clock.skewReported()
            waitingForClock.append(call)
            setClock()
            return
        case .banned(let until, let error):
            Log.error("the venue has banned this address", ["error": error.description])
            queue.ban(until: host.loop.now + (until - host.loop.wallNow))
        case .retryLater(let pause, let error) where response.status == 429:
            Log.warn("the venue asks to slow down", ["error": error.description])
            queue.pause(until: host.loop.now + pause)
        case .unauthorized(let error):
            Log.error("the venue refuses our key", ["error": error.description])
        case .clockSkew, .retryLater, .definiteReject, .unknownOutcome, .duplicateClientID,
            .orderNotFound, .alreadyDone, .listenKeyGone:
            break
        }
        call.completion(.failure(failure))
    }

    // MARK: the venue's clock

    private func setClock() {
        guard !isSettingClock else { return }
        isSettingClock = true
        Task { @LoopActor in
            _ = await synchronise()
            isSettingClock = false
            let calls = waitingForClock
            waitingForClock = []
            for call in calls {
                let again = Call(
                    request: call.request, isRepeat: true, queuedAt: call.queuedAt,
                    objection: call.objection, completion: call.completion)
                if !queue.add(again, .protective, now: host.loop.now) {
                    again.completion(.notSent("the call queue is full"))
                }
            }
            pump()
        }
    }

    /// Learns the venue's time; false where it does not answer.
    func synchronise() async -> Bool {
        let sentAt = host.loop.now
        let signed = RequestSigner.prepareOpen(BinanceFutures.serverTime)
        let outcome = await client.send(
            WebRequest(
                method: signed.method.rawValue, url: base + signed.target,
                deadline: VenueLink.deadline))
        guard case .response(let response) = outcome, response.status == 200,
            let time = try? BinanceFutures.decodeServerTime(response.body.rawSpan)
        else { return false }
        clock.timeReceived(
            serverMilliseconds: time, sentAt: sentAt, receivedAt: host.loop.now)
        return true
    }
}

import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import VenueProtocol
import WebLink
import WebProtocol

/// Why the venue gave no reading, and how long it asks to be left alone.
struct VenueQueryFailure: Error {
    let reason: String
    let retryAfter: Interval
    /// The venue answered that it knows no such order.
    let isNotFound: Bool

    init(reason: String) {
        self.reason = reason
        retryAfter = .zero
        isNotFound = false
    }

    init(_ failure: VenueFailure, wall: WallTime) {
        reason = failure.error.description
        switch failure {
        case .retryLater(let pause, _): retryAfter = pause
        case .banned(let until, _): retryAfter = until - wall
        case .definiteReject, .unknownOutcome, .clockSkew, .duplicateClientID, .orderNotFound,
            .alreadyDone, .listenKeyGone, .unauthorized:
            retryAfter = .zero
        }
        if case .orderNotFound = failure { isNotFound = true } else { isNotFound = false }
    }
}

/// Signed questions to the venue with a read-only key; no call of this type can change anything.
@LoopActor final class VenueQueries {
    private let base: String
    private let signer: RequestSigner
    private let web: WebClient
    private let loop: EventLoop
    private var clock = VenueClock()
    /// Longer than a venue takes, shorter than the desk waits.
    private static let deadline = Interval.seconds(5)

    init(host: ServiceHost, credentials: VenueCredentials) {
        base = host.environment.venueRESTURL
        signer = RequestSigner(credentials)
        loop = host.loop
        web = WebClient(loop: host.loop)
    }

    func close() { web.close() }

    /// The body of a successful answer; throws `VenueQueryFailure` where there is none.
    /// A timestamp that the venue refuses is corrected once (T8).
    func ask(_ request: VenueRequest) async throws -> [UInt8] {
        if !clock.isSynchronised { await synchronise() }
        var answer = await attempt(request)
        if case .failed(.clockSkew) = answer {
            clock.skewReported()
            await synchronise()
            answer = await attempt(request)
        }
        switch answer {
        case .body(let body): return body
        case .failed(let failure): throw VenueQueryFailure(failure, wall: loop.wallNow)
        }
    }

    private enum Answer {
        case body([UInt8])
        case failed(VenueFailure)
    }

    private func synchronise() async {
        let sentAt = loop.now
        let request = WebRequest(
            url: base + RequestSigner.prepareOpen(BinanceFutures.serverTime).target,
            deadline: VenueQueries.deadline)
        guard case .response(let response) = await web.send(request), response.status == 200,
            let time = try? BinanceFutures.decodeServerTime(response.body.rawSpan)
        else { return }
        clock.timeReceived(serverMilliseconds: time, sentAt: sentAt, receivedAt: loop.now)
    }

    private func attempt(_ request: VenueRequest) async -> Answer {
        precondition(request.effect == .query, "position-sync only asks")
        let timestamp = clock.timestamp(now: loop.now, wall: loop.wallNow)
        let signed = signer.prepare(request, timestamp: timestamp)
        let outcome = await web.send(
            WebRequest(
                method: signed.method.rawValue, url: base + signed.target,
                headers: signed.headers.map { ($0.name, $0.value) }, body: signed.body,
                deadline: VenueQueries.deadline))
        switch outcome {
        case .response(let response):
            let failure = VenueFailure.classify(
                httpStatus: response.status, body: response.body.rawSpan, isOrder: false,
                retryAfterSeconds: response.headers["Retry-After"].flatMap { Int64($0) },
                wall: loop.wallNow)
            return failure.map { .failed($0) } ?? .body(response.body)
        case .notSent(let error), .unknown(let error):
            return .failed(
                .retryLater(after: .zero, VenueError(code: 0, message: error.message)))
        }
    }
}

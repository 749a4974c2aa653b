internal import Bytes
package import Chronology
package import Reactor
package import Runtime
internal import Throttles
package import VenueProtocol
internal import WebLink
internal import WebProtocol

/// Why the venue gave no reading, and how long it asks to be left alone.
package struct VenueQueryFailure: Error {
    package let reason: String
    package let retryAfter: Interval
    /// The venue answered that it knows no such order.
    package let isNotFound: Bool

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

/// Signed questions to any venue with a read-only key, within the budget that all processes share; no
/// call of this type can change anything.
@LoopActor package final class VenueQueries {
    package let kind: VenueKind
    /// For questions that need no key.
    package let reader: VenueReader
    private let requests: VenueRequests
    private let web: WebClient
    private let budget: VenueBudget
    private let loop: EventLoop
    private var clock = VenueClock()
    /// Longer than a venue takes, shorter than the desk waits.
    private static let deadline = Interval.seconds(5)

    package init(host: ServiceHost, credentials: VenueCredentials) {
        loop = host.loop
        web = WebClient(loop: host.loop)
        kind = VenueKind(rawValue: host.environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
        requests = VenueRequests(
            base: host.environment.venueRESTURL, signer: RequestSigner(credentials, venue: kind))
        budget = VenueBudget(kind.limits, host: host)
        reader = VenueReader(host: host, web: web, budget: budget)
    }

    /// Shares the budget from here on.
    package func start() { budget.start() }

    package func close() { web.close() }

    /// The body of a successful answer; throws `VenueQueryFailure` where there is none.
    /// A timestamp that the venue refuses is corrected once (T8).
    package func ask(_ request: VenueRequest) async throws -> [UInt8] {
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
        let result = await withCheckedContinuation { continuation in
            reader.get(kind.dialect.serverTime, deadline: VenueQueries.deadline) {
                continuation.resume(returning: $0)
            }
        }
        guard case .success(let response) = result,
            let time = try? kind.dialect.decodeServerTime(response.body.rawSpan)
        else { return }
        clock.timeReceived(serverMilliseconds: time, sentAt: sentAt, receivedAt: loop.now)
    }

    private func attempt(_ request: VenueRequest) async -> Answer {
        let result = await withCheckedContinuation { continuation in
            reader.call(
                request, within: VenueQueries.deadline, { [self] in signed(request) },
                { continuation.resume(returning: $0) })
        }
        switch result {
        case .success(let response): return .body(response.body)
        case .failure(.venue(let failure)): return .failed(failure)
        case .failure(.link(let error)): return .failed(VenueQueries.later(error.message))
        case .failure(.budget(let refusal)):
            let reason = VenueReadFailure.budget(refusal).description
            return .failed(VenueQueries.later(reason, pause(refusal)))
        }
    }

    private func signed(_ request: VenueRequest) -> WebRequest {
        let timestamp = clock.timestamp(now: loop.now, wall: loop.wallNow)
        return requests.request(request, timestamp: timestamp, deadline: VenueQueries.deadline)
    }

    /// How long the budget wants nothing to be asked.
    private func pause(_ refusal: BudgetRefusal) -> Interval {
        switch refusal {
        case .banned(let until): max(.zero, until - loop.now)
        case .full, .late, .tooLarge: .zero
        }
    }

    private static func later(_ message: String, _ pause: Interval = .zero) -> VenueFailure {
        .retryLater(after: pause, VenueError(code: 0, message: message))
    }
}

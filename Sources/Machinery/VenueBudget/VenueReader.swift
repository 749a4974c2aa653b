internal import Bytes
package import Chronology
package import Reactor
package import Runtime
package import Throttles
package import VenueProtocol
package import WebLink
internal import WebProtocol

/// Why nothing could be read from a venue.
package enum VenueReadFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The budget did not let the call go.
    case budget(BudgetRefusal)
    /// The venue refused it, or answered with something that is no answer (T10).
    case venue(VenueFailure)
    /// There was no answer.
    case link(WebLinkError)

    package var description: String {
        switch self {
        case .budget(.banned): "the venue wants to be left alone"
        case .budget(.full), .budget(.late), .budget(.tooLarge): "the request budget is spent"
        case .venue(let failure): "\(failure.error)"
        case .link(let error): "\(error)"
        }
    }
}

/// Reads from a venue by REST calls, open or signed, within the shared budget.
@LoopActor package final class VenueReader {
    private let host: ServiceHost
    private let web: WebClient
    private let kind: VenueKind
    package let budget: VenueBudget

    package init(host: ServiceHost, web: WebClient, budget: VenueBudget) {
        self.host = host
        self.web = web
        self.budget = budget
        kind = VenueKind(rawValue: host.environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
    }

    /// Makes a call that needs no key; the body is lent for the completion.
    package func get(
        _ request: VenueRequest, lane: BudgetLane = .query, deadline: Interval = .seconds(5),
        _ completion: @escaping @LoopActor (Result<WebResponse, VenueReadFailure>) -> Void
    ) {
        let url = host.environment.venueRESTURL + RequestSigner.prepareOpen(request).target
        call(
            request, lane: lane, within: deadline,
            { WebRequest(url: url, deadline: deadline) }, completion)
    }

    /// Makes a call whose bytes are made when its turn has come, so that a time in them is of then.
    /// - Parameter patience: how long its turn may take to come.
    package func call(
        _ request: VenueRequest, lane: BudgetLane = .query, within patience: Interval,
        _ make: @escaping @LoopActor () -> WebRequest,
        _ completion: @escaping @LoopActor (Result<WebResponse, VenueReadFailure>) -> Void
    ) {
        precondition(request.effect == .query, "a reader only asks")
        budget.request(BudgetCost(weight: Int64(request.weight)), lane, within: patience) {
            [weak self] refusal in
            if let refusal { return completion(.failure(.budget(refusal))) }
            guard let self else { return }
            web.send(make()) { [weak self] outcome in
                switch outcome {
                case .response(let response):
                    guard let self else { return }
                    completion(self.judged(response, request))
                case .notSent(let error), .unknown(let error): completion(.failure(.link(error)))
                }
            }
        }
    }

    private func judged(
        _ response: WebResponse, _ request: VenueRequest
    ) -> Result<WebResponse, VenueReadFailure> {
        countUsed(response, request)
        let wall = host.loop.wallNow
        let failure = VenueFailure.classify(
            httpStatus: response.status, body: response.body.rawSpan, isOrder: false,
            retryAfterSeconds: response.headers["Retry-After"].flatMap { Int64($0) }, wall: wall,
            venue: kind)
        guard let failure else { return .success(response) }
        switch failure {
        case .banned(let until, _): budget.banned(for: until - wall)
        case .retryLater(let pause, _) where response.status == 429: budget.banned(for: pause)
        case .retryLater, .definiteReject, .unknownOutcome, .clockSkew, .duplicateClientID,
            .orderNotFound, .alreadyDone, .listenKeyGone, .unauthorized:
            break
        }
        return .failure(.venue(failure))
    }

    /// Passes on what the venue has counted; the ticker calls are known to say it wrong.
    private func countUsed(_ response: WebResponse, _ request: VenueRequest) {
        guard !request.path.contains("/ticker/"),
            let text = response.headers["X-MBX-USED-WEIGHT-1M"], let used = Int64(text)
        else { return }
        budget.observed(.weight, in: .seconds(60), count: used)
    }
}

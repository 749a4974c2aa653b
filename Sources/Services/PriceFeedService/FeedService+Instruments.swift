import Bytes
import Chronology
import Reactor
import Runtime
import VenueProtocol
import WebLink
import WebProtocol

/// The venue's REST interface: instruments.
extension FeedService {
    func loadInstruments() {
        let request = RequestSigner.prepareOpen(BinanceFutures.exchangeInfo)
        let url = host.environment.venueRESTURL + request.target
        web.send(WebRequest(url: url, deadline: .seconds(15))) { [weak self] outcome in
            self?.instrumentsAnswered(outcome)
        }
    }

    private func instrumentsAnswered(_ outcome: WebOutcome) {
        switch outcome {
        case .response(let response): decode(response)
        case .notSent(let error), .unknown(let error): failed("\(error)", nil)
        }
    }

    private func decode(_ response: WebResponse) {
        let retryAfter = response.headers["Retry-After"].flatMap { Int64($0) }
        let wall = host.loop.wallNow
        let failure = VenueFailure.classify(
            httpStatus: response.status, body: response.body.rawSpan, isOrder: false,
            retryAfterSeconds: retryAfter, wall: wall)
        if let failure { return failed("\(failure.error)", failure.pause(from: wall)) }
        do {
            let info = try BinanceFutures.decodeExchangeInfo(response.body.rawSpan)
            decide { desk, now, actions in desk.instrumentsLoaded(info, now: now, &actions) }
        } catch {
            failed("\(error)", nil)
        }
    }

    private func failed(_ reason: String, _ pause: Interval?) {
        decide { desk, now, actions in
            desk.instrumentsFailed(reason: reason, pause: pause, now: now, &actions)
        }
    }
}

extension VenueFailure {
    /// How long the venue asks to be left alone, where it does.
    fileprivate func pause(from wall: WallTime) -> Interval? {
        switch self {
        case .retryLater(let pause, _): pause
        case .banned(let until, _): until - wall
        case .definiteReject, .unknownOutcome, .clockSkew, .duplicateClientID, .orderNotFound,
            .alreadyDone, .listenKeyGone, .unauthorized:
            nil
        }
    }
}

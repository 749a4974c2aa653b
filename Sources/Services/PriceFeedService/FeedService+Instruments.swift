import Bytes
import Chronology
import Reactor
import Runtime
import VenueBudget
import VenueProtocol
import WebLink

/// The venue's REST interface: instruments.
extension FeedService {
    func loadInstruments() {
        reader.get(desk.configuration.venue.exchangeInfo, deadline: .seconds(15)) {
            [weak self] result in
            self?.instrumentsAnswered(result)
        }
    }

    private func instrumentsAnswered(_ result: Result<WebResponse, VenueReadFailure>) {
        switch result {
        case .success(let response): decode(response)
        case .failure(.venue(let failure)):
            failed("\(failure.error)", failure.pause(from: host.loop.wallNow))
        case .failure(let failure): failed("\(failure)", nil)
        }
    }

    private func decode(_ response: WebResponse) {
        do {
            let info = try desk.configuration.venue.decodeExchangeInfo(response.body.rawSpan)
            budget.announced(info.rateLimits)
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

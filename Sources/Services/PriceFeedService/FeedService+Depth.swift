import BusProtocol
import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Books by levels: their snapshots, and what goes to Redis.
extension FeedService {
    /// Asks for the book of a symbol, from which its changes go on.
    func askDepth(_ symbol: Symbol) {
        let request = desk.configuration.venue.depth(symbol)
        reader.get(request) { [weak self] result in self?.depthAnswered(symbol, result) }
    }

    private func depthAnswered(
        _ symbol: Symbol, _ result: Result<WebResponse, VenueReadFailure>
    ) {
        switch result {
        case .failure(let failure): depthFailed(symbol, "\(failure)")
        case .success(let response):
            var frame = DepthFrame()
            do {
                try frame.readSnapshot(response.body.rawSpan)
            } catch {
                return depthFailed(symbol, "\(error)")
            }
            decide { desk, now, actions in
                desk.depthAnswered(symbol, frame.change, now: now, &actions)
            }
        }
    }

    private func depthFailed(_ symbol: Symbol, _ reason: String) {
        decide { desk, now, actions in
            desk.depthFailed(symbol, reason: reason, now: now, &actions)
        }
    }

    func levelsReceived(_ slot: Int, publish isPublished: Bool, store isStored: Bool) {
        if isPublished { publishDepth(slot) }
        if isStored { storeDepth(slot) }
        if outputTimer?.isArmed == false { armOutput() }
    }

    func publishDepth(_ slot: Int) {
        let now = host.loop.now
        guard desk.mayPublish(now: now) else { return }
        metrics.published(
            output.publishDepth(&desk, slot, now: now, wall: host.loop.wallNow, host.keys, host.redis))
    }

    func storeDepth(_ slot: Int) {
        let now = host.loop.now
        guard desk.mayPublish(now: now) else { return }
        metrics.stored(
            output.storeDepth(&desk, slot, now: now, wall: host.loop.wallNow, host.keys, host.redis))
    }
}

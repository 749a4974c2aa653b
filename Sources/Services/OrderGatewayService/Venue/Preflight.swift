import Bytes
import Chronology
import Reactor
import Runtime
import VenueProtocol

/// Why this process must not start against this account; the text says how to mend it.
struct PreflightFailure: Error, CustomStringConvertible {
    let description: String
}

/// What must be true of the account before an order is sent (T9).
@LoopActor struct Preflight {
    let venue: VenueLink

    /// Returns nil when all is well, or why it is not known yet; throws what only a person can mend.
    func run() async throws(PreflightFailure) -> String? {
        guard await venue.synchronise() else { return "venue does not answer" }
        switch await venue.call(venue.dialect.exchangeInfo) {
        case .success(let body):
            guard let info = try? venue.dialect.decodeExchangeInfo(body.rawSpan) else {
                return "exchangeInfo unreadable"
            }
            venue.keep(info.rateLimits)
        case let answer: return try problem(answer, "exchangeInfo")
        }
        switch await venue.call(BinanceFutures.positionMode) {
        case .success(let body):
            guard let isHedge = try? BinanceFutures.decodePositionMode(body.rawSpan) else {
                return "position mode unreadable"
            }
            if isHedge {
                throw PreflightFailure(
                    description: "the account is in hedge mode; switch it to one-way mode "
                        + "(POST /fapi/v1/positionSide/dual dualSidePosition=false) and start again"
                )
            }
        case let answer: return try problem(answer, "position mode")
        }
        switch await venue.call(BinanceFutures.multiAssetsMode) {
        case .success(let body):
            guard let isMulti = try? BinanceFutures.decodeMultiAssetsMode(body.rawSpan) else {
                return "assets mode unreadable"
            }
            if isMulti {
                throw PreflightFailure(
                    description: "the account is in multi-assets mode; switch it to single-asset "
                        + "mode (POST /fapi/v1/multiAssetsMargin multiAssetsMargin=false) and "
                        + "start again")
            }
        case let answer: return try problem(answer, "assets mode")
        }
        return nil
    }

    private func problem(
        _ answer: VenueAnswer, _ what: String
    ) throws(PreflightFailure) -> String {
        if case .failure(.unauthorized(let error)) = answer {
            throw PreflightFailure(
                description: "the venue refuses the key (\(error)); set PMS_API_KEY and "
                    + "PMS_API_SECRET to a key that may trade")
        }
        return "\(what): \(answer.text)"
    }
}

package import Chronology
import Trading
package import VenueProtocol

/// Instruments.
extension FeedDesk {
    package mutating func instrumentsLoaded(
        _ info: ExchangeInfo, now: Instant, _ out: inout [FeedAction]
    ) {
        for gone in instruments.missing(from: info.instruments) {
            var delisted = gone
            delisted.status = .other("DELISTED")
            _ = instruments.loaded([delisted])
            if leads { out.append(.storeInstrument(delisted)) }
        }
        let changed = instruments.loaded(info.instruments)
        for instrument in changed where leads { out.append(.storeInstrument(instrument)) }
        for skipped in info.skipped.prefix(FeedDesk.skippedToTell) {
            out.append(.note(FeedNote(.instrumentSkipped, skipped.name, skipped.reason)))
        }
        let detail =
            "\(info.instruments.count) listed, \(changed.count) changed, "
            + "\(info.skipped.count) not understood"
        out.append(.note(FeedNote(.instrumentsLoaded, "", detail)))
    }

    /// Broken symbols that are told of after one load; their number is told anyway.
    private static let skippedToTell = 10

    /// - Parameter pause: how long the venue asks to be left alone, where it does.
    package mutating func instrumentsFailed(
        reason: String, pause: Interval?, now: Instant, _ out: inout [FeedAction]
    ) {
        instruments.failed(now: now, pause: pause)
        out.append(.note(FeedNote(.instrumentsFailed, "", reason)))
    }
}

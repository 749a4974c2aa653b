import Chronology
package import Quotes
import Trading

/// How many frames were dropped, why, and whether nothing else comes any more.
struct FeedDrops {
    /// By `FeedRefusal.rawValue`.
    private var reasons = [UInt64](repeating: 0, count: FeedRefusal.allCases.count)
    /// By kind.
    private var kinds = [Window](repeating: Window(), count: FeedKind.allCases.count)

    private struct Window {
        var dropped: UInt64 = 0
        var droppedAtStart: UInt64 = 0
        var takenAtStart: UInt64 = 0
        /// When frames began to be dropped with none taken in between.
        var since: Instant?
        var isTold = false
    }

    /// Dropped frames with none taken in between that are worth telling of.
    static let fewest: UInt64 = 10

    mutating func count(_ reason: FeedRefusal, _ kind: FeedKind) {
        reasons[reason.rawValue] &+= 1
        kinds[kind.position].dropped &+= 1
    }

    func count(of reason: FeedRefusal) -> UInt64 { reasons[reason.rawValue] }

    /// A second has passed.
    /// - Parameter taken: frames of the kind taken in since the start.
    /// - Returns: how many have been dropped in a row, once, where everything that came for so long
    ///   was dropped.
    mutating func secondPassed(
        _ kind: FeedKind, taken: UInt64, now: Instant, limit: Interval
    ) -> UInt64? {
        var window = kinds[kind.position]
        defer { kinds[kind.position] = window }
        guard taken == window.takenAtStart, let since = window.since else {
            window.isTold = window.isTold && taken == window.takenAtStart
            window.takenAtStart = taken
            window.droppedAtStart = window.dropped
            window.since = now
            return nil
        }
        let dropped = window.dropped - window.droppedAtStart
        if dropped == 0 {
            window.since = now
            return nil
        }
        guard now - since >= limit, dropped >= FeedDrops.fewest, !window.isTold else { return nil }
        window.isTold = true
        return dropped
    }

    /// Whether everything of the kind is being dropped, as told.
    func isDropping(_ kind: FeedKind) -> Bool { kinds[kind.position].isTold }
}

extension FeedRefusal {
    /// Nil for a duplicate, which is no fault.
    package init?(_ refusal: QuoteRefusal) {
        switch refusal {
        case .unknownSymbol: self = .unknownSymbol
        case .notPositive: self = .notPositive
        case .crossed: self = .crossed
        case .absurd: self = .absurd
        case .timeBack: self = .timeBack
        case .duplicate: return nil
        }
    }
}

extension FeedStream {
    mutating func refused(_ now: Instant) {
        if refusals == 0 { refusedSince = now }
        refusals += 1
    }
}

/// Filters that drop everything, and times that never come back.
extension FeedDesk {
    mutating func watchDrops(_ now: Instant, _ out: inout [FeedAction]) {
        for kind in configuration.venue.quoteKinds {
            let taken = kind == .book ? bookFrames : markFrames
            let dropped = drops.secondPassed(
                kind, taken: taken, now: now, limit: configuration.dropTime)
            if let dropped {
                let text = "every \(kind.label) frame is dropped, \(dropped) in a row"
                out.append(.alert(FeedAlert("feed.dropping", text, kind.label)))
            }
            for slot in symbols.indices where symbols[slot].streams[kind.position].refusals > 0 {
                watchDrops(slot, kind, now, &out)
            }
        }
    }

    private mutating func watchDrops(
        _ slot: Int, _ kind: FeedKind, _ now: Instant, _ out: inout [FeedAction]
    ) {
        guard let quoteKind = kind.quoteKind else { return }
        let place = kind.position
        let stream = symbols[slot].streams[place]
        if symbols[slot].spoke(quoteKind, place) >= stream.refusedSince {
            symbols[slot].streams[place].refusals = 0
            symbols[slot].streams[place].isRefusalTold = false
            return
        }
        guard !stream.isRefusalTold, now - stream.refusedSince >= configuration.dropTime,
            stream.refusals >= FeedDesk.refusalsToTell
        else { return }
        symbols[slot].streams[place].isRefusalTold = true
        let name = symbols[slot].symbol.name
        let text = "every \(kind.label) frame of \(name) is dropped, \(stream.refusals) in a row"
        out.append(.alert(FeedAlert("feed.dropping", text, name)))
        // A time far ahead, once believed, would keep all that follow out for ever.
        symbols[slot].quote.connectionChanged(quoteKind)
        out.append(.note(FeedNote(.timesRestarted, name, kind.label)))
    }

    /// Marks come once a second: some of ten seconds' worth.
    private static let refusalsToTell = 5
}

package import Chronology
package import Quotes
import Trading
package import VenueProtocol

extension QuoteKind {
    /// Where the kind stands in arrays by kind.
    var position: Int {
        switch self {
        case .book: 0
        case .mark: 1
        }
    }

    /// The root its streams live on.
    package var root: BinanceFutures.StreamRoot {
        switch self {
        case .book: .public
        case .mark: .market
        }
    }

    /// Its name in logs and metrics.
    package var label: String {
        switch self {
        case .book: "book"
        case .mark: "mark"
        }
    }
}

/// Connections and subscriptions.
extension FeedDesk {
    package mutating func socketOpened(
        _ kind: QuoteKind, now: Instant, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        sockets[place].opened(now: now)
        for slot in symbols.indices {
            symbols[slot].streams[place].subscribedAt = nil
            symbols[slot].streams[place].recoveries = 0
        }
        sequenceRestarted(kind)
        out.append(.note(FeedNote(.connected, kind.label)))
        synchronise(kind, now, &out)
    }

    /// The venue may number what follows anew: ids and times may fall once.
    package mutating func sequenceRestarted(_ kind: QuoteKind) {
        for slot in symbols.indices { symbols[slot].quote.connectionChanged(kind) }
    }

    /// - Parameter reason: for the log.
    package mutating func socketClosed(
        _ kind: QuoteKind, reason: String, now: Instant, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        sockets[place].closed(now: now, configuration, using: &random)
        for slot in symbols.indices { symbols[slot].streams[place].subscribedAt = nil }
        out.append(.note(FeedNote(.disconnected, kind.label, reason)))
    }

    package mutating func controlReceived(
        _ kind: QuoteKind, _ reply: ControlReply, _ out: inout [FeedAction]
    ) {
        guard let error = reply.error else { return }
        out.append(.note(FeedNote(.controlRefused, kind.label, "\(error)")))
    }

    /// Makes the attempts that are due, within what the host may see.
    mutating func connectDue(_ now: Instant, _ out: inout [FeedAction]) {
        for kind in QuoteKind.allCases {
            let place = kind.position
            if sockets[place].isOverdue(now: now, limit: configuration.connectTime) {
                out.append(.close(kind))
                continue
            }
            if let age = sockets[place].age(now: now), age >= configuration.renewAfter {
                out.append(.note(FeedNote(.renewed, kind.label)))
                out.append(.close(kind))
                continue
            }
            guard sockets[place].isDue(now: now) else { continue }
            if let next = attempts.attempt(now: now) {
                sockets[place].postponed(until: next)
            } else {
                sockets[place].attemptBegun(now: now)
                out.append(.connect(kind))
            }
        }
    }

    /// Brings a socket's subscriptions in line with what is wanted, as far as the limit of control
    /// messages allows; the rest follows in the next second.
    mutating func synchronise(_ kind: QuoteKind, _ now: Instant, _ out: inout [FeedAction]) {
        let place = kind.position
        guard sockets[place].isOpen else { return }
        let missing = symbols.indices.filter {
            isFollowed($0) && symbols[$0].streams[place].subscribedAt == nil
        }
        let surplus = symbols.indices.filter {
            !isFollowed($0) && symbols[$0].streams[place].subscribedAt != nil
        }
        for batch in batches(of: surplus) {
            guard send(kind, batch, isSubscribing: false, now, &out) else { return }
            for slot in batch { symbols[slot].streams[place].subscribedAt = nil }
        }
        for batch in batches(of: missing) {
            guard send(kind, batch, isSubscribing: true, now, &out) else { return }
            for slot in batch { symbols[slot].streams[place].subscribedAt = now }
        }
    }

    private func batches(of slots: [Int]) -> [[Int]] {
        stride(from: 0, to: slots.count, by: configuration.streamsPerMessage).map {
            Array(slots[$0..<min($0 + configuration.streamsPerMessage, slots.count)])
        }
    }

    /// False, and nothing sent, where the limit of control messages is reached.
    private mutating func send(
        _ kind: QuoteKind, _ slots: [Int], isSubscribing: Bool, _ now: Instant,
        _ out: inout [FeedAction]
    ) -> Bool {
        let limit = configuration.controlPerSecond
        guard let id = sockets[kind.position].admitControl(now: now, limit: limit) else {
            return false
        }
        let streams = slots.map { slot in
            switch kind {
            case .book: BinanceFutures.bookTickerStream(symbols[slot].symbol)
            case .mark: BinanceFutures.markPriceStream(symbols[slot].symbol)
            }
        }
        let message =
            isSubscribing
            ? BinanceFutures.subscribe(streams, id: id)
            : BinanceFutures.unsubscribe(streams, id: id)
        out.append(.send(kind, message))
        return true
    }

    // MARK: staleness

    /// Subscribes stale symbols anew, and replaces a socket where that did not help: at once where
    /// all its streams are silent, and once for each symbol that stays so.
    mutating func recoverStale(_ kind: QuoteKind, _ now: Instant, _ out: inout [FeedAction]) {
        let place = kind.position
        guard sockets[place].isOpen else { return }
        let stale = symbols.indices.filter { isRecoveryDue($0, kind, now) }
        guard !stale.isEmpty else { return }
        if mayReplace(place, stale, now) {
            sockets[place].replacedAt = now
            for slot in stale where isHopeless(slot, place) {
                symbols[slot].streams[place].hasCostSocket = true
            }
            out.append(.note(FeedNote(.replaced, kind.label, "\(stale.count) stale")))
            out.append(.close(kind))
            return
        }
        resubscribe(kind, stale, now, &out)
    }

    private func mayReplace(_ place: Int, _ stale: [Int], _ now: Instant) -> Bool {
        guard now - sockets[place].replacedAt >= FeedDesk.replaceEvery else { return false }
        let subscribed = symbols.indices.filter { symbols[$0].streams[place].subscribedAt != nil }
        let isSilent =
            stale.count == subscribed.count
            && stale.contains { symbols[$0].streams[place].recoveries > 0 }
        return isSilent || stale.contains { isHopeless($0, place) }
    }

    private func isHopeless(_ slot: Int, _ place: Int) -> Bool {
        let stream = symbols[slot].streams[place]
        return stream.recoveries >= FeedDesk.recoveryLimit && !stream.hasCostSocket
    }

    /// Asks anew for stale streams: off and on, since a second SUBSCRIBE alone is acknowledged and
    /// ignored.
    private mutating func resubscribe(
        _ kind: QuoteKind, _ stale: [Int], _ now: Instant, _ out: inout [FeedAction]
    ) {
        let place = kind.position
        for batch in batches(of: stale) {
            guard send(kind, batch, isSubscribing: false, now, &out) else { return }
            for slot in batch {
                symbols[slot].streams[place].subscribedAt = nil
                symbols[slot].streams[place].recoveries += 1
                let name = symbols[slot].symbol.name
                out.append(.note(FeedNote(.resubscribed, name, kind.label)))
            }
            guard send(kind, batch, isSubscribing: true, now, &out) else { return }
            for slot in batch { symbols[slot].streams[place].subscribedAt = now }
        }
    }

    /// Anew this often, then the socket is replaced.
    private static let recoveryLimit = 2
    /// A quiet symbol must not cost the others their socket more often than this.
    private static let replaceEvery = Interval.seconds(60)

    /// Whether a subscribed stream has been silent for too long.
    func isStale(_ slot: Int, _ kind: QuoteKind, _ now: Instant) -> Bool {
        silence(slot, kind, now) > configuration.staleAfter
    }

    /// Whether a stale stream is to be asked for again: after each staleness period at first, then
    /// six times less often.
    private func isRecoveryDue(_ slot: Int, _ kind: QuoteKind, _ now: Instant) -> Bool {
        let isOften = symbols[slot].streams[kind.position].recoveries <= FeedDesk.recoveryLimit
        return silence(slot, kind, now) > configuration.staleAfter * (isOften ? 1 : 6)
    }

    /// How long a subscribed stream has been silent; zero where it is not subscribed.
    private func silence(_ slot: Int, _ kind: QuoteKind, _ now: Instant) -> Interval {
        guard let since = symbols[slot].streams[kind.position].subscribedAt, isFollowed(slot) else {
            return .zero
        }
        return now - max(symbols[slot].quote.received(kind), since)
    }

    /// Forgets recoveries of streams that speak again.
    mutating func settleRecovered(_ now: Instant) {
        for slot in symbols.indices {
            for kind in QuoteKind.allCases {
                let isFresh = symbols[slot].quote.isFresh(
                    kind, within: configuration.staleAfter, now: now)
                guard isFresh else { continue }
                symbols[slot].streams[kind.position].recoveries = 0
                symbols[slot].streams[kind.position].hasCostSocket = false
            }
        }
    }
}

package import Chronology
import Quotes
package import Trading

/// How the feed is doing.
extension FeedDesk {
    /// Why the feed cannot do its work now; empty where it can.
    package func reasons(now: Instant) -> [String] {
        var reasons: [String] = []
        if !instruments.isLoaded { reasons.append("instruments: not loaded") }
        if let shards, shards.count == 0 { reasons.append("feeds: not joined") }
        if !isDemandKnown { reasons.append("demand: not read") }
        for kind in configuration.venue.quoteKinds where isLacking(kind) {
            reasons.append("\(kind.label) stream: not connected")
        }
        for kind in configuration.venue.quoteKinds {
            let names = staleSymbols(kind, now: now).map(\.name)
            if !names.isEmpty {
                let list = names.prefix(5).joined(separator: " ")
                reasons.append("\(kind.label) stale: \(names.count) of them: \(list)")
            }
            if drops.isDropping(kind) {
                reasons.append("\(kind.label) stream: every frame is dropped")
            }
        }
        return reasons
    }

    /// Whether streams of a kind wait for a connection, or none stands ready.
    private func isLacking(_ kind: FeedKind) -> Bool {
        if !isConnected(kind) {
            return configuration.venue.keepsIdleSockets
                || symbols.indices.contains { isFollowed($0, kind) }
        }
        return symbols.contains { symbol in
            symbol.streams[kind.position].socket.map { !sockets[$0].isOpen } ?? false
        }
    }

    /// Whether a followed stream has been silent for too long, and REST does not say that it has
    /// nothing to say.
    func isStale(_ slot: Int, _ kind: FeedKind, _ now: Instant) -> Bool {
        guard let quoteKind = kind.quoteKind, isFollowed(slot, kind) else { return false }
        let stream = symbols[slot].streams[kind.position]
        let last = max(symbols[slot].spoke(quoteKind, kind.position), stream.followedAt)
        return now - last > configuration.staleAfter
    }

    /// Followed symbols whose stream of a kind is silent, ascending; quiet ones left out.
    package func staleSymbols(_ kind: FeedKind, now: Instant) -> [Symbol] {
        symbols.indices.filter {
            isStale($0, kind, now) && !symbols[$0].streams[kind.position].isQuiet
        }.map { symbols[$0].symbol }.sorted()
    }

    /// Followed symbols whose price of a kind is neither streamed nor answered by REST.
    package func unknownSymbols(_ kind: FeedKind, now: Instant) -> Int {
        symbols.indices.count { isFollowed($0, kind) && !isFresh($0, kind, now) }
    }

    /// How old the oldest followed price of a kind is; zero where none is followed or known.
    package func oldestAge(_ kind: FeedKind, now: Instant) -> Interval {
        guard let quoteKind = kind.quoteKind else { return .zero }
        return symbols.indices.filter { isFollowed($0, kind) }
            .map { symbols[$0].quote.received(quoteKind) }
            .filter { $0 != .distantPast }
            .map { now - $0 }.max() ?? .zero
    }

    /// Symbols followed now.
    package var followedCount: Int { symbols.indices.count { isFollowed($0, .book) } }
}

package import Chronology
import Quotes
import Trading

/// Several feeds of one venue share the symbols.
extension FeedDesk {
    /// The feed's lease was renewed.
    /// - Parameters:
    ///   - members: the feeds that are alive, this one among them.
    ///   - asked: when the renewal was sent.
    package mutating func membersReceived(
        _ members: [String], asked: Instant, now: Instant, wall: WallTime,
        _ out: inout [FeedAction]
    ) {
        // A symbol that comes from another feed goes on where that one's numbers cannot have come.
        firstSequence = max(firstSequence, wall.milliseconds * 1_000)
        let wasLeading = leads
        let wasHeld = shards?.isHeld(now: now) ?? true
        guard shards?.joined(members, asked: asked) == true else {
            if !wasHeld { redisReturned(&out) }
            return
        }
        out.append(.note(FeedNote(.membersChanged, "", members.sorted().joined(separator: " "))))
        share(now, &out)
        if leads, !wasLeading {
            for instrument in instruments.all { out.append(.storeInstrument(instrument)) }
        }
    }

    /// Whether it falls to this feed to write the instruments.
    var leads: Bool { shards.map { $0.owner(of: "instruments") == shardName } ?? true }

    /// Whether the feed is to keep its symbols: the venue can be reached, or was a moment ago, or no
    /// other feed could do better.
    package func isFit(now: Instant) -> Bool {
        (shards?.count ?? 1) <= 1 || now - reachedAt < FeedDesk.unfitAfter
    }

    /// Longer than a usual reconnection takes.
    private static let unfitAfter = Interval.seconds(3)

    /// Notes whether the venue can be reached.
    mutating func watchReach(_ now: Instant) {
        let isReached = configuration.venue.quoteKinds.allSatisfy { kind in
            isConnected(kind) || !symbols.indices.contains { isFollowed($0, kind) }
        }
        if isReached { reachedAt = now }
    }

    /// Whether the feed may speak for its symbols at that time.
    package func mayPublish(now: Instant) -> Bool { shards?.isHeld(now: now) ?? true }

    func owns(_ symbol: Symbol) -> Bool { shards?.owns(symbol) ?? true }

    /// Takes up what falls to this feed now, and leaves what does not.
    private mutating func share(_ now: Instant, _ out: inout [FeedAction]) {
        for slot in symbols.indices where isUsed(slot) {
            let isMine = owns(symbols[slot].symbol)
            guard isMine != symbols[slot].isOwned else { continue }
            symbols[slot].isOwned = isMine
            symbols[slot].lostAt = isMine ? nil : now
            if isMine {
                symbols[slot].isGraceOver = false
                symbols[slot].continueSequence(after: firstSequence)
                publishKnown(slot, &out)
            }
        }
        for symbol in demanded.sorted() where slots.slot(of: symbol) == nil && owns(symbol) {
            follow(symbol, &out)
        }
        settleStreams(now, &out)
    }
}

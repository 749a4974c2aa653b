import Chronology
import Quotes
import Trading

/// What is done about a book's stream that falls silent (B3d, T3).
///
/// REST is asked first: where it shows the same levels, nothing has happened there, and it is asked
/// again now and then. Where it shows others the book goes on from there, and the stream is dead: it
/// is asked for anew, then moved, then left to REST, each step told once.
extension FeedDesk {
    mutating func recoverDepth(_ now: Instant, _ out: inout [FeedAction]) {
        for slot in symbols.indices where books[slot]?.book.isLive == true {
            guard isFollowed(slot, .depth), isDepthSubscribed(slot) else { continue }
            if isDepthSilent(slot, now) {
                checkDepth(slot, now)
                recoverDepth(slot, now, &out)
            } else {
                depthSpoke(slot, &out)
            }
        }
    }

    private func isDepthSubscribed(_ slot: Int) -> Bool {
        let stream = symbols[slot].streams[FeedKind.depth.position]
        guard let number = stream.socket, sockets[number].isOpen else { return false }
        return stream.subscribedAt != nil
    }

    private func isDepthSilent(_ slot: Int, _ now: Instant) -> Bool {
        let stream = symbols[slot].streams[FeedKind.depth.position]
        return now - max(symbols[slot].depthReceived, stream.followedAt) > configuration.staleAfter
    }

    /// Whether what a book shows is known to be of now, by its stream or by REST.
    func isDepthFresh(_ slot: Int, _ now: Instant) -> Bool {
        guard let held = books[slot] else { return false }
        if !isDepthSilent(slot, now) { return true }
        let limit = held.isSuspect ? configuration.staleAfter : FeedDesk.quietCheck * 2
        return now - held.answeredAt <= limit
    }

    /// Between two questions about a book that is quiet: they weigh twenty each.
    private static let quietCheck = Interval.seconds(60)

    private mutating func checkDepth(_ slot: Int, _ now: Instant) {
        let pause = books[slot]?.isSuspect == true ? configuration.askEvery : FeedDesk.quietCheck
        guard let held = books[slot], now - held.checkedAt >= pause else { return }
        books[slot]?.checkedAt = now
        books[slot]?.book.refreshBegun()
        books[slot]?.isSnapshotDue = true
    }

    private mutating func recoverDepth(
        _ slot: Int, _ now: Instant, _ out: inout [FeedAction]
    ) {
        let stream = symbols[slot].streams[FeedKind.depth.position]
        let last = max(stream.stepAt, stream.subscribedAt ?? .distantPast)
        guard books[slot]?.isSuspect == true, now - last > configuration.staleAfter else { return }
        switch stream.step {
        case .none:
            resubscribe(slot, .depth)
            books[slot]?.connectionChanged()
            take(.resubscribed, .resubscribed, slot, now, &out)
        case .resubscribed:
            move([slot], .depth, now, &out)
            books[slot]?.connectionChanged()
        case .moved: take(.asked, .asked, slot, now, &out)
        case .asked: return
        }
    }

    private mutating func take(
        _ step: FeedStream.Step, _ event: FeedNote.Event, _ slot: Int, _ now: Instant,
        _ out: inout [FeedAction]
    ) {
        self.step(slot, .depth, step, now)
        out.append(.note(FeedNote(event, symbols[slot].symbol.name, FeedKind.depth.label)))
    }

    private mutating func depthSpoke(_ slot: Int, _ out: inout [FeedAction]) {
        let place = FeedKind.depth.position
        books[slot]?.isSuspect = false
        books[slot]?.checkedAt = .distantPast
        guard symbols[slot].streams[place].step != .none,
            symbols[slot].depthReceived >= symbols[slot].streams[place].stepAt
        else { return }
        symbols[slot].streams[place].step = .none
        out.append(.note(FeedNote(.recovered, symbols[slot].symbol.name, FeedKind.depth.label)))
    }

    /// A snapshot has come: what it says of a stream that was silent.
    mutating func depthCompared(_ slot: Int, _ snapshot: DepthChange, _ now: Instant) {
        guard isDepthSilent(slot, now), let held = books[slot] else { return }
        books[slot]?.answeredAt = now
        guard held.book.isLive else { return }
        books[slot]?.isSuspect = held.isSuspect || !held.book.shows(sameAs: snapshot)
    }
}

import BusProtocol
package import Bytes
package import Chronology
package import Quotes
import Throttles
package import Trading
import VenueProtocol

/// Books by levels, for the symbols that ask for them.
///
/// The stream's changes wait until a snapshot has come by REST; a gap asks for another. A book that
/// waits shows nothing.
extension FeedDesk {
    mutating func depthReceived(_ bytes: RawSpan, _ now: Instant) -> FrameEffect {
        do throws(FrameProblem) {
            try configuration.venue.depth(bytes, into: &depthFrame)
        } catch {
            return refused(error, .depth, bytes)
        }
        guard let slot = slots.slot(of: bytes.extracting(depthFrame.symbol)), books[slot] != nil
        else { return refused(.unknownSymbol, .depth) }
        depthFrames &+= 1
        symbols[slot].depthReceived = now
        switch books[slot]?.book.changeReceived(depthFrame.change) {
        case .applied: return depthChanged(slot, now)
        case .old: return .duplicate(slot: slot)
        case .held: return .waiting(slot: slot, isNews: needsSnapshot(slot))
        case .needsSnapshot(let loss):
            bookLosses &+= 1
            lastLoss = loss
            return .waiting(slot: slot, isNews: needsSnapshot(slot))
        case nil: return .duplicate(slot: slot)
        }
    }

    private mutating func depthChanged(_ slot: Int, _ now: Instant) -> FrameEffect {
        guard symbols[slot].isOwned else {
            return .levels(slot: slot, publish: false, store: false)
        }
        return .levels(
            slot: slot, publish: depthPublishing.offered(slot, now: now),
            store: depthStoring.offered(slot, now: now))
    }

    /// Whether a snapshot has to be asked for that is not on its way.
    private mutating func needsSnapshot(_ slot: Int) -> Bool {
        guard books[slot]?.askedAt == nil else { return false }
        books[slot]?.isSnapshotDue = true
        return true
    }

    /// Asks for the snapshots that are due.
    package mutating func booksDue(now: Instant, _ out: inout [FeedAction]) {
        var due: [Symbol] = []
        for slot in symbols.indices where books[slot] != nil {
            guard let number = symbols[slot].streams[FeedKind.depth.position].socket,
                sockets[number].isOpen,
                symbols[slot].streams[FeedKind.depth.position].subscribedAt != nil
            else { continue }
            if books[slot]?.book.isShallow == true, books[slot]?.book.isRefreshing == false {
                books[slot]?.book.refreshBegun()
                books[slot]?.isSnapshotDue = true
            }
            if books[slot]?.ask(now: now) == true { due.append(symbols[slot].symbol) }
        }
        if !due.isEmpty { out.append(.ask(.depth, due)) }
    }

    /// A snapshot has come.
    package mutating func depthAnswered(
        _ symbol: Symbol, _ snapshot: DepthChange, now: Instant, _ out: inout [FeedAction]
    ) {
        guard let slot = slots.slot(of: symbol), books[slot] != nil else { return }
        depthCompared(slot, snapshot, now)
        let isCheck = books[slot]?.book.isLive == true
        switch books[slot]?.book.snapshotReceived(snapshot) {
        case .applied:
            books[slot]?.askedAt = nil
            books[slot]?.failures = 0
            books[slot]?.snapshots += 1
            snapshotsTaken &+= 1
            if (books[slot]?.snapshots ?? 0) > 1, !isCheck {
                out.append(.note(FeedNote(.bookResynced, symbol.name)))
            }
            tell(slot, now, &out)
        case .old: books[slot]?.askedAt = nil
        case .held, .needsSnapshot: books[slot]?.askFailed(now: now)
        case nil: break
        }
    }

    /// No snapshot came.
    package mutating func depthFailed(
        _ symbol: Symbol, reason: String, now: Instant, _ out: inout [FeedAction]
    ) {
        guard let slot = slots.slot(of: symbol), books[slot] != nil else { return }
        if books[slot]?.failures == 0 {
            out.append(.note(FeedNote(.bookSnapshotFailed, symbol.name, reason)))
        }
        books[slot]?.askFailed(now: now)
    }

    private mutating func tell(_ slot: Int, _ now: Instant, _ out: inout [FeedAction]) {
        guard case .levels(_, let publish, let store) = depthChanged(slot, now) else { return }
        if publish { out.append(.publishDepth(slot)) }
        if store { out.append(.storeDepth(slot)) }
    }

    // MARK: life

    /// Makes books for the symbols that ask for one, and drops those nobody wants any more.
    mutating func settleBooks() {
        while books.count < symbols.count { books.append(nil) }
        for slot in symbols.indices {
            let isWanted = isFollowed(slot, .depth)
            if isWanted, books[slot] == nil {
                books[slot] = FeedBook(configuration.venue.bookRule)
                books[slot]?.isSnapshotDue = true
            } else if !isWanted, books[slot] != nil {
                books[slot] = nil
                depthPublishing.cancel(slot)
                depthStoring.cancel(slot)
            }
        }
    }

    /// The depth streams of a socket begin anew, or are gone.
    mutating func booksLost(on number: Int) {
        for slot in symbols.indices
        where symbols[slot].streams[FeedKind.depth.position].socket == number {
            books[slot]?.connectionChanged()
        }
    }

    /// A second has passed: snapshots, quiet books that are to stay in their key, silent sockets.
    mutating func watchBooks(_ now: Instant, _ out: inout [FeedAction]) {
        recoverDepth(now, &out)
        booksDue(now: now, &out)
        for slot in symbols.indices {
            // A book that nobody vouches for any more leaves its key by itself.
            guard let held = books[slot], held.book.isLive, symbols[slot].isOwned,
                now - held.storedAt >= FeedDesk.bookRefresh, isDepthFresh(slot, now)
            else { continue }
            out.append(.storeDepth(slot))
        }
        for number in sockets.indices
        where sockets[number].kind == .depth && sockets[number].isOpen && carriesStreams(number) {
            let silence = now - heard[number]
            guard silence > configuration.staleAfter * 3, sockets[number].takeover == nil,
                !isQuiet(number, now)
            else { continue }
            replace(number, 1, &out)
        }
    }

    /// Whether REST vouches for every book of a silent socket.
    private func isQuiet(_ number: Int, _ now: Instant) -> Bool {
        let place = FeedKind.depth.position
        return symbols.indices.allSatisfy { slot in
            guard symbols[slot].streams[place].socket == number, let held = books[slot] else {
                return true
            }
            return held.book.isLive && !held.isSuspect && isDepthFresh(slot, now)
        }
    }

    /// How often a book without changes is written again, well within its key's life.
    private static let bookRefresh = Interval.seconds(4)

    // MARK: output

    /// The next slot whose levels were held back and are due.
    package mutating func popDepthPublish(now: Instant) -> Int? {
        depthPublishing.popDue(now: now)
    }

    /// The next slot whose levels are to be written to their key.
    package mutating func popDepthStore(now: Instant) -> Int? { depthStoring.popDue(now: now) }

    /// Writes the message of a slot's best levels; false, and nothing written, where it has none now.
    /// - Parameter isStored: whether it goes to the key.
    package mutating func writeDepth(
        _ slot: Int, symbol: RawSpan, now: Instant, wall: WallTime, isStored: Bool,
        into out: inout ByteWriter
    ) -> Bool {
        guard slot < books.count, books[slot]?.book.isLive == true, let book = books[slot] else {
            return false
        }
        if isStored {
            books[slot]?.storedAt = now
        } else {
            books[slot]?.published += 1
        }
        DepthMessage.write(
            book.book, symbol: symbol,
            sequence: symbols[slot].firstSequence + (books[slot]?.published ?? 0),
            publishTime: wall.milliseconds, into: &out)
        return true
    }

    /// The book of a symbol, where it is asked for.
    package func book(at slot: Int) -> LocalBook? {
        slot < books.count ? books[slot]?.book : nil
    }

    /// Books followed, and how many of them show levels.
    package var bookCounts: (followed: Int, live: Int) {
        (books.count { $0 != nil }, books.count { $0?.book.isLive == true })
    }
}

package import Trading

/// A venue's book kept at home: a snapshot and the changes after it.
///
/// 1. A change is applied only where its numbers follow on those before; a gap makes the book wait
///    for a new snapshot, and meanwhile it shows no levels.
/// 2. Changes that come before the snapshot wait in a queue of `Limits.heldChanges`; when it is
///    full the oldest leave, since a snapshot that is asked for now is younger.
/// 3. A live book is never crossed: a change that would cross it makes it wait for a snapshot.
/// 4. At most `Limits.levels` levels a side are kept, the best ones. Behind a snapshot's end only
///    levels that have changed since are known: when the market has moved that far the book
///    `isShallow`, and may be given a new snapshot while it stays live.
/// 5. Applying a change to a live book allocates nothing.
///
/// Sources: Binance, "How to manage a local order book correctly" (futures and spot); MEXC, "How to
/// properly maintain a local copy of the order book".
package struct LocalBook: Sendable {
    /// How the numbers of two changes follow one another.
    package enum Rule: Sendable {
        /// Each names its predecessor (`pu`): Binance futures, where numbers run over all symbols.
        case previousID
        /// Each begins one after the last (`U`, `fromVersion`): Binance spot, MEXC.
        case consecutive
    }

    package struct Limits: Equatable, Sendable {
        /// Levels kept a side: more than a snapshot of 1,000 and what a day adds behind it.
        package var levels = 2_000
        /// Levels a side that snapshots are asked for; one with fewer shows the whole side.
        package var snapshotLevels = 1_000
        /// Changes kept before the snapshot: at 10 a second, 25 s, far longer than a REST call.
        package var heldChanges = 256
        /// Levels that are shown: `isShallow` is about these.
        package var shownLevels = 20

        package init() {}
    }

    private let rule: Rule
    private let limits: Limits
    private var bids: BookSide
    private var asks: BookSide
    /// Changes that came before a snapshot, oldest first from `heldStart`, in a ring.
    private var held: ContiguousArray<DepthChange> = []
    private var heldStart = 0
    /// Whether a change has followed the snapshot.
    private var isAnchored = false
    /// Whether levels are shown.
    package private(set) var isLive = false
    /// Whether a live book waits for a new snapshot.
    package private(set) var isRefreshing = false
    /// The number of the last update that the book holds.
    package private(set) var lastID: Int64 = 0
    /// The venue's time of the last update, epoch milliseconds; 0 where it gives none.
    package private(set) var timeMilliseconds: Int64 = 0

    package init(rule: Rule, limits: Limits = Limits()) {
        precondition(limits.levels > 0 && limits.heldChanges > 0, "a book has room")
        self.rule = rule
        self.limits = limits
        bids = BookSide(isBid: true, capacity: limits.levels)
        asks = BookSide(isBid: false, capacity: limits.levels)
    }

    // MARK: what it shows

    /// Levels of a side; zero while the book is not live.
    package func count(_ side: Side) -> Int {
        guard isLive else { return 0 }
        return side == .buy ? bids.levels.count : asks.levels.count
    }

    /// The level of a side that is `depth` behind the best; `depth` is below `count`.
    @inline(__always)
    package func level(_ side: Side, _ depth: Int) -> BookLevel {
        precondition(isLive, "a book that is not live shows no levels")
        return side == .buy
            ? bids.levels[bids.levels.count - 1 - depth]
            : asks.levels[asks.levels.count - 1 - depth]
    }

    /// The best levels of a side, best first; for what is not hot.
    package func levels(_ side: Side, atMost limit: Int) -> [BookLevel] {
        (0..<min(limit, count(side))).map { level(side, $0) }
    }

    /// Whether the market has moved so far from the snapshot that a level that is shown may be
    /// missing: call `refreshBegun()` and ask for a snapshot.
    package var isShallow: Bool {
        isLive && (bids.isShallow(limits.shownLevels) || asks.isShallow(limits.shownLevels))
    }

    /// Whether a snapshot shows the same best levels.
    package func shows(sameAs snapshot: DepthChange) -> Bool {
        isLive && isSame(.buy, snapshot.bids) && isSame(.sell, snapshot.asks)
    }

    private func isSame(_ side: Side, _ levels: ContiguousArray<BookLevel>) -> Bool {
        let shown = min(limits.shownLevels, count(side))
        guard shown == min(limits.shownLevels, levels.count) else { return false }
        return (0..<shown).allSatisfy { level(side, $0) == levels[$0] }
    }

    // MARK: events

    /// A new connection: what was held belongs to the old one.
    package mutating func connectionChanged() { lose() }

    /// A live book is to get a new snapshot: it goes on, and keeps the changes that come meanwhile.
    package mutating func refreshBegun() {
        if isLive { isRefreshing = true }
    }

    /// Takes in one change of the stream.
    package mutating func changeReceived(_ change: DepthChange) -> BookOutcome {
        guard isLive else {
            hold(change)
            return .held
        }
        if isOld(change, lastID, isAnchored) { return .old }
        guard follows(change, lastID, isAnchored) else {
            lose()
            hold(change)
            return .needsSnapshot(.gap)
        }
        if isRefreshing { hold(change) }
        apply(change)
        return settled()
    }

    /// Takes in a snapshot, whose number is its `lastID`, and then the changes held that follow it.
    ///
    /// One that the changes held do not reach back to changes nothing: a live book goes on, another
    /// waits for a younger one.
    package mutating func snapshotReceived(_ snapshot: DepthChange) -> BookOutcome {
        if isLive, !isRefreshing { return .old }
        guard let first = firstHeld(after: snapshot) else {
            return isLive ? .old : .needsSnapshot(.gap)
        }
        bids.fill(snapshot.bids, isWhole: snapshot.bids.count < limits.snapshotLevels)
        asks.fill(snapshot.asks, isWhole: snapshot.asks.count < limits.snapshotLevels)
        lastID = snapshot.lastID
        timeMilliseconds = snapshot.transactionMilliseconds
        isAnchored = false
        isLive = true
        for offset in first..<held.count { apply(held[(heldStart + offset) % held.count]) }
        releaseHeld()
        return settled()
    }

    // MARK: numbers

    /// Where in the queue the changes that follow a snapshot begin; nil where there is a gap. The
    /// changes before a gap are forgotten.
    private mutating func firstHeld(after snapshot: DepthChange) -> Int? {
        var last = snapshot.lastID
        var hasFollowed = false
        var first = held.count
        for offset in 0..<held.count {
            let place = (heldStart + offset) % held.count
            if isOld(held[place], last, hasFollowed) { continue }
            guard follows(held[place], last, hasFollowed) else {
                if !isLive { keepHeld(from: offset) }
                return nil
            }
            if !hasFollowed { first = offset }
            hasFollowed = true
            last = held[place].lastID
        }
        // A live book has gone on further than what it kept: the snapshot is from before that.
        return isLive && last < lastID ? nil : first
    }

    private func isOld(_ change: DepthChange, _ last: Int64, _ isAnchored: Bool) -> Bool {
        // Futures name the predecessor: the first event may end at the snapshot's number.
        rule == .previousID && !isAnchored ? change.lastID < last : change.lastID <= last
    }

    private func follows(_ change: DepthChange, _ last: Int64, _ isAnchored: Bool) -> Bool {
        switch rule {
        case .previousID:
            change.previousID == last
                || !isAnchored && change.firstID <= last && last <= change.lastID
        case .consecutive: change.firstID <= last + 1
        }
    }

    // MARK: levels

    private mutating func apply(_ change: DepthChange) {
        for level in change.bids { bids.set(level) }
        for level in change.asks { asks.set(level) }
        lastID = change.lastID
        timeMilliseconds = change.transactionMilliseconds
        isAnchored = true
    }

    private mutating func settled() -> BookOutcome {
        guard let bid = bids.best, let ask = asks.best, bid.price >= ask.price else {
            return .applied
        }
        lose()
        return .needsSnapshot(.crossed)
    }

    // MARK: waiting

    private mutating func lose() {
        bids.removeAll()
        asks.removeAll()
        isLive = false
        isAnchored = false
        lastID = 0
        releaseHeld()
    }

    private mutating func releaseHeld() {
        isRefreshing = false
        held.removeAll(keepingCapacity: false)
        heldStart = 0
    }

    private mutating func hold(_ change: DepthChange) {
        if held.count < limits.heldChanges {
            held.append(change)
        } else {
            held[heldStart] = change
            heldStart = (heldStart + 1) % held.count
        }
    }

    private mutating func keepHeld(from offset: Int) {
        let count = held.count
        held = ContiguousArray((offset..<count).map { held[(heldStart + $0) % count] })
        heldStart = 0
    }
}

/// What became of a change or a snapshot.
package enum BookOutcome: Equatable, Sendable {
    /// The book has changed, or has become live.
    case applied
    /// It waits for a snapshot.
    case held
    /// It lies before what the book holds; nothing has changed.
    case old
    /// The book is not live: ask for a (younger) snapshot.
    case needsSnapshot(BookLoss)
}

/// Why a book is not to be trusted.
package enum BookLoss: String, Sendable, CaseIterable {
    case gap
    case crossed
}

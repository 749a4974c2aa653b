import Chronology
import Quotes

/// A symbol's book by levels, and how it stands with its snapshot.
struct FeedBook {
    var book: LocalBook
    /// Messages published.
    var published: Int64 = 0
    /// A snapshot is to be asked for.
    var isSnapshotDue = false
    /// When a snapshot was last asked for, while none has come.
    var askedAt: Instant?
    /// Failures in a row: the pause before the next snapshot doubles.
    var failures = 0
    /// Earliest time of the next.
    var nextAskAt = Instant.distantPast
    /// When the levels were last written to their key.
    var storedAt = Instant.distantPast
    /// While its stream is silent: when REST was last asked for it, and last gave it.
    var checkedAt = Instant.distantPast
    var answeredAt = Instant.distantPast
    /// REST has said other than the silent stream: it is dead, not quiet.
    var isSuspect = false
    /// Snapshots taken since the stream began; the first is no resync.
    var snapshots = 0

    init(_ rule: LocalBook.Rule) { book = LocalBook(rule: rule) }

    mutating func connectionChanged() {
        book.connectionChanged()
        isSnapshotDue = true
    }

    /// Whether to ask for a snapshot now; counts it if so.
    mutating func ask(now: Instant) -> Bool {
        if let askedAt, now - askedAt < FeedBook.patience { return false }
        guard isSnapshotDue, now >= nextAskAt else { return false }
        isSnapshotDue = false
        askedAt = now
        nextAskAt = now + .milliseconds(500)
        return true
    }

    /// No snapshot came, or one that does not fit.
    mutating func askFailed(now: Instant) {
        askedAt = nil
        isSnapshotDue = true
        nextAskAt = now + .seconds(min(30, 1 << Int64(min(failures, 5))))
        failures += 1
    }

    /// Longer than the deadline of the call.
    private static let patience = Interval.seconds(10)
}

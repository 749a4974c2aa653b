import Chronology
import Trading

/// What was read of Redis a moment ago for the checks of orders: while a book sends one after the
/// other, the next is checked by it, and it is read anew beside.
///
/// 1. Nothing older than `lifetime` is given out; how fresh price and risk are in themselves their own
///    times say, and the checks decide by those.
/// 2. A book has one reading under way at most.
/// 3. What an account's orders are checked by never goes back behind a journal entry that its risk
///    snapshot counted in an earlier check, in whichever book: what was set aside for the fills up to
///    there is set aside no more.
struct FactsMemory {
    /// What an order's facts are of.
    struct Book: Hashable {
        let account: AccountID
        let symbol: Symbol
    }

    private struct Entry {
        var facts: MarketFacts
        var readAt: Instant
    }

    /// A tenth of a second: little beside the 3 s and 10 s that price and risk may be old.
    static let lifetime = Interval.milliseconds(100)
    /// After this long they are read anew when they are used.
    static let freshness = Interval.milliseconds(25)
    /// Books at a time; when there are more, all are read anew.
    static let limit = 1_000

    private var entries: [Book: Entry] = [:]
    /// The journal entry up to which an account's newest snapshot counts.
    private var counted: [AccountID: Int64] = [:]
    private var reading: Set<Book> = []

    /// The facts of a book, where they were read just now.
    func facts(_ book: Book, now: Instant) -> MarketFacts? {
        guard let entry = entries[book], now - entry.readAt <= FactsMemory.lifetime,
            entry.facts.riskSequence >= counted[book.account, default: 0]
        else { return nil }
        return entry.facts
    }

    /// Whether the facts that were given out are to be read anew; true once, until `keep` or `fail`.
    mutating func isDue(_ book: Book, now: Instant) -> Bool {
        if let entry = entries[book], now - entry.readAt < FactsMemory.freshness { return false }
        return reading.insert(book).inserted
    }

    /// - Parameter readAt: when Redis was asked.
    mutating func keep(_ facts: MarketFacts?, of book: Book, readAt: Instant) {
        reading.remove(book)
        guard var facts else {
            entries[book] = nil
            return
        }
        if entries.count >= FactsMemory.limit, entries[book] == nil { forget() }
        counted[book.account] = max(counted[book.account, default: 0], facts.riskSequence)
        if let entry = entries[book], entry.readAt > readAt { return }
        facts.readAt = readAt
        entries[book] = Entry(facts: facts, readAt: readAt)
    }

    /// What was read counts no more: Redis is away, or another has led meanwhile.
    mutating func forget() {
        entries = [:]
        counted = [:]
    }
}

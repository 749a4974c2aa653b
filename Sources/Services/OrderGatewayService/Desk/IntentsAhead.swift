import Chronology
import Trading

/// Which intents are on their way to Redis while their orders are on theirs to the venue, and which
/// orders may go like that (B2e).
///
/// Redis' answer for an intent says two things: that the id was not used before, and that the intent is
/// kept. An order whose bytes do not wait for it needs both from elsewhere: all ids that Redis has are
/// known here, and the last intents were kept, and kept in time.
struct IntentsAhead: Sendable {
    /// Orders without an answer for their intents at one time.
    static let maximum = 32
    /// How long Redis may take for an intent before the next order waits for it.
    static let patience = Interval.milliseconds(100)
    /// Ids that are remembered before they are read anew, without those that Redis has forgotten.
    static let capacity = 250_000

    private struct Entry {
        let id: ClientOrderID
        let token: Int64
        let at: Instant
    }

    /// A number for each id; two that share one only make an order wait.
    private var used: Set<UInt64> = []
    private var limit = IntentsAhead.capacity
    private var isWhole = false
    /// Whether Redis has kept the intent that it answered for last.
    private var keeps = false
    private var underway: [Entry] = []
    /// Orders whose intents Redis did not keep, until it has their records.
    private var unkept: Set<ClientOrderID> = []
    /// Numbers the readings of ids, so that pages of an earlier one are known as such.
    private(set) var reading: Int64 = 0
    /// When the ids are to be read; nil while they are, or are known.
    private(set) var readAt: Instant?

    // MARK: ids

    /// Redis was read anew, or holds fewer ids than are remembered.
    mutating func startReading() -> Int64 {
        if used.count >= limit { used = [] }
        isWhole = false
        keeps = false
        readAt = nil
        reading += 1
        return reading
    }

    /// A page of the ids that Redis has.
    mutating func read(_ number: Int64, _ ids: [ClientOrderID], isLast: Bool) {
        guard number == reading else { return }
        for id in ids { used.insert(id.spread) }
        guard isLast else { return }
        isWhole = true
        limit = max(IntentsAhead.capacity, used.count * 2)
    }

    /// Redis did not give them.
    mutating func readingFailed(_ number: Int64, now: Instant) {
        if number == reading { readAt = now + .seconds(1) }
    }

    /// An id that Redis has from now on, or may have.
    mutating func use(_ id: ClientOrderID, now: Instant) {
        used.insert(id.spread)
        if isWhole, used.count >= limit {
            isWhole = false
            readAt = now
        }
    }

    // MARK: intents

    /// Whether the order of an id may leave before Redis has answered for its intent.
    func admits(_ id: ClientOrderID, now: Instant) -> Bool {
        guard isWhole, keeps, underway.count < IntentsAhead.maximum else { return false }
        if let first = underway.first, now - first.at > IntentsAhead.patience { return false }
        return !used.contains(id.spread)
    }

    /// Whether the intent of an order is on its way.
    func holds(_ id: ClientOrderID) -> Bool { underway.contains { $0.id == id } }

    /// Whether an order went ahead of its intent, and Redis did not keep that, and has no record yet.
    func hasLost(_ id: ClientOrderID) -> Bool { !unkept.isEmpty && unkept.contains(id) }

    /// Redis has the record of an order.
    mutating func kept(_ id: ClientOrderID) {
        if !unkept.isEmpty { unkept.remove(id) }
    }

    mutating func left(_ id: ClientOrderID, token: Int64, now: Instant) {
        underway.append(Entry(id: id, token: token, at: now))
    }

    /// Redis answered for an intent, or never will; the token of its save where its order has left.
    /// - Parameter isKept: it has it, or had its id before.
    mutating func answered(_ id: ClientOrderID, isKept: Bool) -> Int64? {
        keeps = isKept
        guard let index = underway.firstIndex(where: { $0.id == id }) else { return nil }
        if !isKept { unkept.insert(id) }
        return underway.remove(at: index).token
    }
}

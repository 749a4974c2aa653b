import BusProtocol
import Reactor
import RedisLink
import Trading

/// Reads the ledger's journal from its newest entry back, page by page.
@LoopActor struct JournalPages {
    private let redis: RedisClient
    private let keys: BusKeys

    /// Entries read at a time.
    static let page = 1_000

    private var end: String? = "+"

    init(redis: RedisClient, keys: BusKeys) {
        self.redis = redis
        self.keys = keys
    }

    /// The next page, its newest entry first; nil where there are no more.
    mutating func next() async throws -> [LedgerEntry]? {
        guard let end else { return nil }
        let outcome = await redis.send([
            "XREVRANGE", keys.ledger, end, "-", "COUNT", "\(JournalPages.page)",
        ])
        guard let rows = outcome.value?.elements else { throw SyncLoadFailure([outcome]) }
        let entries = try rows.map { row in try JournalPages.entry(row) }
        let isWhole = rows.count < JournalPages.page
        self.end = isWhole ? nil : entries.last.map { "(\($0.sequence)-0" }
        return entries
    }

    private static func entry(_ row: RedisValue) throws -> LedgerEntry {
        guard let fields = row.elements?.last?.fields else {
            throw SyncLoadFailure(reason: "the journal holds something else than entries")
        }
        do throws(RecordError) {
            return try LedgerEntry(fields: fields)
        } catch {
            throw SyncLoadFailure(reason: error.description)
        }
    }
}

/// Finds in the journal what a request's transfer moved, from its newest entry back.
struct TransferSearch {
    private let cause: String
    private var from: AccountID?
    private var to: AccountID?
    private var amount = Money.zero

    init(request: String) { cause = "command:\(request)" }

    /// Both ends, once they are found.
    var found: TransferBody? {
        guard let from, let to else { return nil }
        return TransferBody(from: from, to: to, amount: amount)
    }

    /// Takes an entry; true where everything is known.
    mutating func entryRead(_ entry: LedgerEntry) -> Bool {
        guard entry.kind == .transfer, entry.cause == cause else { return false }
        if entry.quantity.isNegative { from = entry.account } else { to = entry.account }
        amount = Money(units: entry.quantity.magnitude.units)
        return found != nil
    }
}

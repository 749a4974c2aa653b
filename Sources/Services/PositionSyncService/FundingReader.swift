import BusProtocol
import Chronology
import Positions
import Reactor
import RedisLink
import Trading
import VenueProtocol

/// Finds funding that the books do not have, and what each book held when it was due.
@LoopActor struct FundingReader {
    let redis: RedisClient
    let keys: BusKeys
    let settlementAsset: String

    /// Entries read at a time, and pages at most: past them a payment waits for a person.
    private static let page = 1_000
    private static let pages = 100

    /// The payments among these that are not booked, ascending by time. One from before the journal
    /// tells what the books held is left out.
    func missing(
        _ payments: [FundingPayment], _ books: SyncBooks
    ) async throws -> [SharedFunding] {
        var open: [FundingPayment] = []
        for payment in payments where payment.asset == settlementAsset {
            let identity = "funding:\(payment.transactionID)"
            let outcome = await redis.send(["ZSCORE", keys.trades(payment.symbol), identity])
            guard let score = outcome.value else { throw SyncLoadFailure([outcome]) }
            if score.isNull { open.append(payment) }
        }
        guard let earliest = open.map(\.timeMilliseconds).min() else { return [] }
        let journal = try await entries(since: earliest)
        return open.sorted {
            ($0.timeMilliseconds, $0.transactionID) < ($1.timeMilliseconds, $1.transactionID)
        }.compactMap { payment in
            guard payment.timeMilliseconds >= journal.from else { return nil }
            return SharedFunding(
                symbol: payment.symbol, amount: payment.amount,
                transactionID: payment.transactionID, atMilliseconds: payment.timeMilliseconds,
                holdings: FundingReader.holdings(payment, books, journal.entries))
        }
    }

    /// What the books held at a payment's time: what they hold now, less what changed since.
    static func holdings(
        _ payment: FundingPayment, _ books: SyncBooks, _ entries: [LedgerEntry]
    ) -> [AccountID: Quantity] {
        var holdings: [AccountID: Quantity] = [:]
        for (account, positions) in books.positions {
            if let position = positions[payment.symbol] { holdings[account] = position.quantity }
        }
        for entry in entries
        where entry.symbol == payment.symbol && entry.atMilliseconds > payment.timeMilliseconds
            && entry.sequence <= books.sequence
        {
            switch entry.kind {
            case .fill, .flipClose, .flipOpen, .virtualClose, .adjustment:
                guard let side = entry.side else { continue }
                holdings[entry.account, default: .zero] -= side.signed(entry.quantity)
            case .deposit, .transfer, .funding: continue
            }
        }
        return holdings.filter { !$0.value.isZero }
    }

    /// The newest entries back to a time, and from when on they are all there.
    private func entries(
        since milliseconds: Int64
    ) async throws -> (entries: [LedgerEntry], from: Int64) {
        var entries: [LedgerEntry] = []
        var end = "+"
        for _ in 0..<FundingReader.pages {
            let outcome = await redis.send([
                "XREVRANGE", keys.ledger, end, "-", "COUNT", "\(FundingReader.page)",
            ])
            guard let rows = outcome.value?.elements else { throw SyncLoadFailure([outcome]) }
            for row in rows {
                guard let fields = row.elements?.last?.fields else {
                    throw SyncLoadFailure(reason: "the journal holds something else than entries")
                }
                do throws(RecordError) {
                    entries.append(try LedgerEntry(fields: fields))
                } catch {
                    throw SyncLoadFailure(reason: error.description)
                }
            }
            guard let last = entries.last else { return ([], Int64.max) }
            // Trades may be entered a little out of their order.
            if last.atMilliseconds < milliseconds - 60_000 { return (entries, milliseconds) }
            // The first entry there ever was: before it nobody held anything.
            if last.sequence == 1 { return (entries, last.atMilliseconds) }
            if rows.count < FundingReader.page { return (entries, last.atMilliseconds) }
            end = "(\(last.sequence)-0"
        }
        return (entries, entries.last?.atMilliseconds ?? Int64.max)
    }
}

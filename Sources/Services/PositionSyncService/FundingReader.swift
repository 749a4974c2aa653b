package import BusProtocol
import Chronology
package import Positions
import Reactor
import RedisLink
import Trading
package import VenueProtocol

/// Finds funding that the books do not have, and what each book held when it was due.
@LoopActor struct FundingReader {
    let redis: RedisClient
    let keys: BusKeys
    let settlementAsset: String

    /// What of these payments is to be booked.
    func reading(
        _ payments: [FundingPayment], _ books: SyncBooks
    ) async throws -> FundingReading {
        let own = payments.filter { $0.asset == settlementAsset }.sorted {
            ($0.timeMilliseconds, $0.transactionID) < ($1.timeMilliseconds, $1.transactionID)
        }
        var reading = FundingReading(books: books)
        guard !own.isEmpty else { return reading }
        let outcomes = await redis.send(
            all: own.map { ["ZSCORE", keys.trades($0.symbol), "funding:\($0.transactionID)"] })
        var open: [FundingPayment] = []
        for (payment, outcome) in zip(own, outcomes) {
            guard let score = outcome.value else { throw SyncLoadFailure([outcome]) }
            if score.isNull { open.append(payment) }
        }
        if let earliest = open.first?.timeMilliseconds {
            let history = try await history(since: earliest)
            reading.payments = open.compactMap { history.funding($0, books) }
        }
        let next = reading.payments.first?.transactionID
        reading.bookedUntil = own.prefix { $0.transactionID != next }.last?.timeMilliseconds
        return reading
    }

    /// The newest entries, as far back as something was booked after a time.
    private func history(since milliseconds: Int64) async throws -> FundingHistory {
        var history = FundingHistory()
        var pages = JournalPages(redis: redis, keys: keys)
        while let entries = try await pages.next() {
            history.entries += entries
            guard try await isBookedLater(entries, than: milliseconds) else { break }
        }
        return history
    }

    /// Whether entries of the journal before these may have been booked after a time. An entry's own
    /// time does not tell: a missed trade is booked long after it was made. When an oldest trade was
    /// booked stands beside its id.
    private func isBookedLater(
        _ entries: [LedgerEntry], than milliseconds: Int64
    ) async throws -> Bool {
        guard let trade = entries.last(where: { $0.tradeID != 0 }), let symbol = trade.symbol
        else { return true }
        let leg = TradeLeg(trade.tradeID, trade.side ?? .buy)
        let outcome = await redis.send(
            ["ZMSCORE", keys.trades(symbol), leg.text, "\(trade.tradeID)"])
        guard let scores = outcome.value?.elements else { throw SyncLoadFailure([outcome]) }
        // One that is not remembered was booked eight days ago.
        guard let bookedAt = scores.lazy.compactMap(\.text).compactMap({ Int64($0) }).first
        else { return false }
        return bookedAt >= milliseconds - FundingHistory.disorder
    }
}

/// The newest entries of the journal, from which it is told what the books held at a time.
package struct FundingHistory {
    /// The clocks of venue and stack may be this much apart, and trades entered this much out of
    /// their order, in milliseconds.
    static let disorder: Int64 = 60_000

    /// The newest first, none left out.
    package var entries: [LedgerEntry]

    package init(entries: [LedgerEntry] = []) { self.entries = entries }

    /// The payment with what the books held when it was due. Nil for one from before there were any
    /// books; one from before what the journal still tells is nobody's.
    package func funding(_ payment: FundingPayment, _ books: SyncBooks) -> SharedFunding? {
        var funding = SharedFunding(
            symbol: payment.symbol, amount: payment.amount, transactionID: payment.transactionID,
            atMilliseconds: payment.timeMilliseconds, holdings: [:])
        guard let oldest = entries.last else {
            // Nothing was ever booked.
            if books.sequence == 0 { return nil }
            funding.isUnknown = true
            return funding
        }
        if oldest.sequence == 1 {
            guard payment.timeMilliseconds >= oldest.atMilliseconds else { return nil }
        } else if payment.timeMilliseconds < oldest.atMilliseconds + FundingHistory.disorder {
            funding.isUnknown = true
            return funding
        }
        funding.holdings = holdings(payment, books)
        return funding
    }

    /// Each book's position after its newest entry, less what was traded since the payment's time. A
    /// book without an entry holds what it has held all the while. The books' records are not asked
    /// about the others: they may have been read before or after an entry.
    private func holdings(
        _ payment: FundingPayment, _ books: SyncBooks
    ) -> [AccountID: Quantity] {
        var holdings: [AccountID: Quantity] = [:]
        for entry in entries where entry.symbol == payment.symbol {
            if holdings[entry.account] == nil { holdings[entry.account] = entry.position }
            guard entry.atMilliseconds > payment.timeMilliseconds, let side = entry.side else {
                continue
            }
            switch entry.kind {
            case .fill, .flipClose, .flipOpen, .virtualClose, .adjustment, .feeInKind:
                holdings[entry.account, default: .zero] -= side.signed(entry.quantity)
            case .deposit, .transfer, .funding: continue
            }
        }
        for (account, positions) in books.positions where holdings[account] == nil {
            holdings[account] = positions[payment.symbol]?.quantity
        }
        return holdings.filter { !$0.value.isZero }
    }
}

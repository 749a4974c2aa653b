package import BusProtocol
package import Chronology
package import Positions
package import Trading

// PositionSyncService: keeps the books equal to the exchange. Every 30 s it compares the venue's net
// position with the sum of the books, brings in trades that were missed, and reports what is left.
// 1. Only the holder of the lease `sync` compares, and every write carries its fencing number.
// 2. An error is never a reading: nothing is concluded from a query that failed (R4).
// 3. A symbol is compared only where nothing moved while the venue was asked: its books unchanged,
//    its orders quiet for 2 s.
// 4. The books change by trades and funding of the venue, each by its id, through the ledger scripts
//    that apply an id once. Funding is split by what the books held when it was due, once all trades
//    up to then are in them (`FundingGate`).
//    A trade of nobody's order is split over the books that hold the position, all in one change (B4f).
// 5. A difference is confirmed when two error-free snapshots at least 10 s apart agree on it, and no
//    missed trade explains it. Then the books are corrected to the venue in one change, at mark: what
//    a book holds and the venue does not is closed there, the rest is the `external` book's (B4e).
//    The correction is of the books as they were seen; where one moved, nothing is changed.
// 6. A symbol that has differed for 60 s takes no new risk until it equals the venue.
// 7. A dry run finds and tells, and changes nothing.

/// What can happen to the sync desk. Answers carry the number of the request they answer.
package enum SyncEvent: Sendable {
    case redisUp
    case redisDown
    case leaseGained(fence: Int64)
    case leaseLost
    case booksRead(UInt64, SyncBooks)
    case venueRead(UInt64, SyncVenue)
    case anchorsRead(UInt64, TradeAnchors)
    /// Trades from the venue, ascending by id; `isFull` where the page may not be the last.
    case tradesRead(UInt64, [Fill], isFull: Bool)
    /// Which of the sides asked about the ledger has.
    case tradesChecked(UInt64, applied: Set<TradeLeg>)
    /// The client id of an order at the venue; nil where the venue has no such order.
    case orderRead(UInt64, clientOrderID: String?)
    /// An order's record in Redis; nil where there is none.
    case recordRead(UInt64, OrderRecord?)
    /// Somebody asks for a round, or for a transfer.
    case command(Command)
    /// What a transfer is decided on.
    case transferRead(UInt64, TransferReading)
    /// Funding that the books do not have yet.
    case fundingRead(UInt64, FundingReading)
    /// A request failed; `retryAfter` is zero where nothing was said.
    case failed(UInt64, reason: String, retryAfter: Interval)
    /// The answer to `apply`, by the command's token.
    case ledgerReplied(Int64, LedgerReply)
    /// The answer to `applyShared`, by the command's token.
    case sharedReplied(Int64, SharedReply)
    /// `nextWake` has come.
    case woken
}

/// What the sync desk wants done.
package enum SyncAction: Equatable, Sendable {
    /// Read journal number, books, balances, account codes and open orders from Redis.
    case readBooks(UInt64)
    /// Ask the venue for its positions and open orders.
    case askVenue(UInt64)
    /// Read from the symbol's applied trades the first, and the last written before a time.
    case readAnchors(UInt64, Symbol, writtenBefore: WallTime)
    /// Ask the venue for trades from an id on, or for the last days' where it is nil.
    case askTrades(UInt64, Symbol, fromID: Int64?)
    /// Look up which of these sides of trades are applied.
    case checkTrades(UInt64, Symbol, [TradeLeg])
    /// Ask the venue for an order by its venue id.
    case askOrder(UInt64, Symbol, orderID: Int64)
    /// Read an order's record from Redis.
    case readRecord(UInt64, ClientOrderID)
    /// Call the ledger script with this fencing number.
    case apply(LedgerCommand, fence: Int64)
    /// Call the shared trade script with this fencing number.
    case applyShared(SharedCommand, fence: Int64)
    /// Read the books, what of an account's money stands behind nothing, and whether the request's
    /// transfer is booked.
    case readTransfer(UInt64, from: AccountID, request: String)
    /// Ask the venue for funding since a time, and Redis for what each book held then.
    case readFunding(UInt64, sinceMilliseconds: Int64)
    case reply(Reply, to: String)
    /// Let the symbol take no new risk, and let it again.
    case reduce(Symbol, why: String)
    case release(Symbol)
    /// Remember the venue's money that no book was given.
    case saveOffset(Money)
    /// Write the status hash and set the metrics.
    case report(SyncRecord)
    case alert(Alert)
}

/// The limits of the sync desk.
package enum SyncLimits {
    /// Between comparisons that found nothing.
    package static let interval = Interval.seconds(30)
    /// An order that changed within this time is in flight: user events take under 0.1 s, a lost
    /// answer is asked about after 1 s.
    static let quiet = Interval.seconds(2)
    /// Trades younger than this are left to order-gateway, whose way takes a tenth of a second.
    static let graceOfTrades = Interval.seconds(5)
    /// Between the two snapshots that a report needs.
    static let confirmation = Interval.seconds(10)
    /// After a symbol was busy, or trades were applied.
    static let soon = Interval.seconds(1)
    /// After a failure without a stated pause.
    static let afterFailure = Interval.seconds(5)
    /// A request not answered by then counts as failed: a venue call's deadline is 10 s.
    static let answerDeadline = Interval.seconds(15)
    /// Applied trades written longer ago than this are where a search begins: everything before has
    /// been compared a hundred times.
    static let searchDepth = Interval.seconds(3_600)
    /// Trades asked for at a time: the venue's most.
    package static let tradePage = 1_000
    /// Pages read for one symbol in one round.
    static let tradePages = 10
    /// A difference that lasts this long stops new risk.
    static let explanation = Interval.seconds(60)
    /// A mark older than this books nothing.
    static let markAge = Interval.seconds(10)
    /// Between two questions for funding, which costs 30 of 2,400 a minute.
    static let fundingInterval = Interval.seconds(60)
    /// The same while a payment waits for its symbol's trades.
    static let fundingRetry = Interval.seconds(10)
    /// A payment waits this long at most for its symbol to be quiet, or its trades looked through.
    static let fundingPatience = Interval.seconds(600)
    /// How far back funding is looked for after a start: as long as this process may have been away.
    /// Booked ids are remembered for a day more.
    static let fundingDepth = Interval.seconds(7 * 86_400)
    /// Commands that may wait for a round to end.
    static let waitingCommands = 64
    /// Between two looks at the clock.
    static let wake = Interval.milliseconds(200)
}

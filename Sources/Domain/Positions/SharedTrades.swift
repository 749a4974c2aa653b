package import Trading

/// A trade that no order of ours made: it is split over the books (B4f).
package struct SharedTrade: Equatable, Sendable {
    package var fill: Fill
    package var origin: TradeOrigin
    /// The exchange's quantity step; zero where it is not known.
    package var step: Quantity
    /// What led to it: `stream`, `sync`.
    package var cause: String

    package init(fill: Fill, origin: TradeOrigin, step: Quantity, cause: String) {
        self.fill = fill
        self.origin = origin
        self.step = step
        self.cause = cause
    }
}

/// One call of the shared trade script: all books' changes by one trade, all or none.
package struct SharedCommand: Equatable, Sendable {
    /// Tells the answer to this call from those to others.
    package var token: Int64
    package var trade: SharedTrade
    /// One change a book, ascending by account.
    package var parts: [LedgerCommand]
}

/// What became of a call of the shared trade script; snapshots are in the order of the parts.
package enum SharedReply: Equatable, Sendable {
    case applied(sequence: Int64)
    /// The trade was applied before, by whomever; how things stand.
    case duplicate([LedgerSnapshot])
    /// A book has changed meanwhile; how things stand.
    case conflict([LedgerSnapshot])
    case fenced
    case wrong(String)
    /// No answer came: it may be applied or not.
    case unknown
    /// Redis is away and nothing was sent.
    case refused
}

/// Brings trades of nobody's order into the books, one at a time.
///
/// The shares are computed from the books as the ledger machine has them and hold only for those
/// versions: one call changes all books or none, and a book that has changed meanwhile makes the
/// shares anew. The trade's id is remembered in the same call, so that it counts once, whatever the
/// shares were (R2).
package struct SharedTrades: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Call the shared trade script.
        case apply(SharedCommand)
        /// The trade is in the books: by this call (`sequence` not nil) with these shares, or since
        /// before.
        case booked(SharedTrade, [TradeShare], sequence: Int64?)
        /// Call `retry` a little later.
        case retryLater
        /// A newer writer took over: stop writing.
        case fenced
        /// A key holds what it should not; the trade waits.
        case stuck(String)
    }

    /// Trades that may wait; beyond it the venue's own history is the queue.
    package static let queueLimit = 1_000

    private var queue: [SharedTrade] = []
    private var inFlight: SharedCommand?
    private var nextToken: Int64 = 1
    private var conflicts = 0

    package init() {}

    /// Trades submitted and not yet in the books.
    package var pendingCount: Int { queue.count }

    /// What is in flight counts as unanswered, and nothing waits any more: the trades are at the
    /// venue.
    package mutating func abandon() {
        queue = []
        inFlight = nil
    }

    /// The same, and gives what waited: it is looked at anew.
    package mutating func withdraw() -> [Fill] {
        defer { abandon() }
        return queue.map(\.fill)
    }

    /// A trade is wanted; one that waits already is not taken twice. False means the queue is full.
    package mutating func submit(
        _ trade: SharedTrade, _ ledger: LedgerMachine
    ) -> (isTaken: Bool, actions: [Action]) {
        let isWaiting = queue.contains {
            $0.fill.symbol == trade.fill.symbol && $0.fill.tradeID == trade.fill.tradeID
        }
        if isWaiting { return (true, []) }
        guard queue.count < SharedTrades.queueLimit else { return (false, []) }
        queue.append(trade)
        return (true, advance(ledger))
    }

    /// The time after `retryLater` has passed.
    package mutating func retry(_ ledger: LedgerMachine) -> [Action] { advance(ledger) }

    /// A script call was answered; what it says of the books is taken over into `ledger`.
    package mutating func replied(
        _ token: Int64, _ reply: SharedReply, _ ledger: inout LedgerMachine
    ) -> [Action] {
        guard let command = inFlight, command.token == token else { return [] }
        inFlight = nil
        switch reply {
        case .applied(let sequence):
            conflicts = 0
            for part in command.parts { ledger.adopt(shared: part) }
            queue.removeFirst()
            let shares = command.parts.compactMap(SharedTrades.share)
            return [.booked(command.trade, shares, sequence: sequence)] + advance(ledger)
        case .duplicate(let snapshots):
            conflicts = 0
            adopt(snapshots, command, &ledger)
            queue.removeFirst()
            return [.booked(command.trade, [], sequence: nil)] + advance(ledger)
        case .conflict(let snapshots):
            adopt(snapshots, command, &ledger)
            conflicts += 1
            return conflicts > 8 ? [.retryLater] : advance(ledger)
        case .fenced: return [.fenced]
        case .wrong(let what): return [.stuck(what), .retryLater]
        case .unknown, .refused: return [.retryLater]
        }
    }

    private func adopt(
        _ snapshots: [LedgerSnapshot], _ command: SharedCommand, _ ledger: inout LedgerMachine
    ) {
        for (part, snapshot) in zip(command.parts, snapshots) {
            ledger.adopt(shared: snapshot, part.change)
        }
    }

    private static func share(_ part: LedgerCommand) -> TradeShare? {
        guard case .fill(let fill, _) = part.change.subject else { return nil }
        return TradeShare(account: part.change.account, quantity: fill.quantity, fee: fill.fee)
    }

    private mutating func advance(_ ledger: LedgerMachine) -> [Action] {
        guard inFlight == nil, !ledger.isSuspended, let trade = queue.first else { return [] }
        let shares = Attribution.shares(
            of: trade.fill, origin: trade.origin, books: ledger.holdings(trade.fill.symbol),
            step: trade.step)
        let parts = shares.map { share in
            var fill = trade.fill
            fill.quantity = share.quantity
            fill.fee = share.fee
            return ledger.planned(
                .fill(fill, account: share.account, order: nil, cause: trade.cause))
        }
        let command = SharedCommand(token: nextToken, trade: trade, parts: parts)
        nextToken += 1
        inFlight = command
        return [.apply(command)]
    }
}

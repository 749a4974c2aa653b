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

/// Brings changes of several books at once into the ledger, one at a time: trades of nobody's order,
/// funding, transfers, corrections.
///
/// The parts are computed from the books as the ledger machine has them and hold only for those
/// versions: one call changes all books or none, and a book that has changed meanwhile makes the
/// parts anew. The change's identity is remembered in the same call, so that it counts once, whatever
/// the parts were (R2).
package struct SharedTrades: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Call the shared trade script.
        case apply(SharedCommand)
        /// The trade is in the books: by this call (`sequence` not nil) with these shares, or since
        /// before.
        case booked(SharedTrade, [TradeShare], sequence: Int64?)
        /// Another change is in the books, likewise; with what it made of each.
        case settled(SharedSubject, [LedgerCommand], sequence: Int64?)
        /// Call `retry` a little later.
        case retryLater
        /// A newer writer took over: stop writing.
        case fenced
        /// A key holds what it should not; the change waits.
        case stuck(String)
    }

    /// Changes that may wait; beyond it the venue's own history is the queue.
    package static let queueLimit = 1_000

    private var queue: [SharedSubject] = []
    private var inFlight: SharedCommand?
    private var nextToken: Int64 = 1
    private var conflicts = 0

    package init() {}

    /// Changes submitted and not yet in the books.
    package var pendingCount: Int { queue.count }

    /// What is in flight counts as unanswered, and nothing waits any more: trades and funding are at
    /// the venue, and who asked for a transfer is told nothing.
    package mutating func abandon() {
        queue = []
        inFlight = nil
    }

    /// The same, and gives the trades that waited: they are looked at anew.
    package mutating func withdraw() -> [Fill] {
        defer { abandon() }
        return queue.compactMap { subject in
            if case .trade(let trade) = subject { trade.fill } else { nil }
        }
    }

    /// A trade is wanted; one that waits already is not taken twice. False means the queue is full.
    package mutating func submit(
        _ trade: SharedTrade, _ ledger: LedgerMachine
    ) -> (isTaken: Bool, actions: [Action]) {
        submit(.trade(trade), ledger)
    }

    /// A change is wanted; one that waits already is not taken twice. False means the queue is full.
    package mutating func submit(
        _ subject: SharedSubject, _ ledger: LedgerMachine
    ) -> (isTaken: Bool, actions: [Action]) {
        let isWaiting = queue.contains {
            $0.symbol == subject.symbol && $0.identity == subject.identity
        }
        if isWaiting { return (true, []) }
        guard queue.count < SharedTrades.queueLimit else { return (false, []) }
        queue.append(subject)
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
            return [SharedTrades.done(command, sequence)] + advance(ledger)
        case .duplicate(let snapshots):
            conflicts = 0
            adopt(snapshots, command, &ledger)
            queue.removeFirst()
            return [SharedTrades.done(command, nil)] + advance(ledger)
        case .conflict(let snapshots):
            adopt(snapshots, command, &ledger)
            // A correction is of the books as they were seen: where they moved, it is none.
            if case .correction = command.subject {
                queue.removeFirst()
                return [.settled(command.subject, [], sequence: nil)] + advance(ledger)
            }
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

    private static func done(_ command: SharedCommand, _ sequence: Int64?) -> Action {
        switch command.subject {
        case .trade(let trade):
            let shares = sequence == nil ? [] : command.parts.compactMap(share)
            return .booked(trade, shares, sequence: sequence)
        case .funding, .transfer, .correction:
            return .settled(command.subject, command.parts, sequence: sequence)
        }
    }

    private static func share(_ part: LedgerCommand) -> TradeShare? {
        guard case .fill(let fill, _) = part.change.subject else { return nil }
        return TradeShare(account: part.change.account, quantity: fill.quantity, fee: fill.fee)
    }

    private mutating func advance(_ ledger: LedgerMachine) -> [Action] {
        guard inFlight == nil, !ledger.isSuspended, let subject = queue.first else { return [] }
        let parts = subject.changes(ledger).map { ledger.planned($0) }
        let command = SharedCommand(token: nextToken, subject: subject, parts: parts)
        nextToken += 1
        inFlight = command
        return [.apply(command)]
    }
}

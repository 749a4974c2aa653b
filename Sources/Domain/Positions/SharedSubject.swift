package import Trading

/// Funding of one symbol as the exchange paid or took it, for the net position of all books.
package struct SharedFunding: Equatable, Sendable {
    package var symbol: Symbol
    /// Received; negative where it was paid.
    package var amount: Money
    /// The venue's number of the payment.
    package var transactionID: Int64
    package var atMilliseconds: Int64
    /// What each book held when it was due, signed.
    package var holdings: [AccountID: Quantity]
    /// What the books held is not known any more: the payment is nobody's.
    package var isUnknown: Bool

    package init(
        symbol: Symbol, amount: Money, transactionID: Int64, atMilliseconds: Int64,
        holdings: [AccountID: Quantity], isUnknown: Bool = false
    ) {
        self.isUnknown = isUnknown
        self.symbol = symbol
        self.amount = amount
        self.transactionID = transactionID
        self.atMilliseconds = atMilliseconds
        self.holdings = holdings
    }
}

/// Money that goes from one book to another.
package struct SharedTransfer: Equatable, Sendable {
    package var from: AccountID
    package var to: AccountID
    /// Above zero.
    package var amount: Money
    /// The command that asked for it.
    package var request: String
    package var atMilliseconds: Int64

    package init(
        from: AccountID, to: AccountID, amount: Money, request: String, atMilliseconds: Int64
    ) {
        self.from = from
        self.to = to
        self.amount = amount
        self.request = request
        self.atMilliseconds = atMilliseconds
    }
}

/// What makes the books of a symbol equal to the exchange where no trade explains the difference.
package struct SharedCorrection: Equatable, Sendable {
    package var symbol: Symbol
    /// Signed: venue minus books.
    package var difference: Quantity
    package var mark: Price
    package var step: Quantity
    /// Names the evidence: the same snapshot of the same books is the same correction (R2).
    package var evidence: String
    package var atMilliseconds: Int64

    package init(
        symbol: Symbol, difference: Quantity, mark: Price, step: Quantity, evidence: String,
        atMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.difference = difference
        self.mark = mark
        self.step = step
        self.evidence = evidence
        self.atMilliseconds = atMilliseconds
    }
}

/// A change of several books that happens to all of them or to none.
package enum SharedSubject: Equatable, Sendable {
    case trade(SharedTrade)
    case funding(SharedFunding)
    case transfer(SharedTransfer)
    case correction(SharedCorrection)

    /// Nil for changes of balances alone.
    package var symbol: Symbol? {
        switch self {
        case .trade(let trade): trade.fill.symbol
        case .funding(let funding): funding.symbol
        case .transfer: nil
        case .correction(let correction): correction.symbol
        }
    }

    /// What makes the change unique within its symbol for good.
    package var identity: String {
        switch self {
        case .trade(let trade): trade.fill.leg.text
        case .funding(let funding): "funding:\(funding.transactionID)"
        case .transfer(let transfer): "transfer:\(transfer.request)"
        case .correction(let correction): "correction:\(correction.evidence)"
        }
    }

    /// One change a book, ascending by account, from the books as they are.
    package func changes(_ ledger: LedgerMachine) -> [LedgerChange] {
        switch self {
        case .trade(let trade): SharedSubject.changes(trade, ledger)
        case .funding(let funding): changes(funding)
        case .transfer(let transfer): changes(transfer)
        case .correction(let correction): changes(correction, ledger)
        }
    }

    private static func changes(
        _ trade: SharedTrade, _ ledger: LedgerMachine
    ) -> [LedgerChange] {
        let shares = Attribution.shares(
            of: trade.fill, origin: trade.origin, books: ledger.holdings(trade.fill.symbol),
            step: trade.step)
        return shares.map { share in
            var fill = trade.fill
            fill.quantity = share.quantity
            fill.fee = share.fee
            return .fill(fill, account: share.account, order: nil, cause: trade.cause)
        }
    }

    private func changes(_ funding: SharedFunding) -> [LedgerChange] {
        Attribution.funding(funding.amount, over: funding.holdings).map { account, amount in
            LedgerChange(
                account: account, symbol: funding.symbol, subject: .funding(amount),
                identity: identity, cause: "funding:\(funding.transactionID)",
                atMilliseconds: funding.atMilliseconds)
        }
    }

    private func changes(_ transfer: SharedTransfer) -> [LedgerChange] {
        let ends = [(transfer.from, -transfer.amount), (transfer.to, transfer.amount)]
        return ends.sorted { $0.0 < $1.0 }.map { account, amount in
            LedgerChange(
                account: account, symbol: nil, subject: .transfer(amount), identity: identity,
                cause: "command:\(transfer.request)", atMilliseconds: transfer.atMilliseconds)
        }
    }

    /// What takes away from a book is closed there at mark; the rest opens in the `external` book.
    private func changes(
        _ correction: SharedCorrection, _ ledger: LedgerMachine
    ) -> [LedgerChange] {
        let books = ledger.holdings(correction.symbol)
        let side: Side = correction.difference.isNegative ? .sell : .buy
        let shares = Attribution.shares(
            of: correction.difference.magnitude, side: side, fee: .zero, origin: .exchange,
            books: books, step: correction.step)
        return shares.map { share in
            let held = books[share.account] ?? .zero
            let delta = side.signed(share.quantity)
            let isClose = held.signum == -delta.signum && share.quantity <= held.magnitude
            return LedgerChange(
                account: share.account, symbol: correction.symbol,
                subject: .adjustment(delta, at: correction.mark, isVirtualClose: isClose),
                identity: identity, cause: "reconcile:\(correction.evidence)",
                atMilliseconds: correction.atMilliseconds)
        }
    }
}

/// One call of the shared trade script: all books' parts of a change, all or none.
package struct SharedCommand: Equatable, Sendable {
    /// Tells the answer to this call from those to others.
    package var token: Int64
    package var subject: SharedSubject
    /// One change a book, ascending by account.
    package var parts: [LedgerCommand]
}

/// What became of a call of the shared trade script; snapshots are in the order of the parts.
package enum SharedReply: Equatable, Sendable {
    case applied(sequence: Int64)
    /// The change was applied before, by whomever; how things stand.
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

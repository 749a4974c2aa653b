package import Trading

/// One change of one book, with the identity that lets it apply once.
package struct LedgerChange: Equatable, Sendable {
    package enum Subject: Equatable, Sendable {
        /// A trade of the venue, with the client order id where the order is ours.
        case fill(Fill, order: ClientOrderID?)
        /// Money in (or out, when negative).
        case deposit(Money)
        /// Funding received (or paid, when negative) on a symbol.
        case funding(Money)
        /// Money from another book (or to it, when negative).
        case transfer(Money)
        /// A signed quantity traded against nobody at a price: a virtual close, or a correction.
        case adjustment(Quantity, at: Price, isVirtualClose: Bool)
    }

    package var account: AccountID
    /// Nil for changes of the balance alone.
    package var symbol: Symbol?
    package var subject: Subject
    /// What makes the change unique within its symbol for good: a side of a trade, or `deposit:<request>`.
    package var identity: String
    /// What led to it: `command:<id>`, `stream`, `recovery`, `sync`.
    package var cause: String
    /// The venue's time of a trade, else the time of asking; epoch milliseconds.
    package var atMilliseconds: Int64
    /// Set where an order is closed at mark.
    package var closing: Closing?

    /// The order that a change at mark closes for: what is booked counts into its totals in the same
    /// step. It was planned by how the book stood, and is given up where that is not so any more.
    package struct Closing: Equatable, Sendable {
        package var order: ClientOrderID
        /// The position's version that it was planned by.
        package var positionVersion: Int64
        /// Its call may have been lost, and its price is of then: whether it is in the ledger is asked;
        /// nothing is booked by asking, and after it the lost call books nothing either.
        var isAsked = false

        package init(order: ClientOrderID, positionVersion: Int64) {
            self.order = order
            self.positionVersion = positionVersion
        }
    }

    package init(
        account: AccountID, symbol: Symbol?, subject: Subject, identity: String, cause: String,
        atMilliseconds: Int64, closing: Closing? = nil
    ) {
        self.closing = closing
        self.account = account
        self.symbol = symbol
        self.subject = subject
        self.identity = identity
        self.cause = cause
        self.atMilliseconds = atMilliseconds
    }

    /// The change a trade of the venue makes to a book.
    package static func fill(
        _ fill: Fill, account: AccountID, order: ClientOrderID?, cause: String
    ) -> LedgerChange {
        LedgerChange(
            account: account, symbol: fill.symbol, subject: .fill(fill, order: order),
            identity: fill.leg.text, cause: cause, atMilliseconds: fill.timeMilliseconds)
    }

    /// The order whose totals the change counts into.
    package var order: ClientOrderID? {
        switch subject {
        case .fill(_, let order): order
        case .deposit, .funding, .transfer, .adjustment: closing?.order
        }
    }
}

/// What of a closing order was booked between books at mark, as the exchange does not hold it.
package struct BookedAtMark: Equatable, Sendable {
    package var quantity = Quantity.zero
    /// Quantity × mark.
    package var value = Money.zero

    package init() {}

    package init(quantity: Quantity, value: Money) {
        self.quantity = quantity
        self.value = value
    }
}

/// What the ledger has booked of one order.
package struct OrderTotals: Equatable, Sendable {
    package var executed: Quantity
    /// Sum of price × quantity, each rounded to 1e-12.
    package var notional: Money
    package var fees: Money
    package var feeAsset: String
    /// Fees in any other asset than that of the first.
    package var otherFees: [String: Money]
    /// Ascending.
    package var tradeIDs: [Int64]
    /// What was closed without a trade; nil where nothing ever was, which is the rule.
    package var bookedAtMark: BookedAtMark?

    package init(
        executed: Quantity = .zero, notional: Money = .zero, fees: Money = .zero,
        feeAsset: String = "", otherFees: [String: Money] = [:], tradeIDs: [Int64] = [],
        bookedAtMark: BookedAtMark? = nil
    ) {
        self.bookedAtMark = bookedAtMark
        self.otherFees = otherFees
        self.executed = executed
        self.notional = notional
        self.fees = fees
        self.feeAsset = feeAsset
        self.tradeIDs = tradeIDs
    }

    mutating func add(_ fill: Fill) {
        executed += fill.quantity
        notional += fill.price.times(fill.quantity, .nearestEven)
        if feeAsset.isEmpty { feeAsset = fill.feeAsset }
        if feeAsset == fill.feeAsset {
            fees += fill.fee
        } else if !fill.fee.isZero, !fill.feeAsset.isEmpty {
            otherFees[fill.feeAsset, default: .zero] += fill.fee
        }
        let place = tradeIDs.firstIndex { $0 > fill.tradeID } ?? tradeIDs.endIndex
        tradeIDs.insert(fill.tradeID, at: place)
    }

    /// Counts what the legs of a change at mark have closed.
    mutating func add(atMark legs: [LedgerLeg], _ price: Price) {
        var sum = bookedAtMark ?? BookedAtMark()
        for leg in legs where leg.quantity.isPositive {
            sum.quantity += leg.quantity
            sum.value += price.times(leg.quantity, .nearestEven)
        }
        bookedAtMark = sum
    }
}

/// How a book stands in Redis: what the script answers where our versions are behind.
package struct LedgerSnapshot: Equatable, Sendable {
    /// Nil where the change has no symbol.
    package var position: Position?
    package var balance: BookBalance
    /// Nil where the change has no order, or the order has no record.
    package var order: OrderTotals?

    package init(position: Position?, balance: BookBalance, order: OrderTotals?) {
        self.position = position
        self.balance = balance
        self.order = order
    }
}

/// One call of the ledger script: from which versions to which state.
package struct LedgerCommand: Equatable, Sendable {
    package struct OrderPart: Equatable, Sendable {
        package var id: ClientOrderID
        package var before: OrderTotals
        package var after: OrderTotals
    }

    /// A version that no position has: the call only asks whether its change is in the ledger, and strikes
    /// it out where it is not, so that an earlier call of it changes nothing either, however late it comes.
    package static let question: Int64 = -1

    /// Tells the answer to this call from those to others.
    package var token: Int64
    package var change: LedgerChange
    package var positionBefore: Int64
    package var balanceBefore: Int64
    package var position: Position?
    package var balance: BookBalance
    package var legs: [LedgerLeg]
    package var order: OrderPart?
}

/// What became of a call of the ledger script.
package enum LedgerReply: Equatable, Sendable {
    /// Applied; the number of its last journal entry.
    case applied(sequence: Int64)
    /// Was applied before; how things stand.
    case duplicate(LedgerSnapshot)
    /// Our versions are behind; how things stand.
    case conflict(LedgerSnapshot)
    /// A newer writer holds the fence.
    case fenced
    /// A key holds what it should not: nothing was written.
    case wrong(String)
    /// No answer came: it may be applied or not.
    case unknown
    /// Redis is away and nothing was sent.
    case refused
}

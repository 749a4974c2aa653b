package import BusProtocol
package import Positions
package import Trading

/// The books as Redis holds them, read in one go.
package struct SyncBooks: Equatable, Sendable {
    /// The journal number read before everything else.
    package var sequence: Int64
    package var balances: [AccountID: BookBalance] = [:]
    /// Open positions by account.
    package var positions: [AccountID: [Symbol: Position]] = [:]
    package var accountsByCode: [AccountCode: AccountID] = [:]
    /// The exchange's quantity steps of the symbols held, where they are known.
    package var steps: [Symbol: Quantity] = [:]
    /// Orders that are not final.
    package var orders: [OrderRecord] = []

    /// The feed's marks of the symbols held, and when they were made.
    package var marks: [Symbol: KnownMark] = [:]
    /// Symbols that take no new risk until they equal the venue.
    package var reducing: Set<Symbol> = []
    /// The venue's money that no book was given, as it was found last.
    package var moneyOffset: Money?

    /// A mark and its time.
    package struct KnownMark: Equatable, Sendable {
        package var price: Price
        package var atMilliseconds: Int64

        package init(price: Price, atMilliseconds: Int64) {
            self.price = price
            self.atMilliseconds = atMilliseconds
        }
    }

    package init(sequence: Int64) { self.sequence = sequence }

    /// Symbols in which some book is not flat, or an order is open; ascending.
    package var symbols: [Symbol] {
        var symbols = Set(orders.map(\.intent.symbol))
        for positions in positions.values { symbols.formUnion(positions.keys) }
        return symbols.sorted()
    }

    /// The sum over all books, and of their versions, by which a change and its reverse still show.
    func net(_ symbol: Symbol) -> (quantity: Quantity, versions: Int64) {
        var quantity = Quantity.zero
        var versions: Int64 = 0
        for positions in positions.values {
            guard let position = positions[symbol] else { continue }
            quantity += position.quantity
            versions += position.version
        }
        return (quantity, versions)
    }
}

/// What the venue says it holds.
package struct SyncVenue: Equatable, Sendable {
    /// One row of its position list.
    package struct Row: Equatable, Sendable {
        package var symbol: Symbol
        /// BOTH, or LONG and SHORT where the account is in hedge mode.
        package var side: String
        /// Signed.
        package var quantity: Quantity
        /// Zero where they are not known.
        package var mark: Price
        package var entryPrice: Price

        package init(
            symbol: Symbol, side: String, quantity: Quantity, mark: Price = .zero,
            entryPrice: Price = .zero
        ) {
            self.symbol = symbol
            self.side = side
            self.quantity = quantity
            self.mark = mark
            self.entryPrice = entryPrice
        }
    }

    package var rows: [Row]
    /// Client ids of open orders.
    package var orders: [String]
    /// In the settlement asset; nil where it was not asked for.
    package var wallet: Money?

    package init(rows: [Row], orders: [String], wallet: Money? = nil) {
        self.rows = rows
        self.orders = orders
        self.wallet = wallet
    }
}

/// Funding that the books do not have yet.
package struct FundingReading: Equatable, Sendable {
    /// Ascending by time.
    package var payments: [SharedFunding] = []
    package var books: SyncBooks
    /// The time of the last payment before all of these; nil where there is none.
    package var bookedUntil: Int64?

    package init(books: SyncBooks) { self.books = books }
}

/// What a transfer is decided on.
package struct TransferReading: Equatable, Sendable {
    /// Whether the request's transfer is in the books already.
    package enum Booked: Equatable, Sendable {
        case nothing
        /// It is, as this.
        case transfer(TransferBody)
        /// It is, and the journal no longer tells of it.
        case forgotten
    }

    package var books: SyncBooks
    /// What of the sending account's money is free; nil where that is not known.
    package var free: Money?
    package var booked: Booked

    package init(books: SyncBooks, free: Money?, booked: Booked = .nothing) {
        self.books = books
        self.free = free
        self.booked = booked
    }
}

/// Where a search for missed trades may begin and what it may touch.
package struct TradeAnchors: Equatable, Sendable {
    /// The lowest trade id the ledger has; nil where it has none. Trades below it that are not of an
    /// order of ours were made before the books were kept.
    package var first: Int64?
    /// The highest trade id applied before the time asked for; nil where there is none.
    package var settled: Int64?

    package init(first: Int64?, settled: Int64?) {
        self.first = first
        self.settled = settled
    }
}

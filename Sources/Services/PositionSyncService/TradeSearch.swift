import BusProtocol
import Positions
import Trading

/// The search for missed trades of the symbols that differ, one symbol after the other.
struct TradeSearch {
    /// Who an order's trades belong to.
    enum Owner {
        /// An order on record.
        case order(OrderRecord)
        /// An id of our form without a record: its account.
        case account(AccountID)
        /// Not ours: shared by the books that hold the position.
        case stranger(TradeOrigin)
    }

    /// The books the search was begun with.
    let books: SyncBooks
    /// Still to be searched, the current one first.
    private(set) var symbols: [Symbol]
    /// The current symbol's anchors.
    var anchors = TradeAnchors(first: nil, settled: nil)
    private var pages = 0
    /// Where the current symbol's search began; nil is with the newest trades, which the venue tells
    /// unasked, and then those from `backFrom` up to them.
    var fromID: Int64?
    /// Where what lies before the newest trades begins; nil where nothing of it is wanted.
    var backFrom: Int64?
    /// The first of the newest trades, once those before it are being read.
    private var newest: Int64?
    /// Where the reading stopped for its length; nil where it went to the end.
    private(set) var cutAt: Int64?
    /// Whether a trade was left out for its age.
    private var hasYoungTrades = false
    private var page: [Fill] = []
    /// The id the next page begins at; nil where the last page has been read.
    private(set) var nextPage: Int64?
    /// Trades the ledger does not have, ascending by id.
    private(set) var missing: [Fill] = []
    /// Their sides: pages overlap where both sides of a trade may be ours.
    private var found: Set<TradeLeg> = []
    private var owners: [Int64: Owner] = [:]
    /// The order whose owner is being looked up.
    private(set) var orderID: Int64 = 0
    /// The client id that the order turned out to have.
    var clientOrderID: ClientOrderID?
    /// Whether the current symbol's trades are being applied.
    var isApplying = false
    /// Whether a trade of any symbol was left out for its age.
    private(set) var isEarly = false
    /// Whether any trade has been brought in, or had been just before.
    var appliedAny = false

    init(books: SyncBooks, symbols: [Symbol]) {
        self.books = books
        self.symbols = symbols
    }

    var symbol: Symbol? { symbols.first }

    /// Goes on to the next symbol.
    mutating func advance() {
        symbols.removeFirst()
        anchors = TradeAnchors(first: nil, settled: nil)
        pages = 0
        fromID = nil
        backFrom = nil
        newest = nil
        cutAt = nil
        hasYoungTrades = false
        page = []
        nextPage = nil
        clientOrderID = nil
        missing = []
        found = []
        owners = [:]
        isApplying = false
    }

    /// Takes a page of trades; the sides to look up of those that are old enough.
    mutating func pageReceived(
        _ fills: [Fill], isFull: Bool, isOld: (Fill) -> Bool
    ) -> [TradeLeg] {
        pages += 1
        nextPage = next(behind: fills, isFull: isFull)
        if pages >= SyncLimits.tradePages, let next = nextPage {
            cutAt = next
            nextPage = nil
        }
        let old = fills.filter(isOld)
        if old.count < fills.count {
            hasYoungTrades = true
            isEarly = true
        }
        // The newest have been seen when those before them are read.
        let end = pages > 1 ? newest : nil
        page = old.filter { fill in end.map { fill.tradeID <= $0 } ?? true }
        return page.map(\.leg)
    }

    private mutating func next(behind fills: [Fill], isFull: Bool) -> Int64? {
        guard isFull, let first = fills.first?.tradeID, let last = fills.last?.tradeID else {
            return nil
        }
        if fromID == nil, newest == nil {
            newest = first
            return backFrom.flatMap { $0 < first ? $0 : nil }
        }
        if let newest, last > newest { return nil }
        // Both sides of the last may be ours, and only one of them on this page.
        return last
    }

    /// The id up to which, from `backFrom` on, all trades have been looked at.
    var lookedUpTo: Int64? { cutAt ?? newest }

    /// Keeps of the page what the ledger does not have.
    mutating func pageChecked(applied: Set<TradeLeg>) {
        for fill in page where !applied.contains(fill.leg) && found.insert(fill.leg).inserted {
            missing.append(fill)
        }
        for order in books.orders where order.intent.symbol == symbol && order.venueOrderID != 0 {
            owners[order.venueOrderID] = .order(order)
        }
    }

    /// Whether everything there is has been looked at.
    var isExhaustive: Bool { fromID == nil && !hasYoungTrades && isThrough }

    /// Whether the trades have been read to their end, from where the search began.
    var isThrough: Bool { cutAt == nil }

    /// The next order of a missing trade whose owner is not known; nil where all are.
    mutating func nextOrder() -> Int64? {
        guard let fill = missing.first(where: { owners[$0.orderID] == nil }) else { return nil }
        orderID = fill.orderID
        return orderID
    }

    mutating func settle(_ owner: Owner) {
        owners[orderID] = owner
        clientOrderID = nil
    }

    func owner(of fill: Fill) -> Owner? { owners[fill.orderID] }

    /// Whether a trade that is not ours was made since the books are kept.
    func isWithinBooks(_ fill: Fill) -> Bool { anchors.first.map { fill.tradeID >= $0 } ?? false }
}

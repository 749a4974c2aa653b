import BusProtocol
import Chronology
import Trading

/// The books before and after the venue was asked, held against what it said.
struct SyncComparison {
    /// Venue minus books, where it is not zero and nothing was in flight.
    private(set) var differences: [Symbol: Quantity] = [:]
    /// Symbols compared, and those left out.
    private(set) var compared: [Symbol] = []
    private(set) var busy: [Symbol] = []
    /// The first row in hedge mode, which forbids any comparison (R5).
    private(set) var hedgeRow: SyncVenue.Row?
    let ordersUnknown: Int
    let ordersMissing: Int
    /// What the venue says it holds, and its marks.
    private var nets: [Symbol: Quantity] = [:]
    private(set) var marks: [Symbol: Price] = [:]
    /// Whether the journal stood still while the venue was asked.
    let isQuiet: Bool
    /// The venue's wallet with every position closed at nought; nil where it is not known.
    private(set) var flatWallet: Money?

    func venueNet(_ symbol: Symbol) -> Quantity { nets[symbol] ?? .zero }

    /// - Parameter watched: symbols that differed before, to be compared though nobody lists them.
    init(
        before: SyncBooks, venue: SyncVenue, after: SyncBooks, watched: Set<Symbol>, wall: WallTime
    ) {
        let known = Set((before.orders + after.orders).map(\.intent.clientOrderID.text))
        let open = Set(before.orders.map(\.intent.clientOrderID.text))
            .intersection(after.orders.map(\.intent.clientOrderID.text))
        ordersUnknown = venue.orders.count { !known.contains($0) }
        ordersMissing = open.subtracting(venue.orders).count
        isQuiet = before.sequence == after.sequence
        hedgeRow = venue.rows.first { $0.side != "BOTH" }
        if hedgeRow != nil { return }
        flatWallet = venue.wallet
        for row in venue.rows {
            nets[row.symbol, default: .zero] += row.quantity
            marks[row.symbol] = row.mark
            if let wallet = flatWallet {
                flatWallet = wallet - row.entryPrice.times(row.quantity, .nearestEven)
            }
        }
        let symbols = watched.union(before.symbols).union(after.symbols).union(nets.keys)
            .union(after.reducing)
        let active = SyncComparison.active(before.orders + after.orders, wall)
        for symbol in symbols.sorted() {
            let books = after.net(symbol)
            guard books == before.net(symbol), !active.contains(symbol) else {
                busy.append(symbol)
                continue
            }
            compared.append(symbol)
            let difference = (nets[symbol] ?? .zero) - books.quantity
            if !difference.isZero { differences[symbol] = difference }
        }
    }

    /// Symbols with an order that changed a moment ago.
    private static func active(_ orders: [OrderRecord], _ wall: WallTime) -> Set<Symbol> {
        Set(
            orders.filter {
                wall - WallTime(milliseconds: $0.stamp.atMilliseconds) < SyncLimits.quiet
            }.map(\.intent.symbol))
    }
}

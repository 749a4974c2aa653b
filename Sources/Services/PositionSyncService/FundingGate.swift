import Chronology
import Positions
import Trading

/// Which funding may be split over the books now: what each held when it was due is known once every
/// trade up to then is in the books.
///
/// A comparison that found a symbol equal says so up to when it was begun; a search that went through
/// the symbol's trades to their end and brought in what was missing says so too, for one that is never
/// quiet enough to be compared. A payment that waits longer than `SyncLimits.fundingPatience` is booked
/// by what the journal tells.
struct FundingGate {
    /// Up to which time of the venue all trades are in the books, in milliseconds.
    private var complete: [Symbol: Int64] = [:]
    /// The same for symbols that were never busy or different.
    private var others: Int64 = 0
    /// The earliest payment that waits; nil where none does.
    private(set) var heldSince: Int64?
    /// Symbols of payments that wait.
    private(set) var wanted: Set<Symbol> = []

    /// A round compared all symbols but those that were busy.
    mutating func compared(_ comparison: SyncComparison, begunAt: WallTime) {
        let until = (begunAt - SyncLimits.graceOfTrades).milliseconds
        let open = Set(comparison.busy).union(comparison.differences.keys)
        for symbol in open where complete[symbol] == nil { complete[symbol] = others }
        for symbol in complete.keys where !open.contains(symbol) { complete[symbol] = until }
        others = until
    }

    /// A round looked through all trades of a symbol, and they are in the books.
    mutating func searched(_ symbol: Symbol, begunAt: WallTime) {
        let until = (begunAt - SyncLimits.graceOfTrades).milliseconds
        complete[symbol] = max(complete[symbol] ?? 0, until)
    }

    /// Trades could not be looked through: the next round looks at the payments first.
    mutating func searchFailed() { wanted = [] }

    /// The payments that may be booked; the others wait for a later round.
    mutating func admitted(_ payments: [SharedFunding], wall: WallTime) -> [SharedFunding] {
        let patience = (wall - SyncLimits.fundingPatience).milliseconds
        heldSince = nil
        wanted = []
        return payments.filter { payment in
            let until = max(complete[payment.symbol] ?? others, patience)
            if payment.atMilliseconds <= until { return true }
            heldSince = min(heldSince ?? .max, payment.atMilliseconds)
            wanted.insert(payment.symbol)
            return false
        }
    }
}

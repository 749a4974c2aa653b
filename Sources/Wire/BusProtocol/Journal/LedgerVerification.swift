import Positions
package import Trading

/// Rebuilds books from the journal, entry by entry, and holds them against what the entries and the
/// records say.
///
/// Where the journal no longer reaches back to a book's first change, its first entry is where that
/// book begins; everything after it is computed anew.
package struct LedgerVerification {
    /// What is wrong, and where.
    package struct Problem: Equatable {
        package let sequence: Int64
        package let book: String
        package let text: String
    }

    /// Fees in another asset leave the wallet as it is.
    private let settlementAsset: String
    package private(set) var problems: [Problem] = []
    package private(set) var entries = 0
    package private(set) var first: Int64 = 0
    package private(set) var last: Int64 = 0
    /// Times Redis lost entries that were archived.
    package private(set) var losses = 0
    private var hasGap = false
    /// Problems beyond this many are counted only.
    private static let shown = 100
    package private(set) var problemCount = 0

    private var positions: [String: Position] = [:]
    private var wallets: [AccountID: Money] = [:]
    /// How the books stood before each of the newest entries, to go back to where Redis lost them.
    private var steps: [Step] = []
    /// Twice what Redis may lose, and at most twice as many are held.
    private static let memory = 10_000

    /// A book and a wallet before an entry.
    private struct Step {
        let sequence: Int64
        let book: String?
        let position: Position?
        let account: AccountID
        let wallet: Money?
    }

    package init(settlementAsset: String = "USDT") { self.settlementAsset = settlementAsset }

    /// Takes the next entry of the journal.
    package mutating func entryRead(_ entry: LedgerEntry) {
        entries += 1
        if first == 0 { first = entry.sequence }
        if last > 0, entry.sequence != last + 1 {
            hasGap = true
            add(entry, "the journal has a gap: \(last) is followed by \(entry.sequence)")
        }
        last = entry.sequence
        remember(entry)
        checkPosition(entry)
        checkWallet(entry)
    }

    private mutating func remember(_ entry: LedgerEntry) {
        if steps.count >= 2 * LedgerVerification.memory {
            steps.removeFirst(LedgerVerification.memory)
        }
        let book = entry.symbol.map { BusKeys.book(entry.account, $0) }
        steps.append(
            Step(
                sequence: entry.sequence, book: book, position: book.flatMap { positions[$0] },
                account: entry.account, wallet: wallets[entry.account]))
    }

    /// Entries are missing: what is rebuilt begins anew behind them.
    package mutating func gapRead(from first: Int64, to last: Int64) {
        add(first, "journal", "entries \(first) to \(last) were gone before they were archived")
        self.last = last
        if self.first == 0 { self.first = last + 1 }
        forget()
    }

    /// Redis came back without its newest entries, and counts on from a number before them. The books
    /// are as they were at that number, and were repaired from the venue since; where that is further
    /// back than is remembered, what is rebuilt begins anew.
    package mutating func lossRead(after kept: Int64) {
        losses += 1
        last = kept
        while let step = steps.last, step.sequence > kept {
            if let book = step.book { positions[book] = step.position }
            wallets[step.account] = step.wallet
            steps.removeLast()
        }
        if steps.isEmpty { forget() }
    }

    private mutating func forget() {
        hasGap = true
        positions = [:]
        wallets = [:]
        steps = []
    }

    /// Takes a problem that was found elsewhere.
    package mutating func problemFound(_ sequence: Int64, _ place: String, _ text: String) {
        add(sequence, place, text)
    }

    /// Whether the journal was read from its first entry on, with nothing missing: then what it does
    /// not know is not.
    private var isWhole: Bool { first == 1 && !hasGap }

    /// Holds a rebuilt book against its record. A book that holds something the journal does not know
    /// of is wrong where the journal is whole, and may be from before it where it is not.
    package mutating func recordRead(
        _ account: AccountID, _ symbol: Symbol, quantity: Quantity, entryPrice: Price
    ) {
        let book = BusKeys.book(account, symbol)
        guard let rebuilt = positions[book] else {
            if isWhole, !quantity.isZero {
                add(last, book, "on record \(quantity), and no entry of the journal made it")
            }
            return
        }
        if rebuilt.quantity != quantity || rebuilt.entryPrice != entryPrice {
            add(
                last, book,
                "rebuilt \(rebuilt.quantity) at \(rebuilt.entryPrice), on record \(quantity) at "
                    + "\(entryPrice)")
        }
    }

    package mutating func recordRead(_ account: AccountID, wallet: Money) {
        guard let rebuilt = wallets[account] else {
            if isWhole, !wallet.isZero {
                add(
                    last, account.name,
                    "a wallet of \(wallet) on record, and no entry of the journal made it")
            }
            return
        }
        if rebuilt != wallet {
            add(last, account.name, "rebuilt wallet \(rebuilt), on record \(wallet)")
        }
    }

    /// Books that are open after the last entry, ascending.
    package var openBooks: [String] {
        positions.filter { !$0.value.quantity.isZero }.keys.sorted()
    }
    package var booksRebuilt: Int { positions.count }
    package var walletsRebuilt: Int { wallets.count }

    // MARK: replaying

    private mutating func checkPosition(_ entry: LedgerEntry) {
        guard let symbol = entry.symbol else { return }
        let book = BusKeys.book(entry.account, symbol)
        let after = Position(quantity: entry.position, entryPrice: entry.entryPrice)
        defer { positions[book] = after }
        guard var rebuilt = positions[book] else { return }
        switch entry.kind {
        case .fill, .flipClose, .flipOpen, .virtualClose, .adjustment, .feeInKind:
            guard let side = entry.side else { return add(entry, "a trade without a side") }
            // A close that found nothing left to close changed nothing but the version.
            if entry.quantity.isZero { break }
            let legs = rebuilt.trade(side.signed(entry.quantity), at: entry.price, fee: .zero)
            let realised = legs.reduce(Money.zero) { $0 + $1.realised }
            if realised != entry.realised {
                add(entry, "realised \(entry.realised), computed \(realised)")
            }
        case .deposit, .transfer, .funding: break
        }
        if rebuilt.quantity != after.quantity || rebuilt.entryPrice != after.entryPrice {
            add(
                entry,
                "leaves \(after.quantity) at \(after.entryPrice), computed "
                    + "\(rebuilt.quantity) at \(rebuilt.entryPrice)")
        }
    }

    private mutating func checkWallet(_ entry: LedgerEntry) {
        defer { wallets[entry.account] = entry.wallet }
        guard let before = wallets[entry.account] else { return }
        var after = before
        switch entry.kind {
        case .fill, .flipClose, .flipOpen, .virtualClose, .adjustment, .feeInKind:
            after += entry.realised
            if entry.feeAsset == settlementAsset { after -= entry.fee }
        case .funding: after += entry.realised
        case .deposit, .transfer: after += Money(units: entry.quantity.units)
        }
        if after != entry.wallet {
            add(entry, "leaves a wallet of \(entry.wallet), computed \(after)")
        }
    }

    private mutating func add(_ entry: LedgerEntry, _ text: String) {
        let book = entry.symbol.map { BusKeys.book(entry.account, $0) } ?? entry.account.name
        add(entry.sequence, book, text)
    }

    private mutating func add(_ sequence: Int64, _ book: String, _ text: String) {
        problemCount += 1
        guard problems.count < LedgerVerification.shown else { return }
        problems.append(Problem(sequence: sequence, book: book, text: text))
    }
}

import BusProtocol
import Chronology
import Margin
import Trading

/// One account as the ledger has it.
struct AccountMirror {
    struct Position {
        var quantity: Quantity
        var entryPrice: Price
        var version: Int64
    }

    var wallet = Money.zero
    /// Money put in less money taken out.
    var deposits = Money.zero
    var balanceVersion: Int64 = 0
    /// Flat ones stay, for their version.
    private(set) var positions: [Symbol: Position] = [:]
    /// Symbols with a position, ascending.
    private(set) var heldSymbols: [Symbol] = []
    var tier = MarginTier.calm
    /// Why it cannot be valued; nil where it can.
    var problem: String?

    var deleverage = Deleverage()
    var breakers = Breakers()
    /// A breaker whose REDUCING is not confirmed yet, and when it was asked for last.
    var notice: TierRecord.Notice?
    var noticeSentAt = Instant.distantPast
    /// Names the decision journalled last.
    var decision = ""
    /// The snapshot written last.
    var written: RiskRecord?
    /// When it was, and when one was written as a whole: distant where Redis may not have it.
    var savedAt = Instant.distantPast
    var wholeAt = Instant.distantPast
    /// The save whose answer is awaited.
    var savingToken: UInt64 = 0
    /// The figures of the last evaluation that could be acted on.
    var lastRatio = Ratio.zero
    var lastEquity = Money.zero
    var lastMaintenance = Money.zero

    init() {}

    /// The account was valued, and may be acted on.
    mutating func assessed(_ assessment: MarginAssessment) {
        lastRatio = assessment.marginRatio
        lastEquity = assessment.equity
        lastMaintenance = assessment.maintenance
    }

    /// A snapshot was made.
    /// - Parameter isWhole: whether it was written to Redis as a whole.
    mutating func saved(_ record: RiskRecord, _ now: Instant, isWhole: Bool) {
        written = record
        savedAt = now
        if isWhole { wholeAt = now }
    }

    init(_ load: RiskLoad.Account) {
        wallet = load.balance?.wallet ?? .zero
        deposits = load.balance?.deposits ?? .zero
        balanceVersion = load.balance?.version ?? 0
        tier = load.tier
        problem = load.problem
        for (symbol, record) in load.positions {
            positions[symbol] = Position(
                quantity: record.quantity, entryPrice: record.entryPrice, version: record.version)
            if !record.quantity.isZero { heldSymbols.append(symbol) }
        }
        heldSymbols.sort()
    }

    func holds(_ symbol: Symbol) -> Bool { positions[symbol]?.quantity.isZero == false }

    /// Takes the state an entry leaves behind; one that is older than what was loaded is passed over.
    mutating func apply(_ entry: LedgerEntry) {
        let isMoney = entry.kind == .deposit || entry.kind == .transfer
        if entry.balanceVersion > balanceVersion, isMoney {
            deposits += Money(units: entry.quantity.units)
        }
        if entry.balanceVersion >= balanceVersion {
            wallet = entry.wallet
            balanceVersion = entry.balanceVersion
        }
        guard let symbol = entry.symbol,
            entry.positionVersion >= positions[symbol]?.version ?? 0
        else { return }
        positions[symbol] = Position(
            quantity: entry.position, entryPrice: entry.entryPrice, version: entry.positionVersion)
        hold(symbol, !entry.position.isZero)
    }

    private mutating func hold(_ symbol: Symbol, _ isHeld: Bool) {
        let place = heldSymbols.firstIndex { $0 >= symbol } ?? heldSymbols.count
        let isThere = place < heldSymbols.count && heldSymbols[place] == symbol
        if isHeld, !isThere { heldSymbols.insert(symbol, at: place) }
        if !isHeld, isThere { heldSymbols.remove(at: place) }
    }
}

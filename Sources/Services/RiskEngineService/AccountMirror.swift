import BusProtocol
import Chronology
import Margin
import Trading

/// One account as the ledger has it, and how it was valued last.
struct AccountMirror {
    /// A position; the symbol is a number of the mirror's.
    struct Position {
        let contract: Int32
        var quantity: Quantity
        var entryPrice: Price
        var version: Int64
    }

    let name: AccountID
    /// Whether Redis had it when all was loaded, or the journal has named it since. One that is gone
    /// keeps its number.
    var isKnown = true
    /// The load that read it last.
    var loadNumber: UInt64 = 0

    var wallet = Money.zero
    /// Money put in less money taken out.
    var deposits = Money.zero
    var balanceVersion: Int64 = 0
    /// Those with a quantity, ascending by symbol.
    var positions: [Position] = []
    var tier = MarginTier.calm
    /// Why it cannot be valued; nil where it can.
    var problem: String?
    /// More than a mark has changed since it was valued.
    var isChanged = false

    var breakers = Breakers()
    /// What is being done about it; most have none.
    var measures: Measures?
    /// The snapshot written last.
    var written: RiskRecord?
    /// When it was, and when one was written as a whole: distant where Redis may not have it.
    var savedAt = Instant.distantPast
    var wholeAt = Instant.distantPast
    /// The figures of the last evaluation that could be acted on.
    var lastRatio = Ratio.zero
    var lastEquity = Money.zero
    var lastMaintenance = Money.zero

    init(_ name: AccountID) { self.name = name }

    /// Takes what was read of it, but for its positions; a snapshot that was written stays readable.
    mutating func take(_ load: RiskLoad.Account, number: UInt64) {
        isKnown = true
        loadNumber = number
        wallet = load.balance?.wallet ?? .zero
        deposits = load.balance?.deposits ?? .zero
        balanceVersion = load.balance?.version ?? 0
        tier = load.tier
        problem = load.problem
        isChanged = true
        savedAt = .distantPast
        wholeAt = .distantPast
    }

    /// Takes the money an entry leaves behind; one that is older than what was loaded is passed over.
    mutating func takeMoney(_ entry: LedgerEntry) {
        let isMoney = entry.kind == .deposit || entry.kind == .transfer
        if entry.balanceVersion > balanceVersion, isMoney {
            deposits += Money(units: entry.quantity.units)
        }
        if entry.balanceVersion >= balanceVersion {
            wallet = entry.wallet
            balanceVersion = entry.balanceVersion
        }
    }

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

    /// The measures, begun where there are none.
    mutating func takeMeasures() -> Measures {
        if let measures { return measures }
        let begun = Measures()
        measures = begun
        return begun
    }
}

/// What is being done about one account.
final class Measures {
    var deleverage = Deleverage()
    /// A breaker whose REDUCING is not confirmed yet, and when it was asked for last.
    var notice: TierRecord.Notice?
    var noticeSentAt = Instant.distantPast
    /// Names the decision journalled last.
    var decision = ""
    /// The save whose answer is awaited.
    var savingToken: UInt64 = 0

    init() {}

    /// As a record has them; nil where it says nothing of any.
    init?(_ record: TierRecord) {
        if record.step == nil, record.notice == nil, record.decision.isEmpty, !record.closesAll {
            return nil
        }
        deleverage = Deleverage(
            restoring: record.step, phase: record.phase, closesAll: record.closesAll)
        notice = record.notice
        decision = record.decision
    }
}

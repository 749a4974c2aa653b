import Bounded
import BusProtocol
import Chronology
import Margin
import RiskEngineService
import Trading

func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
func money(_ text: String) -> Money { Money(text: text)! }
func account(_ name: String) -> AccountID { AccountID(name)! }

let bitcoin = Symbol("BTCUSDT")!
let ether = Symbol("ETHUSDT")!

/// Redis as the desk sees it: the books, the journal of how they came about, marks.
struct ScriptedBooks {
    private(set) var journal: [LedgerEntry] = []
    /// Entries before this number are no longer in the journal.
    var trimmedBefore: Int64 = 1
    private(set) var balances: [AccountID: BalanceRecord] = [:]
    private(set) var positions: [AccountID: [Symbol: PositionRecord]] = [:]
    var prices: [Symbol: PriceRecord] = [:]
    var brackets: [Symbol: MaintenanceBrackets] = [:]
    var problems: [AccountID: String] = [:]
    var tiers: [AccountID: MarginTier] = [:]
    var tierRecords: [AccountID: TierRecord] = [:]
    var instruments: [Symbol: Instrument] = [:]

    var sequence: Int64 { Int64(journal.count) }
    var accounts: [AccountID] { balances.keys.sorted() }

    private let stamp = RecordStamp(sequence: 1, writer: "test", atMilliseconds: 0)

    mutating func deposit(_ account: AccountID, _ amount: Money) -> LedgerEntry {
        var balance = balances[account] ?? BalanceRecord(stamp: stamp)
        balance.deposits += amount
        balance.version += 1
        balances[account] = balance
        return append(
            LedgerEntry(
                kind: .deposit, account: account, symbol: nil, cause: "test", atMilliseconds: 0,
                writer: "test"))
    }

    /// Sets a position as a fill would leave it, with what it realised.
    mutating func fill(
        _ account: AccountID, _ symbol: Symbol, _ quantity: Quantity, at price: Price,
        realised: Money = .zero
    ) -> LedgerEntry {
        var balance = balances[account] ?? BalanceRecord(stamp: stamp)
        balance.realised += realised
        balance.version += 1
        balances[account] = balance
        var position = positions[account]?[symbol] ?? PositionRecord(stamp: stamp)
        position.quantity = quantity
        position.entryPrice = quantity.isZero ? .zero : price
        position.version += 1
        positions[account, default: [:]][symbol] = position
        return append(
            LedgerEntry(
                kind: .fill, account: account, symbol: symbol, cause: "test", atMilliseconds: 0,
                writer: "test"))
    }

    private mutating func append(_ entry: LedgerEntry) -> LedgerEntry {
        var entry = entry
        entry.sequence = sequence + 1
        entry.wallet = balances[entry.account]?.wallet ?? .zero
        entry.balanceVersion = balances[entry.account]?.version ?? 0
        if let symbol = entry.symbol, let position = positions[entry.account]?[symbol] {
            entry.position = position.quantity
            entry.entryPrice = position.entryPrice
            entry.positionVersion = position.version
        }
        journal.append(entry)
        return entry
    }

    /// What a loader reads that took the journal number `since` before.
    func load(since: Int64) -> RiskLoad {
        var load = RiskLoad(sequence: since)
        for account in accounts {
            var read = RiskLoad.Account(id: account)
            read.balance = balances[account]
            read.positions = (positions[account] ?? [:]).filter { !$0.value.quantity.isZero }
            read.tierRecord = tierRecords[account]
            read.tier = tiers[account] ?? tierRecords[account]?.tier ?? .calm
            read.problem = problems[account]
            load.accounts.append(read)
        }
        load.accountCount = accounts.count
        load.prices = prices
        load.brackets = brackets
        load.instruments = instruments
        return load
    }

    func journal(after sequence: Int64, limit: Int) -> (entries: [LedgerEntry], isWhole: Bool) {
        let rest = journal.filter { $0.sequence > sequence && $0.sequence >= trimmedBefore }
        return (Array(rest.prefix(limit)), rest.count <= limit)
    }

    /// The positions and wallet of an account when the journal stood at a number.
    func state(
        of account: AccountID, at sequence: Int64
    ) -> (wallet: Money, positions: [Symbol: Quantity]) {
        var wallet = Money.zero
        var positions: [Symbol: Quantity] = [:]
        for entry in journal where entry.sequence <= sequence && entry.account == account {
            wallet = entry.wallet
            if let symbol = entry.symbol {
                positions[symbol] = entry.position.isZero ? nil : entry.position
            }
        }
        return (wallet, positions)
    }
}

/// A desk with its Redis, stepped by hand: requests are answered at once unless held back.
struct RiskStage {
    let desk: RiskDesk
    var books = ScriptedBooks()
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    /// Everything the desk asked for or wrote, in order.
    var seen: [RiskAction] = []
    var answersRequests = true
    /// What asking for a price finds.
    var found: [Symbol: Price] = [:]
    private var markSequence: Int64 = 0

    init(leverage: Int64 = 20, breakers: BreakerLimits = BreakerLimits()) {
        desk = RiskDesk(writer: "risk-engine:test", leverage: leverage, breakers: breakers)
    }

    /// The snapshots as they stand in Redis, put together from what was written; nil where what was
    /// written over another is not the whole of it.
    private(set) var stored: [AccountID: [String: String]] = [:]
    private(set) var wholeCount = 0

    private mutating func store(_ record: RiskRecord, _ earlier: RiskRecord?) {
        if let earlier {
            stored[record.account, default: [:]].merge(
                record.fields(changedFrom: earlier), uniquingKeysWith: { $1 })
        } else {
            wholeCount += 1
            stored[record.account] = Dictionary(record.fields, uniquingKeysWith: { $1 })
        }
    }

    mutating func send(_ event: RiskEvent) {
        var out: [RiskAction] = []
        desk.handle(event, now: now, wall: wall, &out)
        seen += out
        for action in out {
            if case .save(let record, let earlier) = action { store(record, earlier) }
        }
        if answersRequests { for action in out { answer(action) } }
    }

    mutating func answer(_ action: RiskAction) {
        switch action {
        case .load(let number): send(.loaded(number, books.load(since: books.sequence)))
        case .catchUp(let number, let after):
            let (entries, isWhole) = books.journal(after: after, limit: 3)
            send(.caughtUp(number, entries, isWhole: isWhole))
        case .readSequence:
            send(.sequenceRead(ledger: books.sequence, accountCount: books.accounts.count))
        case .watch(let symbol):
            send(
                .symbolRead(
                    symbol, books.brackets[symbol], books.prices[symbol],
                    books.instruments[symbol]))
        case .saveTier(let record, _, let token, _):
            books.tierRecords[record.account] = record
            send(.tierSaved(record.account, token: token, .saved))
        case .askPrice(let symbol):
            guard let found = found[symbol] else { return }
            send(.priceFound(symbol, mark: found, age: .milliseconds(100)))
        case .unwatch, .save, .command, .alert: break
        }
    }

    /// Moves the clocks in steps of 100 ms, waking the desk when it asks to be.
    mutating func pass(_ interval: Interval) {
        let end = now + interval
        while now < end {
            now = min(end, now + .milliseconds(100))
            wall = wall + .milliseconds(100)
            settle()
        }
    }

    /// Wakes the desk for as long as it asks to be at once.
    mutating func settle() { while now >= desk.nextWake { send(.woken) } }

    mutating func start() {
        send(.leaseGained(fence: 3))
        send(.ledgerSubscribed)
        send(.redisUp)
    }

    mutating func setMark(_ symbol: Symbol, _ mark: String) {
        var record = PriceRecord(
            source: "stream", stamp: RecordStamp(sequence: 1, writer: "test", atMilliseconds: 0))
        record.mark = price(mark)
        record.markMilliseconds = wall.milliseconds
        books.prices[symbol] = record
    }

    mutating func tick(_ symbol: Symbol, _ mark: String) {
        markSequence += 1
        send(
            .tickReceived(
                symbol,
                Tick(
                    sequence: markSequence, bid: price(mark), bidQuantity: .one, ask: price(mark),
                    askQuantity: .one, mark: price(mark), index: price(mark),
                    bookTime: wall.milliseconds, markTime: wall.milliseconds,
                    publishTime: wall.milliseconds)))
    }

    /// The snapshots written since the last call of `forget`.
    var snapshots: [RiskRecord] {
        seen.compactMap { if case .save(let record, _) = $0 { record } else { nil } }
    }
    var alerts: [Alert] {
        seen.compactMap { if case .alert(let alert) = $0 { alert } else { nil } }
    }
    var commands: [(id: String, kind: CommandKind, body: [String: String])] {
        seen.compactMap {
            if case .command(let id, let kind, let body) = $0 { (id, kind, body) } else { nil }
        }
    }
    func count(_ isMeant: (RiskAction) -> Bool) -> Int { seen.count(where: isMeant) }
    mutating func forget() { seen = [] }
}

extension RiskAction {
    var isLoad: Bool { if case .load = self { true } else { false } }
    var isCatchUp: Bool { if case .catchUp = self { true } else { false } }
}

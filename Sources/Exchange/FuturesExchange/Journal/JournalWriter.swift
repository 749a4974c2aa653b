internal import Bytes
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// Something that changed and is to be on file: as it is at the end of the call, or as it happened.
internal enum JournalNote: Equatable, Sendable {
    case wallet
    case counters
    case mode
    case order(Int, Int64)
    case trade(FuturesTrade)
    case holding(Int, PositionLeg)
    case prices(Int)
    case listing(Int)
    case countdown(Int)
    case algo(Int64)
    case amendment(Int, OrderAmendment)
    case income(Income)
    case marginChange(Int, MarginChange)
    case funding(FundingRecord)
    /// Minutes of a market that closed in a time.
    case candles(Int, Range<Int64>)
    case interest(Int, Interest)
    case insurance

    /// Whether it is told as it is at the end, so that once is enough.
    fileprivate var isState: Bool {
        switch self {
        case .wallet, .counters, .mode, .order, .holding, .prices, .listing, .countdown, .algo,
            .insurance:
            true
        case .trade, .amendment, .income, .marginChange, .funding, .candles, .interest: false
        }
    }

    /// Whether it is of an account, not of a market.
    fileprivate var isOfAccount: Bool {
        switch self {
        case .counters, .prices, .listing, .funding, .candles, .interest, .insurance: false
        case .wallet, .mode, .order, .trade, .holding, .countdown, .algo, .amendment, .income,
            .marginChange:
            true
        }
    }
}

/// Gathers what a call changed and writes it as one journal line.
///
/// Facts are of the account that an `account` fact named last, in this line or before it; at the
/// beginning of a file, of the main one.
internal struct JournalWriter: ~Copyable {
    private struct Noted: Equatable {
        let note: JournalNote
        let account: Int
    }

    /// Off until a service keeps the lines; without a file nothing is gathered.
    var isOn = false
    private var lines = JournalLines()
    private var notes: [Noted] = []
    private var facts = JSONWriter(capacity: 1_024)
    /// Whose the last fact on file is.
    private var account = 0

    mutating func note(_ note: JournalNote, of account: Int) {
        if !isOn { return }
        let noted = Noted(note: note, account: note.isOfAccount ? account : 0)
        guard !note.isState || !notes.contains(noted) else { return }
        notes.append(noted)
    }

    /// Writes the line for what was noted since the last one, if anything was.
    mutating func commit(_ desk: FuturesDesk) {
        if notes.isEmpty { return }
        lines.begin(&facts)
        for noted in notes { write(noted.note, of: noted.account, desk) }
        lines.finish(&facts)
        notes.removeAll(keepingCapacity: true)
    }

    private mutating func write(_ note: JournalNote, of account: Int, _ desk: FuturesDesk) {
        if note.isOfAccount, account != self.account {
            self.account = account
            JournalFacts.write(account: desk.accounts[account].name, &facts)
        }
        desk.serve(account) { JournalWriter.write(note, desk, &facts) }
    }

    private static func write(_ note: JournalNote, _ desk: FuturesDesk, _ out: inout JSONWriter) {
        switch note {
        case .wallet: JournalFacts.write(wallet: desk, &out)
        case .counters: JournalFacts.write(counters: desk, &out)
        case .mode: JournalFacts.write(desk.mode, &out)
        case .order(let market, let orderID):
            if let order = desk.stakes[market].orders[orderID] { JournalFacts.write(order, &out) }
        case .trade(let trade): JournalFacts.write(trade, &out)
        case .holding(let market, let leg):
            JournalFacts.write(desk.stakes[market], leg, desk.markets[market].symbol, &out)
        case .prices(let market): JournalFacts.write(prices: desk.markets[market], &out)
        case .listing(let market): JournalFacts.write(desk.markets[market].listing, &out)
        case .countdown(let market):
            JournalFacts.write(
                countdown: desk.stakes[market].countdownEnd, desk.markets[market].symbol, &out)
        case .algo(let algoID):
            if let algo = desk.algos[algoID] { JournalFacts.write(algo, &out) }
        case .amendment(let market, let amendment):
            JournalFacts.write(amendment, desk.markets[market].symbol, &out)
        case .income(let income): JournalFacts.write(income, &out)
        case .marginChange(let market, let change):
            JournalFacts.write(change, desk.markets[market].symbol, &out)
        case .funding(let record): JournalFacts.write(record, &out)
        case .candles(let market, let time):
            JournalFacts.write(candlesOf: desk.markets[market], time, &out)
        case .interest(let market, let sample):
            JournalFacts.write([sample], desk.markets[market].symbol, &out)
        case .insurance: JournalFacts.write(desk.insurance, &out)
        }
    }

    // MARK: snapshots

    /// Writes the whole state as lines from number 1 on, in pieces of some 64 kB; pending notes are
    /// in it and are dropped.
    mutating func snapshot<Failure: Error>(
        _ desk: FuturesDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        lines.restart()
        notes.removeAll(keepingCapacity: true)
        account = 0
        lines.begin(&facts)
        JournalFacts.write(header: desk, &facts)
        JournalWriter.write(.counters, desk, &facts)
        JournalWriter.write(.insurance, desk, &facts)
        lines.finish(&facts)
        for number in desk.markets.indices {
            lines.begin(&facts)
            JournalWriter.write(.listing(number), desk, &facts)
            JournalWriter.write(.prices(number), desk, &facts)
            JournalFacts.write(candlesOf: desk.markets[number], nil, &facts)
            if !desk.interests[number].isEmpty {
                JournalFacts.write(
                    desk.interests[number], desk.markets[number].symbol, &facts)
            }
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
            for record in desk.fundings[number] { try add([.funding(record)], 0, desk, sink) }
        }
        for account in desk.accounts.indices { try snapshot(account, desk, sink) }
        try sink(take())
    }

    private mutating func snapshot<Failure: Error>(
        _ account: Int, _ desk: FuturesDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        let state = desk.accounts[account]
        try add([.mode, .wallet], account, desk, sink)
        for (number, stake) in state.stakes.enumerated() {
            var notes: [JournalNote] = []
            for leg in PositionLeg.allCases where leg == .net || stake.holdings[leg] != Holding() {
                notes.append(.holding(number, leg))
            }
            if stake.countdownEnd != nil { notes.append(.countdown(number)) }
            try add(notes, account, desk, sink)
            for order in stake.orders.all {
                try add([.order(number, order.orderID)], account, desk, sink)
            }
            for trade in stake.trades { try add([.trade(trade)], account, desk, sink) }
            for amendment in stake.amendments {
                try add([.amendment(number, amendment)], account, desk, sink)
            }
            for change in stake.marginChanges {
                try add([.marginChange(number, change)], account, desk, sink)
            }
        }
        for algo in state.algos.all { try add([.algo(algo.algoID)], account, desk, sink) }
        for income in state.incomes { try add([.income(income)], account, desk, sink) }
    }

    private mutating func add<Failure: Error>(
        _ notes: [JournalNote], _ account: Int, _ desk: FuturesDesk,
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        lines.begin(&facts)
        for note in notes { write(note, of: account, desk) }
        lines.finish(&facts)
        if lines.count > 65_536 { try sink(take()) }
    }

    /// The lines written since the last call.
    mutating func take() -> [UInt8] { lines.take() }

    /// Goes on after the lines of a file.
    mutating func resume(after line: Int64, of account: Int) {
        lines.resume(after: line)
        self.account = account
    }
}

internal import Bytes
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// Gathers what a call changed and writes it as one journal line.
///
/// Facts are of the account that an `account` fact named last, in this line or before it; at the
/// beginning of a file, of the main one.
internal struct SpotJournalWriter {
    /// What changed of one account.
    private struct Notes {
        var orders: [(market: Int, orderID: Int64)] = []
        var trades: [SpotTrade] = []
        var preventions: [SpotPrevention] = []
        var amendments: [SpotAmendment] = []
        var lists: [Int64] = []
        var balances: [String] = []

        var isEmpty: Bool {
            orders.isEmpty && trades.isEmpty && preventions.isEmpty && amendments.isEmpty
                && lists.isEmpty && balances.isEmpty
        }

        mutating func removeAll() {
            orders.removeAll(keepingCapacity: true)
            trades.removeAll(keepingCapacity: true)
            preventions.removeAll(keepingCapacity: true)
            amendments.removeAll(keepingCapacity: true)
            lists.removeAll(keepingCapacity: true)
            balances.removeAll(keepingCapacity: true)
        }
    }

    /// Off until a service keeps the lines; without a file nothing is gathered.
    var isOn = false
    private var lines = JournalLines()
    private var notes: [Notes] = []
    private var instruments: [Int] = []
    private var markets: [Int] = []
    private var candles: [(market: Int, time: Range<Int64>)] = []
    private var hasCounters = false
    /// Whose the last fact on file is.
    private var account = 0

    /// Where an account's notes are; there are as many as there are accounts.
    private mutating func change(_ account: Int, _ body: (inout Notes) -> Void) {
        guard isOn else { return }
        while notes.count <= account { notes.append(Notes()) }
        body(&notes[account])
    }

    mutating func noteOrder(_ market: Int, _ orderID: Int64, of account: Int) {
        change(account) { notes in
            guard !notes.orders.contains(where: { $0 == (market, orderID) }) else { return }
            notes.orders.append((market, orderID))
        }
    }

    mutating func noteTrade(_ trade: SpotTrade, of account: Int) {
        change(account) { $0.trades.append(trade) }
    }

    mutating func notePrevention(_ prevention: SpotPrevention, of account: Int) {
        change(account) { $0.preventions.append(prevention) }
    }

    mutating func noteAmendment(_ amendment: SpotAmendment, of account: Int) {
        change(account) { $0.amendments.append(amendment) }
    }

    mutating func noteList(_ listID: Int64, of account: Int) {
        change(account) { if !$0.lists.contains(listID) { $0.lists.append(listID) } }
    }

    mutating func noteBalance(_ asset: String, of account: Int) {
        change(account) { if !$0.balances.contains(asset) { $0.balances.append(asset) } }
    }

    mutating func noteInstrument(_ market: Int) {
        if isOn, !instruments.contains(market) { instruments.append(market) }
    }

    mutating func noteMarket(_ market: Int) {
        if isOn { markets.append(market) }
    }

    mutating func noteCandles(_ market: Int, _ time: Range<Int64>) {
        if isOn { candles.append((market, time)) }
    }

    mutating func noteCounters() { hasCounters = isOn }

    private var isEmpty: Bool {
        notes.allSatisfy(\.isEmpty) && instruments.isEmpty && markets.isEmpty && candles.isEmpty
            && !hasCounters
    }

    /// Writes the line for what was noted since the last one, if anything was.
    mutating func commit(_ desk: SpotDesk) {
        if isEmpty { return }
        var facts = JSONWriter(capacity: 512)
        lines.begin(&facts)
        for market in instruments {
            SpotFacts.write(desk.instruments[market], &facts)
        }
        for account in notes.indices where !notes[account].isEmpty {
            turn(to: account, desk, &facts)
            write(notes[account], desk.accounts[account], &facts)
            notes[account].removeAll()
        }
        for market in markets { SpotFacts.write(prices: desk.floor.markets[market], &facts) }
        for (market, time) in candles {
            SpotFacts.write(candlesOf: desk.floor.markets[market], time, &facts)
        }
        if hasCounters { SpotFacts.write(counters: desk, &facts) }
        lines.finish(&facts)
        instruments.removeAll(keepingCapacity: true)
        markets.removeAll(keepingCapacity: true)
        candles.removeAll(keepingCapacity: true)
        hasCounters = false
    }

    /// The facts that follow are of this account.
    private mutating func turn(to account: Int, _ desk: SpotDesk, _ facts: inout JSONWriter) {
        guard account != self.account else { return }
        self.account = account
        SpotFacts.write(desk.accounts[account], &facts)
    }

    private func write(_ notes: Notes, _ account: SpotAccount, _ facts: inout JSONWriter) {
        for (market, orderID) in notes.orders {
            if let order = account.stakes[market].orders[orderID] {
                SpotFacts.write(order, &facts)
            }
        }
        for trade in notes.trades { SpotFacts.write(trade, &facts) }
        for prevention in notes.preventions { SpotFacts.write(prevention, &facts) }
        for amendment in notes.amendments { SpotFacts.write(amendment, &facts) }
        for listID in notes.lists {
            if let list = account.lists.last(where: { $0.listID == listID }) {
                SpotFacts.write(list, &facts)
            }
        }
        for asset in notes.balances {
            if let balance = account.balances[asset] { SpotFacts.write(balance, &facts) }
        }
    }

    // MARK: snapshots

    /// Writes the whole state as lines from number 1 on, in pieces of some 64 kB; pending lines are
    /// in it and are dropped.
    mutating func snapshot<Failure: Error>(
        _ desk: SpotDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        lines.restart()
        account = 0
        var facts = JSONWriter(capacity: 4_096)
        lines.begin(&facts)
        SpotFacts.write(header: desk, &facts)
        SpotFacts.write(counters: desk, &facts)
        for instrument in desk.instruments { SpotFacts.write(instrument, &facts) }
        lines.finish(&facts)
        for market in desk.floor.markets {
            lines.begin(&facts)
            SpotFacts.write(prices: market, &facts)
            SpotFacts.write(candlesOf: market, nil, &facts)
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
        }
        for account in desk.accounts.indices {
            lines.begin(&facts)
            turn(to: account, desk, &facts)
            for balance in desk.accounts[account].balances.rows {
                SpotFacts.write(balance, &facts)
            }
            lines.finish(&facts)
            try snapshot(desk.accounts[account], &facts, sink)
        }
        try sink(take())
    }

    private mutating func snapshot<Failure: Error>(
        _ account: SpotAccount, _ facts: inout JSONWriter,
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        for stake in account.stakes {
            for order in stake.orders.all {
                lines.begin(&facts)
                SpotFacts.write(order, &facts)
                lines.finish(&facts)
                if lines.count > 65_536 { try sink(take()) }
            }
            for trade in stake.trades {
                lines.begin(&facts)
                SpotFacts.write(trade, &facts)
                lines.finish(&facts)
                if lines.count > 65_536 { try sink(take()) }
            }
            try snapshotPast(of: stake, &facts, sink)
        }
        for list in account.lists {
            lines.begin(&facts)
            SpotFacts.write(list, &facts)
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
        }
    }

    private mutating func snapshotPast<Failure: Error>(
        of stake: SpotStake, _ facts: inout JSONWriter, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        for prevention in stake.preventions {
            lines.begin(&facts)
            SpotFacts.write(prevention, &facts)
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
        }
        for amendment in stake.amendments {
            lines.begin(&facts)
            SpotFacts.write(amendment, &facts)
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
        }
    }

    /// The lines written since the last call.
    mutating func take() -> [UInt8] { lines.take() }

    /// Goes on after the lines of a file.
    mutating func resume(after line: Int64, of account: Int) {
        lines.resume(after: line)
        self.account = account
    }
}

internal import Bytes
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// Gathers what a call changed and writes it as one journal line.
internal struct SpotJournalWriter {
    /// Off until a service keeps the lines; without a file nothing is gathered.
    var isOn = false
    private var lines = JournalLines()
    private var orders: [(market: Int, orderID: Int64)] = []
    private var trades: [SpotTrade] = []
    private var preventions: [SpotPrevention] = []
    private var amendments: [SpotAmendment] = []
    private var lists: [Int64] = []
    private var balances: [String] = []
    private var instruments: [Int] = []
    private var markets: [Int] = []
    private var hasCounters = false

    mutating func noteOrder(_ market: Int, _ orderID: Int64) {
        guard isOn, !orders.contains(where: { $0 == (market, orderID) }) else { return }
        orders.append((market, orderID))
    }

    mutating func noteTrade(_ trade: SpotTrade) {
        if isOn { trades.append(trade) }
    }

    mutating func notePrevention(_ prevention: SpotPrevention) {
        if isOn { preventions.append(prevention) }
    }

    mutating func noteAmendment(_ amendment: SpotAmendment) {
        if isOn { amendments.append(amendment) }
    }

    mutating func noteList(_ listID: Int64) {
        if isOn, !lists.contains(listID) { lists.append(listID) }
    }

    mutating func noteBalance(_ asset: String) {
        if isOn, !balances.contains(asset) { balances.append(asset) }
    }

    mutating func noteInstrument(_ market: Int) {
        if isOn, !instruments.contains(market) { instruments.append(market) }
    }

    mutating func noteMarket(_ market: Int) {
        if isOn { markets.append(market) }
    }

    mutating func noteCounters() { hasCounters = isOn }

    private var isEmpty: Bool {
        orders.isEmpty && trades.isEmpty && preventions.isEmpty && amendments.isEmpty
            && lists.isEmpty && balances.isEmpty && instruments.isEmpty
            && markets.isEmpty && !hasCounters
    }

    /// Writes the line for what was noted since the last one, if anything was.
    mutating func commit(_ desk: SpotDesk) {
        if isEmpty { return }
        var facts = JSONWriter(capacity: 512)
        lines.begin(&facts)
        for market in instruments {
            SpotFacts.write(desk.instruments[market], &facts)
        }
        for (market, orderID) in orders {
            if let order = desk.stakes[market].orders[orderID] { SpotFacts.write(order, &facts) }
        }
        for trade in trades { SpotFacts.write(trade, &facts) }
        for prevention in preventions { SpotFacts.write(prevention, &facts) }
        for amendment in amendments { SpotFacts.write(amendment, &facts) }
        for listID in lists {
            if let list = desk.lists.last(where: { $0.listID == listID }) {
                SpotFacts.write(list, &facts)
            }
        }
        for asset in balances {
            if let balance = desk.balances[asset] { SpotFacts.write(balance, &facts) }
        }
        for market in markets { SpotFacts.write(prices: desk.floor.markets[market], &facts) }
        if hasCounters { SpotFacts.write(counters: desk, &facts) }
        lines.finish(&facts)
        orders.removeAll(keepingCapacity: true)
        trades.removeAll(keepingCapacity: true)
        preventions.removeAll(keepingCapacity: true)
        amendments.removeAll(keepingCapacity: true)
        lists.removeAll(keepingCapacity: true)
        balances.removeAll(keepingCapacity: true)
        instruments.removeAll(keepingCapacity: true)
        markets.removeAll(keepingCapacity: true)
        hasCounters = false
    }

    /// Writes the whole state as lines from number 1 on, in pieces of some 64 kB; pending lines are
    /// in it and are dropped.
    mutating func snapshot<Failure: Error>(
        _ desk: SpotDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        lines.restart()
        var facts = JSONWriter(capacity: 4_096)
        lines.begin(&facts)
        SpotFacts.write(header: desk, &facts)
        SpotFacts.write(counters: desk, &facts)
        for balance in desk.balances.rows { SpotFacts.write(balance, &facts) }
        for instrument in desk.instruments { SpotFacts.write(instrument, &facts) }
        for market in desk.floor.markets { SpotFacts.write(prices: market, &facts) }
        lines.finish(&facts)
        for stake in desk.stakes {
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
        for list in desk.lists {
            lines.begin(&facts)
            SpotFacts.write(list, &facts)
            lines.finish(&facts)
            if lines.count > 65_536 { try sink(take()) }
        }
        try sink(take())
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
    mutating func resume(after line: Int64) { lines.resume(after: line) }
}

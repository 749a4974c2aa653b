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
        orders.isEmpty && trades.isEmpty && balances.isEmpty && instruments.isEmpty
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
        for asset in balances {
            if let balance = desk.balances[asset] { SpotFacts.write(balance, &facts) }
        }
        for market in markets { SpotFacts.write(prices: desk.floor.markets[market], &facts) }
        if hasCounters { SpotFacts.write(counters: desk, &facts) }
        lines.finish(&facts)
        orders.removeAll(keepingCapacity: true)
        trades.removeAll(keepingCapacity: true)
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
        }
        try sink(take())
    }

    /// The lines written since the last call.
    mutating func take() -> [UInt8] { lines.take() }

    /// Goes on after the lines of a file.
    mutating func resume(after line: Int64) { lines.resume(after: line) }
}

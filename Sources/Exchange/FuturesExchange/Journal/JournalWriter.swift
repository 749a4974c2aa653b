internal import Bytes
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// Gathers what a call changed and writes it as one journal line.
internal struct JournalWriter {
    /// Off until a service keeps the lines; without a file nothing is gathered.
    var isOn = false
    private var lines = JournalLines()
    private var orders: [(market: Int, orderID: Int64)] = []
    private var trades: [FuturesTrade] = []
    private var holdings: [Int] = []
    private var markets: [Int] = []

    mutating func noteOrder(_ market: Int, _ orderID: Int64) {
        guard isOn, !orders.contains(where: { $0 == (market, orderID) }) else { return }
        orders.append((market, orderID))
    }

    mutating func noteTrade(_ trade: FuturesTrade) {
        if isOn { trades.append(trade) }
    }

    /// A position or leverage changed, and the wallet with it.
    mutating func noteHolding(_ market: Int) {
        if isOn, !holdings.contains(market) { holdings.append(market) }
    }

    mutating func noteMarket(_ market: Int) {
        if isOn { markets.append(market) }
    }

    /// Writes the line for what was noted since the last one, if anything was.
    mutating func commit(_ desk: FuturesDesk) {
        if orders.isEmpty && trades.isEmpty && holdings.isEmpty && markets.isEmpty { return }
        var facts = JSONWriter(capacity: 512)
        lines.begin(&facts)
        for (market, orderID) in orders {
            if let order = desk.stakes[market].orders[orderID] {
                JournalFacts.write(order, &facts)
            }
        }
        for trade in trades { JournalFacts.write(trade, &facts) }
        for market in holdings {
            JournalFacts.write(desk.stakes[market], desk.markets[market].symbol, &facts)
        }
        if !holdings.isEmpty { JournalFacts.write(wallet: desk, &facts) }
        for market in markets { JournalFacts.write(prices: desk.markets[market], &facts) }
        if !markets.isEmpty { JournalFacts.write(counters: desk, &facts) }
        lines.finish(&facts)
        orders.removeAll(keepingCapacity: true)
        trades.removeAll(keepingCapacity: true)
        holdings.removeAll(keepingCapacity: true)
        markets.removeAll(keepingCapacity: true)
    }

    /// Writes the whole state as lines from number 1 on, in pieces of some 64 kB; pending lines are
    /// in it and are dropped.
    mutating func snapshot<Failure: Error>(
        _ desk: FuturesDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        lines.restart()
        var facts = JSONWriter(capacity: 4_096)
        lines.begin(&facts)
        JournalFacts.write(header: desk, &facts)
        JournalFacts.write(wallet: desk, &facts)
        JournalFacts.write(counters: desk, &facts)
        for (market, stake) in zip(desk.markets, desk.stakes) {
            JournalFacts.write(stake, market.symbol, &facts)
            JournalFacts.write(prices: market, &facts)
        }
        lines.finish(&facts)
        for stake in desk.stakes {
            for order in stake.orders.all {
                lines.begin(&facts)
                JournalFacts.write(order, &facts)
                lines.finish(&facts)
                if lines.count > 65_536 { try sink(take()) }
            }
            for trade in stake.trades {
                lines.begin(&facts)
                JournalFacts.write(trade, &facts)
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

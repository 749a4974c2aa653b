internal import Bytes
internal import Trading

/// Gathers what a call changed and writes it as one journal line, so that a call is on file as a
/// whole or not at all: `<crc32, 8 hex digits> {"n":<line number>,"facts":[…]}`.
internal struct JournalWriter {
    /// Off until a service keeps the lines; without a file nothing is gathered.
    var isOn = false
    private var line: Int64 = 0
    private var bytes: [UInt8] = []
    private var orders: [(market: Int, orderID: Int64)] = []
    private var trades: [PaperTrade] = []
    private var holdings: [Int] = []
    private var markets: [Int] = []

    mutating func noteOrder(_ market: Int, _ orderID: Int64) {
        guard isOn, !orders.contains(where: { $0 == (market, orderID) }) else { return }
        orders.append((market, orderID))
    }

    mutating func noteTrade(_ trade: PaperTrade) {
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
    mutating func commit(_ desk: PaperDesk) {
        if orders.isEmpty && trades.isEmpty && holdings.isEmpty && markets.isEmpty { return }
        var facts = JSONWriter(capacity: 512)
        begin(&facts)
        for (market, orderID) in orders {
            if let order = desk.markets[market].orders[orderID] {
                JournalFacts.write(order, &facts)
            }
        }
        for trade in trades { JournalFacts.write(trade, &facts) }
        for market in holdings { JournalFacts.write(desk.markets[market], &facts) }
        if !holdings.isEmpty { JournalFacts.write(wallet: desk, &facts) }
        for market in markets { JournalFacts.write(prices: desk.markets[market], &facts) }
        if !markets.isEmpty { JournalFacts.write(counters: desk, &facts) }
        finish(&facts)
        orders.removeAll(keepingCapacity: true)
        trades.removeAll(keepingCapacity: true)
        holdings.removeAll(keepingCapacity: true)
        markets.removeAll(keepingCapacity: true)
    }

    /// Writes the whole state as lines from number 1 on, in pieces of some 64 kB; pending lines are
    /// in it and are dropped.
    mutating func snapshot<Failure: Error>(
        _ desk: PaperDesk, _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        bytes = []
        line = 0
        var facts = JSONWriter(capacity: 4_096)
        begin(&facts)
        JournalFacts.write(header: desk, &facts)
        JournalFacts.write(wallet: desk, &facts)
        JournalFacts.write(counters: desk, &facts)
        for market in desk.markets {
            JournalFacts.write(market, &facts)
            JournalFacts.write(prices: market, &facts)
        }
        finish(&facts)
        for market in desk.markets {
            for order in market.orders.all {
                begin(&facts)
                JournalFacts.write(order, &facts)
                finish(&facts)
                if bytes.count > 65_536 { try sink(take()) }
            }
            for trade in market.trades {
                begin(&facts)
                JournalFacts.write(trade, &facts)
                finish(&facts)
                if bytes.count > 65_536 { try sink(take()) }
            }
        }
        try sink(take())
    }

    private mutating func begin(_ facts: inout JSONWriter) {
        line += 1
        facts.removeAll()
        facts.beginObject()
        facts.field("n", line)
        facts.key("facts")
        facts.beginArray()
    }

    private mutating func finish(_ facts: inout JSONWriter) {
        facts.endArray()
        facts.endObject()
        let sum = CRC32.checksum(facts.rawSpan)
        for shift in stride(from: 28, through: 0, by: -4) {
            bytes.append(Hex.digit(UInt8(sum >> UInt32(shift) & 15)))
        }
        bytes.append(UInt8(ascii: " "))
        bytes += facts.bytes
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The lines written since the last call.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Goes on after the lines of a file.
    mutating func resume(after line: Int64) { self.line = line }
}

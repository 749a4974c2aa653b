package import Bytes
package import Chronology
package import ExchangeDoor
internal import Trading

// BinanceSpotVenue: a spot exchange with the manners of Binance (exchange-facts C).
// 1. Every refusal has the venue's status, code and words, and changed nothing but rate counters.
// 2. Amounts are padded to eight decimals, prices too, whatever tick and step are.
// 3. What happened reaches the account's stream in the order in which it happened.

/// Binance spot as the process runs it: the desk, its requests and its streams.
package final class BinanceSpotVenue: Exchange {
    package let desk: SpotDesk
    internal var gate: RateGate
    internal var board: StreamBoard<BinanceStreamKey>
    internal var apiSockets: [Int: BinanceAPISocket] = [:]
    /// Sockets that listen to the account, in the order in which they began to.
    internal var subscribers: [Int] = []
    /// Sockets that want their times in microseconds.
    internal var inMicroseconds: Set<Int> = []
    internal var actions: [SocketAction] = []
    internal var scratch = JSONWriter(capacity: 1_024)
    /// The time of the latest call that had one.
    internal var wall = WallTime(milliseconds: 0)
    /// The second of wall time in which candles and tickers were told last.
    internal var polledSecond: Int64 = 0

    package init(_ settings: SpotSettings) {
        precondition(settings.flavour == .binance, "a venue has the settings of its flavour")
        desk = SpotDesk(settings)
        gate = RateGate(settings.limits.rates)
        var markets: [String: Int] = [:]
        for (number, rules) in desk.instruments.enumerated() {
            markets[rules.symbol.name.lowercased()] = number
        }
        var limits = StreamLimits()
        limits.messagesPerSecond = 5
        board = StreamBoard(roots: [], limits: limits) { [markets] name, _ in
            BinanceStreamKey(name, markets: markets)
        }
    }

    package var name: String { "spot" }
    package var keyHeader: String { "X-MBX-APIKEY" }

    package var nextDue: Instant { desk.nextDue }

    package func step(now: Instant, wall: WallTime) {
        self.wall = wall
        desk.step(now: now, wall: wall)
    }

    package func operate(
        _ operation: ExchangeOperation, wall: WallTime
    ) throws(ExchangeError) {
        if operation == .expireListenKeys { return terminateSubscriptions(wall) }
        let isDone = try inBinanceWords { () throws(SpotRefusal) in
            try desk.operate(operation, wall: wall)
        }
        if !isDone { throw .noSuchOperation }
    }

    /// Ends what listens to the account; spot has no listen keys any more.
    private func terminateSubscriptions(_ wall: WallTime) {
        for id in subscribers {
            for (number, _) in apiSockets[id]?.subscriptions ?? [] {
                terminate(number, id, wall.milliseconds)
            }
        }
    }

    package func writeTruth(
        _ part: TruthPart, from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        desk.writeTruth(part, from: cursor, limit: limit, &out)
    }

    package func takeJournal() -> [UInt8] { desk.takeJournal() }

    package func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try desk.startJournal(sink)
    }

    package func replay(_ fact: JSONValue) throws(JSONError) { try desk.replay(fact) }

    package func reopen(after line: Int) throws(JournalProblem) { try desk.reopen(after: line) }
}

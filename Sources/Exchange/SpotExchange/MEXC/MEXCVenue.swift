package import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading
internal import VenueProtocol

// MEXCVenue: a spot exchange with the manners of MEXC v3 (exchange-facts D), which looks like
// Binance and is not.
// 1. Codes are positive, ids of orders are texts, and the type of an order carries its time in
//    force.
// 2. Everything private is signed, also what concerns listen keys.
// 3. A reply to a new order does not say what became of it; the account's stream and queries do.

/// MEXC spot as the process runs it: the desk, its requests and its streams.
package final class MEXCVenue: Exchange {
    package let desk: SpotDesk
    internal var gate: RateGate
    internal var sockets: MEXCSockets
    internal var actions: [SocketAction] = []
    internal var writer = MEXCPushWriter()
    /// The latest best prices and prints of each market that slower channels have not told yet.
    internal var waitingTickers: [Int: BookTicker] = [:]
    internal var waitingDeals: [Int: [PublicTrade]] = [:]
    /// The time of the latest step.
    internal var wall = WallTime(milliseconds: 0)
    /// The second of wall time in which candles were told last.
    internal var polledSecond: Int64 = 0
    /// Calls of `batchOrders` in the second they were counted in, by account.
    internal var batchCounts: [Int: Int] = [:]
    internal var batchSecond: Int64 = 0
    /// The number of the account that is being told of its events.
    internal var addressee = 0

    package init(_ settings: SpotSettings) {
        precondition(settings.flavour == .mexc, "a venue has the settings of its flavour")
        desk = SpotDesk(settings)
        gate = RateGate(settings.limits.rates)
        var markets: [String: Int] = [:]
        for (number, rules) in desk.instruments.enumerated() {
            markets[rules.symbol.name] = number
        }
        sockets = MEXCSockets(markets)
    }

    package var name: String { "mexc" }
    package var keyHeader: String { "X-MEXC-APIKEY" }

    package var nextDue: Instant { desk.nextDue }

    package func step(now: Instant, wall: WallTime) {
        self.wall = wall
        sockets.now = now
        desk.step(now: now, wall: wall)
    }

    package func operate(
        _ operation: ExchangeOperation, wall: WallTime
    ) throws(ExchangeError) {
        let isDone = try inMEXCWords { () throws(SpotRefusal) in
            try desk.operate(operation, wall: wall)
        }
        if !isDone { throw .noSuchOperation }
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

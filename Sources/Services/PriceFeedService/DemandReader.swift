import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime
import Trading

/// What is wanted of the feed.
struct Demand: Equatable {
    /// Symbols that positions, working orders, running algos and watches want.
    var symbols: [Symbol] = []
    /// Symbols whose book by levels is watched.
    var books: [Symbol] = []
}

/// Reads from Redis which symbols are wanted: watches that have not expired, open positions, working
/// orders and running algos. Reads twice a second, and at once when the `demand` channel says so.
@LoopActor final class DemandReader: RedisMessageHandler {
    private let host: ServiceHost
    private let received: @LoopActor (Demand) -> Void
    private var isReading = false
    /// A notice came while reading: read once more.
    private var isNoticed = false
    private var watches: [Symbol] = []
    private var books: [Symbol] = []
    private var positions: [Symbol] = []
    private var orders = SymbolTable(field: "symbol")
    private var algos = SymbolTable(field: "symbol")
    /// When expired watches are next removed.
    private var nextCleaning = WallTime(milliseconds: 0)

    /// - Parameter received: called with all of it after each reading that succeeded.
    init(_ host: ServiceHost, _ received: @escaping @LoopActor (Demand) -> Void) {
        self.host = host
        self.received = received
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) { read() }

    func subscriptionEstablished(channel: String) { read() }

    func read() {
        guard host.redis.isUp else { return }
        guard !isReading else {
            isNoticed = true
            return
        }
        isReading = true
        isNoticed = false
        let keys = host.keys
        let wall = host.loop.wallNow
        if wall >= nextCleaning { clean(wall) }
        let now = "(\(wall.milliseconds)"
        let commands = [
            ["ZRANGEBYSCORE", keys.demand, now, "+inf"],
            ["ZRANGEBYSCORE", keys.depthDemand, now, "+inf"],
            ["SMEMBERS", keys.books], ["SMEMBERS", keys.openOrders], ["SMEMBERS", keys.algos],
        ]
        host.redis.send(all: commands) { [weak self] outcomes in self?.namesRead(outcomes) }
    }

    /// Takes watches away that have expired.
    private func clean(_ wall: WallTime) {
        nextCleaning = wall + .seconds(60)
        let until = "\(wall.milliseconds)"
        for key in [host.keys.demand, host.keys.depthDemand] {
            host.redis.send(["ZREMRANGEBYSCORE", key, "-inf", until]) { _ in }
        }
    }

    private func namesRead(_ outcomes: [RedisOutcome]) {
        let lists = outcomes.map { outcome in outcome.value?.texts?.compactMap { $0 } }
        guard lists.count == 5, let watched = lists[0], let deep = lists[1], let held = lists[2],
            let working = lists[3], let running = lists[4]
        else { return ended() }
        watches = watched.compactMap { Symbol($0) }
        books = deep.compactMap { Symbol($0) }
        positions = held.compactMap { BusKeys.book(of: $0)?.symbol }
        let keys = host.keys
        let look =
            orders.retain(working).map { ($0, orders.field, keys.order($0)) }
            + algos.retain(running).map { ($0, algos.field, keys.algo($0)) }
        if look.isEmpty { return finish() }
        host.redis.send(all: look.map { ["HGET", $0.2, $0.1] }) { [weak self] outcomes in
            self?.symbolsRead(look.map(\.0), outcomes)
        }
    }

    private func symbolsRead(_ ids: [String], _ outcomes: [RedisOutcome]) {
        for (id, outcome) in zip(ids, outcomes) {
            guard let symbol = outcome.value?.text.flatMap({ Symbol($0) }) else { continue }
            orders.learn(id, symbol)
            algos.learn(id, symbol)
        }
        finish()
    }

    private func finish() {
        let symbols = watches + positions + orders.symbols + algos.symbols
        received(Demand(symbols: symbols.sorted(), books: books.sorted()))
        ended()
    }

    /// What was wanted stays wanted until Redis can be read again.
    private func ended() {
        isReading = false
        if isNoticed { read() }
    }
}

/// The symbols of orders or algos, kept so that each is looked up once.
private struct SymbolTable {
    let field: String
    private var known: [String: Symbol] = [:]
    private var present: Set<String> = []

    /// Look-ups in one reading; the rest follows in the next.
    private static let lookUps = 200

    init(field: String) { self.field = field }

    /// Forgets what is not among the ids.
    /// - Returns: ids whose symbol is not known, ascending.
    mutating func retain(_ ids: [String]) -> [String] {
        present = Set(ids)
        known = known.filter { present.contains($0.key) }
        return Array(present.filter { known[$0] == nil }.sorted().prefix(SymbolTable.lookUps))
    }

    mutating func learn(_ id: String, _ symbol: Symbol) {
        if present.contains(id) { known[id] = symbol }
    }

    /// Each once, ascending.
    var symbols: [Symbol] { Set(known.values).sorted() }
}

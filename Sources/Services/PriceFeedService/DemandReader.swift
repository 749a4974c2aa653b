import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime
import Trading

/// Reads from Redis which symbols are wanted: watches that have not expired, open positions, and
/// working orders. Reads each second, and at once when the `demand` channel says so.
@LoopActor final class DemandReader: RedisMessageHandler {
    private let host: ServiceHost
    private let received: @LoopActor ([Symbol]) -> Void
    private var isReading = false
    /// A notice came while reading: read once more.
    private var isNoticed = false
    /// The symbols of working orders, kept so that each order is looked up once.
    private var orderSymbols: [String: Symbol] = [:]
    private var watches: [Symbol] = []
    private var books: [Symbol] = []
    /// When expired watches are next removed.
    private var nextCleaning = WallTime(milliseconds: 0)

    /// - Parameter received: called with all of them after each reading that succeeded.
    init(_ host: ServiceHost, _ received: @escaping @LoopActor ([Symbol]) -> Void) {
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
        let keys = host.keys
        let wall = host.loop.wallNow
        let now = "\(wall.milliseconds)"
        if wall >= nextCleaning {
            nextCleaning = wall + .seconds(60)
            host.redis.send(["ZREMRANGEBYSCORE", keys.demand, "-inf", now]) { _ in }
        }
        host.redis.send(["ZRANGEBYSCORE", keys.demand, "(\(now)", "+inf"]) { [weak self] outcome in
            self?.watchesRead(outcome)
        }
        host.redis.send(["SMEMBERS", keys.books]) { [weak self] outcome in
            self?.booksRead(outcome)
        }
        host.redis.send(["SMEMBERS", keys.openOrders]) { [weak self] outcome in
            self?.ordersRead(outcome)
        }
    }

    private func watchesRead(_ outcome: RedisOutcome) {
        guard let texts = outcome.value?.texts else { return failed() }
        watches = texts.compactMap { $0.flatMap { Symbol($0) } }
    }

    private func booksRead(_ outcome: RedisOutcome) {
        guard let texts = outcome.value?.texts else { return failed() }
        books = texts.compactMap { $0.flatMap { BusKeys.book(of: $0)?.symbol } }
    }

    private func ordersRead(_ outcome: RedisOutcome) {
        guard let texts = outcome.value?.texts else { return failed() }
        let ids = texts.compactMap { $0 }.sorted()
        orderSymbols = orderSymbols.filter { ids.contains($0.key) }
        let unknown = ids.filter { orderSymbols[$0] == nil }.prefix(DemandReader.lookUps)
        for id in unknown {
            host.redis.send(["HGET", host.keys.order(id), "symbol"]) { [weak self] outcome in
                guard let symbol = outcome.value?.text.flatMap({ Symbol($0) }) else { return }
                self?.orderSymbols[id] = symbol
            }
        }
        // Replies come in order, so this one follows all look-ups.
        if unknown.isEmpty { return finish() }
        host.redis.send(["PING"]) { [weak self] _ in self?.finish() }
    }

    private func finish() {
        guard isReading else { return }
        isReading = false
        received((watches + books + orderSymbols.values).sorted())
        if isNoticed {
            isNoticed = false
            read()
        }
    }

    /// What was wanted stays wanted until Redis can be read again.
    private func failed() { isReading = false }

    /// Orders looked up in one reading; the rest follows in the next.
    private static let lookUps = 200
}

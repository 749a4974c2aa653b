import BusProtocol
import Chronology
import Reactor
import RedisLink
import Trading

/// The driver's own way onto the bus: it asks order-gateway and reads the books.
@LoopActor final class ChaosBus: RedisMessageHandler {
    let keys: BusKeys
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let loop: EventLoop
    private let from = "chaos"
    private var waiting: [String: @LoopActor (Reply?) -> Void] = [:]

    init(loop: EventLoop, endpoint: RedisEndpoint, keys: BusKeys, seed: UInt64) {
        self.loop = loop
        self.keys = keys
        client = RedisClient(loop: loop, endpoint: endpoint, name: "chaos", jitterSeed: seed)
        subscriber = RedisSubscriber(
            loop: loop, endpoint: endpoint, name: "chaos-replies", jitterSeed: seed &+ 1)
    }

    func start() {
        client.start()
        _ = subscriber.subscribe(keys.replyChannel(from), self)
        subscriber.start()
    }

    func close() {
        client.close()
        subscriber.close()
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let reply = try? Reply.decode(payload) else { return }
        waiting.removeValue(forKey: reply.id)?(reply)
    }

    func subscriptionEstablished(channel: String) {}

    /// Asks order-gateway; the answer's code, or why there is none.
    func ask(
        _ id: String, _ kind: CommandKind, _ body: [String: String],
        deadline: Interval = .seconds(3), _ done: @escaping @LoopActor (String, Reply?) -> Void
    ) {
        let command = Command(
            id: id, from: from,
            deadlineMilliseconds: (loop.wallNow + deadline).milliseconds, kind: kind.rawValue,
            body: body)
        let timer = loop.timer { [weak self] in self?.waiting.removeValue(forKey: id)?(nil) }
        // A second question under the same id takes the first one's place.
        waiting.removeValue(forKey: id)?(nil)
        waiting[id] = { reply in
            timer.disarm()
            done(reply?.code ?? "timeout", reply)
        }
        timer.arm(after: deadline)
        let channel = keys.commandChannel(.orderGateway)
        let text = String(decoding: command.encoded(), as: UTF8.self)
        client.send(["PUBLISH", channel, text]) { [weak self] outcome in
            if case .reply(.integer(0)) = outcome {
                timer.disarm()
                if self?.waiting.removeValue(forKey: id) != nil { done("not_running", nil) }
            } else if case .refused = outcome {
                timer.disarm()
                if self?.waiting.removeValue(forKey: id) != nil { done("redis_down", nil) }
            }
        }
    }

    func ask(_ id: String, _ kind: CommandKind, _ body: [String: String]) async -> (String, Reply?) {
        await withCheckedContinuation { continuation in
            ask(id, kind, body) { code, reply in continuation.resume(returning: (code, reply)) }
        }
    }

    // MARK: reading

    func value(_ arguments: [String]) async -> RedisValue? {
        guard let value = await client.send(arguments).value, !value.isError else { return nil }
        return value
    }

    func texts(_ arguments: [String]) async -> [String] {
        await value(arguments)?.texts?.compactMap { $0 } ?? []
    }

    func fields(_ key: String) async -> [String: String] {
        await value(["HGETALL", key])?.fields ?? [:]
    }

    /// Whether a service says that it is ready, under the process id given.
    func isReady(_ service: String, pid: Int32) async -> Bool {
        let fields = await fields(keys.heartbeat(service, "chaos"))
        guard let record = try? HeartbeatRecord(fields: fields) else { return false }
        return record.isReady && record.processID == Int64(pid)
    }

    func price(_ symbol: Symbol) async -> PriceRecord? {
        try? PriceRecord(fields: await fields(keys.price(symbol)))
    }

    func instrument(_ symbol: Symbol) async -> Instrument? {
        try? InstrumentRecord.instrument(fields: await fields(keys.instrument(symbol)))
    }

    /// Everything the audit needs to know of the books.
    func books() async -> BookTruth {
        var truth = BookTruth()
        for entry in await value(["XRANGE", keys.ledger, "-", "+"])?.elements ?? [] {
            guard let parts = entry.elements, parts.count == 2, let fields = parts[1].fields,
                let read = try? LedgerEntry(fields: fields)
            else {
                truth.unreadable.append("journal entry unreadable: \(entry)")
                continue
            }
            truth.entries.append(read)
        }
        for name in await texts(["SMEMBERS", keys.accounts]).sorted() {
            guard let account = AccountID(name),
                let record = try? BalanceRecord(fields: await fields(keys.balance(account)))
            else { continue }
            truth.balances.append((account, record))
        }
        for member in await texts(["SMEMBERS", keys.books]).sorted() {
            guard let book = BusKeys.book(of: member),
                let record = try? PositionRecord(
                    fields: await fields(keys.position(book.account, book.symbol)))
            else {
                truth.unreadable.append("book unreadable: \(member)")
                continue
            }
            truth.positions.append((book.account, book.symbol, record))
        }
        truth.openOrders = await texts(["SMEMBERS", keys.openOrders])
        return truth
    }
}

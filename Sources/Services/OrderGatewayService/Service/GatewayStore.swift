import BusProtocol
import Chronology
import Orders
import Positions
import Reactor
import RedisLink
import Trading
import VenueProtocol

/// Why Redis could not be read.
package struct StoreFailure: Error, CustomStringConvertible {
    package let description: String
}

/// What order-gateway reads from and writes to Redis.
@LoopActor struct GatewayStore {
    let redis: RedisClient
    let keys: BusKeys
    let writer: String
    /// Whether prices come with a mark price; where not, the middle of the book stands for it.
    let hasMarks: Bool

    nonisolated static let fenceName = "gateway"
    private static let ledger = RedisScript(LedgerScript.source)
    private static let shared = RedisScript(SharedTradeScript.source)
    private static let intent = RedisScript(OrderScript.intent)
    private static let update = RedisScript(OrderScript.update)
    private static let account = RedisScript(RecordScript.account)
    private static let state = RedisScript(RecordScript.state)
    private static let algo = RedisScript(AlgoScript.save)

    /// Whether all that was asked for so far is on its way to Redis.
    func flush() -> Bool { redis.flush() }

    func saveIntent(
        _ record: OrderRecord, fence: Int64, _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        order(GatewayStore.intent, record, isDone: false, fence: fence, completion)
    }

    func saveOrder(
        _ record: OrderRecord, isDone: Bool, fence: Int64,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        order(GatewayStore.update, record, isDone: isDone, fence: fence, completion)
    }

    private func order(
        _ script: RedisScript, _ record: OrderRecord, isDone: Bool, fence: Int64,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        let call = OrderScript.call(
            record, isDone: isDone, keys: keys, fenceName: GatewayStore.fenceName, fence: fence)
        run(script, call) { outcome in
            completion(
                GatewayStore.saveReply(outcome) { texts in
                    switch try? OrderScript.reply(texts) {
                    case .saved: .saved
                    case .exists(let found): .exists(found)
                    case .fenced: .fenced
                    case .wrong(let what): .wrong(what)
                    case nil: nil
                    }
                })
        }
    }

    func applyLedger(
        _ command: LedgerCommand, fence: Int64, wall: WallTime,
        _ completion: @escaping @LoopActor (LedgerReply) -> Void
    ) {
        let call = LedgerScript.call(
            command, keys: keys, fenceName: GatewayStore.fenceName, fence: fence, writer: writer,
            nowMilliseconds: wall.milliseconds)
        run(GatewayStore.ledger, call) { outcome in
            switch outcome {
            case .reply(let value):
                guard let texts = value.texts, let reply = try? LedgerScript.reply(texts) else {
                    completion(.wrong(outcome.failure ?? "unreadable answer of the ledger script"))
                    return
                }
                completion(reply)
            case .refused: completion(.refused)
            case .unknown: completion(.unknown)
            }
        }
    }

    func applyShared(
        _ command: SharedCommand, fence: Int64, wall: WallTime,
        _ completion: @escaping @LoopActor (SharedReply) -> Void
    ) {
        let call = SharedTradeScript.call(
            command, keys: keys, fenceName: GatewayStore.fenceName, fence: fence, writer: writer,
            nowMilliseconds: wall.milliseconds)
        run(GatewayStore.shared, call) { outcome in
            switch outcome {
            case .reply(let value):
                guard let texts = value.texts, let reply = try? SharedTradeScript.reply(texts)
                else {
                    let problem = "unreadable answer of the shared trade script"
                    return completion(.wrong(outcome.failure ?? problem))
                }
                completion(reply)
            case .refused: completion(.refused)
            case .unknown: completion(.unknown)
            }
        }
    }

    func saveAccount(
        _ record: AccountRecord, fence: Int64,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        let call = RecordScript.call(
            record, keys: keys, fenceName: GatewayStore.fenceName, fence: fence)
        save(GatewayStore.account, call, completion)
    }

    func saveState(
        _ record: StateRecord, _ account: AccountID?, fence: Int64,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        let call = RecordScript.call(
            record, account: account, keys: keys, fenceName: GatewayStore.fenceName, fence: fence)
        save(GatewayStore.state, call, completion)
    }

    func saveAlgo(
        _ record: AlgoRecord, isOver: Bool, fence: Int64,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        let call = AlgoScript.call(
            record, isOver: isOver, keys: keys, fenceName: GatewayStore.fenceName, fence: fence)
        save(GatewayStore.algo, call, completion)
    }

    /// Writes what the account holds. Not fenced: whoever reads it checks it against the exchange.
    func saveHoldings(_ list: [VenueHolding], isWhole: Bool, wall: WallTime) {
        let stamp = RecordStamp(
            sequence: wall.milliseconds, writer: writer, atMilliseconds: wall.milliseconds)
        var record = HoldingsRecord(stamp: stamp)
        for holding in list {
            record.balances[holding.asset] = HoldingsRecord.Balance(
                free: holding.free, locked: holding.locked)
        }
        let write = ["HSET", keys.holdings] + record.fields.flatMap { [$0.0, $0.1] }
        guard isWhole else { return redis.send(write) { _ in } }
        for command in [["MULTI"], ["DEL", keys.holdings], write, ["EXEC"]] {
            redis.send(command) { _ in }
        }
    }

    private func save(
        _ script: RedisScript, _ call: ScriptCall,
        _ completion: @escaping @LoopActor (SaveReply) -> Void
    ) {
        run(script, call) { outcome in
            completion(
                GatewayStore.saveReply(outcome) { texts in
                    switch try? RecordScript.reply(texts) {
                    case .saved: .saved
                    case .exists: .exists(nil)
                    case .fenced: .fenced
                    case .wrong(let what): .wrong(what)
                    case nil: nil
                    }
                })
        }
    }

    private func run(
        _ script: RedisScript, _ call: ScriptCall,
        _ completion: @escaping @LoopActor (RedisOutcome) -> Void
    ) {
        redis.evaluate(script, keys: call.keys, arguments: call.arguments, completion)
    }

    /// An error reply is a refusal: scripts check before they write, and Redis refuses them whole
    /// when it may not write (MISCONF, OOM, READONLY).
    private static func saveReply(
        _ outcome: RedisOutcome, _ read: ([String?]) -> SaveReply?
    ) -> SaveReply {
        switch outcome {
        case .reply(let value):
            if let texts = value.texts, let reply = read(texts) { return reply }
            return .wrong(outcome.failure ?? "unreadable answer of a script")
        case .refused: return .refused
        case .unknown: return .unknown
        }
    }

    /// Keeps an answer for those who ask again, and sends it.
    func reply(_ reply: Reply, to from: String) {
        let text = String(decoding: reply.encoded(), as: UTF8.self)
        redis.send(["SET", keys.request(reply.id), text, "EX", "3600"]) { _ in }
        redis.send(["PUBLISH", keys.replyChannel(from), text]) { _ in }
    }

    /// Says that a symbol's prices are wanted for a while.
    func demand(_ symbol: Symbol, wall: WallTime) {
        let until = wall.milliseconds + 120_000
        redis.send(["ZADD", keys.demand, "\(until)", symbol.name]) { _ in }
        redis.send(["PUBLISH", keys.demandChannel, symbol.name]) { _ in }
    }
}

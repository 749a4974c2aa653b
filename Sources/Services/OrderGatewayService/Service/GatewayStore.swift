import BusProtocol
import Chronology
import Orders
import Positions
import Reactor
import RedisLink
import Runtime
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

    // MARK: writing

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

    // MARK: reading

    /// Sends commands at once and gives all replies, or throws what went wrong with one.
    private func read(_ commands: [[String]]) async throws(StoreFailure) -> [RedisValue] {
        if commands.isEmpty { return [] }
        let outcomes = await withCheckedContinuation {
            (continuation: CheckedContinuation<[RedisOutcome], Never>) in
            let gathering = Gathering(commands.count) { continuation.resume(returning: $0) }
            for (index, command) in commands.enumerated() {
                redis.send(command) { gathering.ended(index, $0) }
            }
        }
        var values: [RedisValue] = []
        for outcome in outcomes {
            guard let value = outcome.value else {
                throw StoreFailure(description: outcome.failure ?? "redis did not answer")
            }
            values.append(value)
        }
        return values
    }

    private func records(_ names: [String]) async throws(StoreFailure) -> [[String: String]] {
        try await read(names.map { ["HGETALL", $0] }).map { $0.fields ?? [:] }
    }

    private func members(_ value: RedisValue) -> [String] {
        (value.elements ?? []).compactMap(\.text).sorted()
    }

    /// Everything the desk needs to take over.
    func load(known: [ClientOrderID]) async throws(StoreFailure) -> GatewaySnapshot {
        let sets = try await read([
            ["SMEMBERS", keys.accounts], ["SMEMBERS", keys.books], ["SMEMBERS", keys.instruments],
            ["SMEMBERS", keys.openOrders],
            ["XREVRANGE", keys.orders, "+", "-", "COUNT", "1"], ["SMEMBERS", keys.algos],
        ])
        var snapshot = GatewaySnapshot()
        snapshot.newestMilliseconds = GatewayStore.time(ofNewest: sets[4])
        var names = members(sets[0]).compactMap { AccountID($0) }
        snapshot.accounts = try await accounts(names)
        names.append(.external)
        try await loadMoney(names, members(sets[1]), &snapshot)
        try await loadStates(names, &snapshot)
        let symbols = members(sets[2]).compactMap { Symbol($0) }
        for fields in try await records(symbols.map { keys.instrument($0) }) {
            if let found = try? InstrumentRecord.instrument(fields: fields) {
                snapshot.instruments.append(found)
            }
        }
        try await loadOrders(members(sets[3]), known, &snapshot)
        try await loadAlgos(members(sets[5]), &snapshot)
        var traded = Set(symbols)
        for order in snapshot.openOrders { traded.insert(order.intent.symbol) }
        for book in snapshot.positions.values { traded.formUnion(book.keys) }
        try await loadTrades(traded.sorted(), &snapshot)
        return snapshot
    }

    /// The time of the newest entry of a stream, from an answer to XREVRANGE; 0 where there is none.
    private static func time(ofNewest list: RedisValue) -> Int64 {
        let texts = list.elements?.first?.elements?.last?.elements?.map(\.text) ?? []
        guard let name = texts.firstIndex(of: "at_ms"), name + 1 < texts.count else { return 0 }
        return texts[name + 1].flatMap { Int64($0) } ?? 0
    }

    private func accounts(_ names: [AccountID]) async throws(StoreFailure) -> [AccountRecord] {
        var found: [AccountRecord] = []
        for fields in try await records(names.map { keys.account($0) }) where !fields.isEmpty {
            do throws(RecordError) {
                found.append(try AccountRecord(fields: fields))
            } catch {
                throw StoreFailure(description: error.description)
            }
        }
        return found
    }

    private func loadMoney(
        _ names: [AccountID], _ books: [String], _ snapshot: inout GatewaySnapshot
    ) async throws(StoreFailure) {
        let balances = try await records(names.map { keys.balance($0) })
        for (name, fields) in zip(names, balances) where !fields.isEmpty {
            snapshot.balances[name] = try GatewayStore.balance(fields)
        }
        let open = books.compactMap { BusKeys.book(of: $0) }
        let positions = try await records(open.map { keys.position($0.account, $0.symbol) })
        for (book, fields) in zip(open, positions) where !fields.isEmpty {
            snapshot.positions[book.account, default: [:]][book.symbol] =
                try GatewayStore.position(fields)
        }
    }

    private static func balance(_ fields: [String: String]) throws(StoreFailure) -> BookBalance {
        do throws(RecordError) {
            let record = try BalanceRecord(fields: fields)
            return BookBalance(
                deposits: record.deposits, realised: record.realised, fees: record.fees,
                funding: record.funding, version: record.version)
        } catch {
            throw StoreFailure(description: error.description)
        }
    }

    private static func position(_ fields: [String: String]) throws(StoreFailure) -> Position {
        do throws(RecordError) {
            let record = try PositionRecord(fields: fields)
            return Position(
                quantity: record.quantity, entryPrice: record.entryPrice,
                realised: record.realised, fees: record.fees, version: record.version)
        } catch {
            throw StoreFailure(description: error.description)
        }
    }

    /// A trading state that cannot be read counts as halted: nothing is let through by accident.
    private func loadStates(
        _ names: [AccountID], _ snapshot: inout GatewaySnapshot
    ) async throws(StoreFailure) {
        let states = try await records([keys.state] + names.map { keys.state($0) })
        func record(_ fields: [String: String]) -> StateRecord? {
            if fields.isEmpty { return nil }
            return (try? StateRecord(fields: fields))
                ?? StateRecord(
                    state: .halted, why: "the state's record is unreadable", by: writer,
                    stamp: RecordStamp(sequence: 0, writer: writer, atMilliseconds: 0))
        }
        snapshot.venueState = record(states[0])
        for (name, fields) in zip(names, states.dropFirst()) {
            snapshot.accountStates[name] = record(fields)
        }
    }

    private func loadOrders(
        _ open: [String], _ known: [ClientOrderID], _ snapshot: inout GatewaySnapshot
    ) async throws(StoreFailure) {
        let listed = Set(open)
        let others = known.map(\.text).filter { !listed.contains($0) }
        let found = try await OrderReader.read((open + others).map { keys.order($0) }, redis)
        snapshot.openOrders = found.prefix(open.count).compactMap { $0 }
        snapshot.closedOrders = found.dropFirst(open.count).compactMap { $0 }
    }

    private func loadAlgos(
        _ ids: [String], _ snapshot: inout GatewaySnapshot
    ) async throws(StoreFailure) {
        for (id, fields) in zip(ids, try await records(ids.map { keys.algo($0) })) {
            do throws(RecordError) {
                snapshot.algos.append(try AlgoRecord(fields: fields))
            } catch {
                // One that cannot be read must not keep all books from being traded.
                snapshot.damagedAlgos[id] = error.description
            }
        }
    }

    private func loadTrades(
        _ symbols: [Symbol], _ snapshot: inout GatewaySnapshot
    ) async throws(StoreFailure) {
        let lists = try await read(
            symbols.map { ["ZREVRANGE", keys.trades($0), "0", "499"] })
        for (symbol, list) in zip(symbols, lists) {
            let legs = (list.elements ?? []).compactMap(\.text).flatMap { TradeLeg.legs(in: $0) }
            if !legs.isEmpty { snapshot.appliedTrades[symbol] = legs }
        }
    }

    /// Some of the ids of orders that have a record, and where to go on; "0" after the last.
    func orderIDs(
        from cursor: String
    ) async throws(StoreFailure) -> (ids: [ClientOrderID], next: String) {
        let prefix = keys.order("")
        let page = try await read([["SCAN", cursor, "MATCH", prefix + "*", "COUNT", "500"]])
        guard let parts = page[0].elements, parts.count == 2, let next = parts[0].text,
            let names = parts[1].elements
        else { throw StoreFailure(description: "redis answered SCAN with something else") }
        let ids = names.compactMap { name in
            name.text.flatMap { ClientOrderID(String($0.dropFirst(prefix.count))) }
        }
        return (ids, next)
    }

    func order(_ id: ClientOrderID) async -> OrderReading {
        do throws(StoreFailure) {
            let found = try await records([keys.order(id.text)])
            guard let fields = found.first, fields["id"] != nil else { return .missing }
            return (try? OrderRecord(fields: fields)).map { .found($0) } ?? .failed
        } catch {
            return .failed
        }
    }

    /// What books hold of a symbol: those that are open, and these; nil where Redis does not answer.
    func books(_ symbol: Symbol, _ accounts: [AccountID]) async -> [AccountID: Position]? {
        guard let sets = try? await read([["SMEMBERS", keys.books]]) else { return nil }
        let open = members(sets[0]).compactMap { BusKeys.book(of: $0) }
        let holders = Set(open.filter { $0.symbol == symbol }.map(\.account)).union(accounts)
            .sorted()
        guard let found = try? await records(holders.map { keys.position($0, symbol) }) else {
            return nil
        }
        var books: [AccountID: Position] = [:]
        for (account, fields) in zip(holders, found) where !fields.isEmpty {
            guard let position = try? GatewayStore.position(fields) else { return nil }
            books[account] = position
        }
        return books
    }

    /// The instruments of some symbols, as far as they can be read.
    func instruments(_ symbols: [Symbol]) async -> [Instrument] {
        let found = try? await records(symbols.map { keys.instrument($0) })
        return (found ?? []).compactMap { try? InstrumentRecord.instrument(fields: $0) }
    }

    /// Price, risk snapshot and instrument as they are now; nil where Redis does not answer.
    func facts(_ account: AccountID, _ symbol: Symbol) async -> MarketFacts? {
        let names = [keys.price(symbol), keys.risk(account), keys.instrument(symbol)]
        let commands = names.map { ["HGETALL", $0] } + [["HGET", keys.reducing, symbol.name]]
        guard let values = try? await read(commands) else { return nil }
        let found = values.map { $0.fields ?? [:] }
        var facts = MarketFacts(price: nil, risk: nil, riskSequence: 0, instrument: nil)
        facts.reducing = values[3].text
        if let price = try? PriceRecord(fields: found[0]) {
            let at =
                hasMarks
                ? min(price.bookMilliseconds, price.markMilliseconds) : price.bookMilliseconds
            let middle = Price(units: (price.bid.units + price.ask.units) / 2)
            facts.price = PriceFacts(
                bid: price.bid, ask: price.ask, mark: hasMarks ? price.mark : middle,
                at: WallTime(milliseconds: at))
        }
        if let risk = try? RiskRecord(fields: found[1]) {
            facts.risk = RiskFacts(
                available: risk.available,
                at: WallTime(milliseconds: risk.stamp.atMilliseconds))
            facts.riskSequence = risk.ledgerSequence
        }
        facts.instrument = try? InstrumentRecord.instrument(fields: found[2])
        return facts
    }
}

/// Replies that come one by one, handed over when the last has come.
@LoopActor final class Gathering {
    private var outcomes: [RedisOutcome?]
    private var left: Int
    private let completion: @LoopActor ([RedisOutcome]) -> Void

    init(_ count: Int, _ completion: @escaping @LoopActor ([RedisOutcome]) -> Void) {
        outcomes = Array(repeating: nil, count: count)
        left = count
        self.completion = completion
    }

    func ended(_ index: Int, _ outcome: RedisOutcome) {
        outcomes[index] = outcome
        left -= 1
        if left == 0 { completion(outcomes.compactMap { $0 }) }
    }
}

import BusProtocol
import Bytes
import Margin
import Reactor
import RedisLink
import Trading

/// Reads from Redis all that the mirror is built from.
@LoopActor final class RiskLoader {
    private let redis: RedisClient
    private let keys: BusKeys

    init(redis: RedisClient, keys: BusKeys) {
        self.redis = redis
        self.keys = keys
    }

    /// Everything, the journal number first; or why Redis did not give it.
    func load() async -> Result<RiskLoad, RiskLoadFailure> {
        let names = await redis.send(all: [
            ["GET", keys.ledgerSequence], ["SMEMBERS", keys.accounts], ["SMEMBERS", keys.books],
        ])
        guard let sequence = names[0].value, let accounts = names[1].value?.texts,
            let books = names[2].value?.texts
        else { return .failure(RiskLoadFailure(names)) }
        var load = RiskLoad(sequence: sequence.int ?? 0)
        load.accountCount = accounts.count
        let held = books.compactMap { $0.flatMap { BusKeys.book(of: $0) } }
        let ids = Set(accounts.compactMap { $0.flatMap { AccountID($0) } })
            .union(held.map(\.account)).sorted()
        let symbols = Set(held.map(\.symbol)).sorted()
        return await fill(load, ids, held, symbols)
    }

    private func fill(
        _ load: RiskLoad, _ ids: [AccountID], _ held: [(account: AccountID, symbol: Symbol)],
        _ symbols: [Symbol]
    ) async -> Result<RiskLoad, RiskLoadFailure> {
        var commands: [[String]] = []
        for id in ids {
            commands.append(["HGETALL", keys.balance(id)])
            commands.append(["HGETALL", keys.tier(id)])
        }
        for (account, symbol) in held {
            commands.append(["HGETALL", keys.position(account, symbol)])
        }
        for symbol in symbols { commands += symbolCommands(symbol) }
        let outcomes = await redis.send(all: commands)
        if let failure = outcomes.first(where: { RiskLoadFailure.isLinkFailure($0) }) {
            return .failure(RiskLoadFailure([failure]))
        }
        var load = load
        var place = 0
        var byID: [AccountID: RiskLoad.Account] = [:]
        for id in ids {
            byID[id] = account(id, balance: outcomes[place], tier: outcomes[place + 1])
            place += 2
        }
        for (account, symbol) in held {
            add(symbol, outcomes[place], to: &byID[account])
            place += 1
        }
        load.accounts = ids.compactMap { byID[$0] }
        for symbol in symbols {
            load.brackets[symbol] = RiskLoader.brackets(outcomes[place])
            load.prices[symbol] = RiskLoader.price(outcomes[place + 1])
            load.instruments[symbol] = RiskLoader.instrument(outcomes[place + 2])
            place += 3
        }
        return .success(load)
    }

    /// What is known of one symbol.
    func read(
        _ symbol: Symbol,
        _ completion: @escaping @LoopActor (MaintenanceBrackets?, PriceRecord?, Instrument?) -> Void
    ) {
        redis.send(all: symbolCommands(symbol)) { outcomes in
            completion(
                RiskLoader.brackets(outcomes[0]), RiskLoader.price(outcomes[1]),
                RiskLoader.instrument(outcomes[2]))
        }
    }

    private func symbolCommands(_ symbol: Symbol) -> [[String]] {
        [
            ["GET", keys.brackets(symbol)], ["HGETALL", keys.price(symbol)],
            ["HGETALL", keys.instrument(symbol)],
        ]
    }

    // MARK: reading

    private func account(
        _ id: AccountID, balance: RedisOutcome, tier: RedisOutcome
    ) -> RiskLoad.Account {
        var account = RiskLoad.Account(id: id)
        do throws(RecordError) {
            if let fields = try RiskLoader.fields(balance, "balance") {
                account.balance = try BalanceRecord(fields: fields)
            }
            if let fields = try RiskLoader.fields(tier, "tier") {
                let record = try TierRecord(fields: fields)
                account.tierRecord = record
                account.tier = record.tier
            }
        } catch {
            account.problem = error.description
        }
        return account
    }

    private func add(
        _ symbol: Symbol, _ outcome: RedisOutcome, to account: inout RiskLoad.Account?
    ) {
        do throws(RecordError) {
            guard let fields = try RiskLoader.fields(outcome, "position") else { return }
            account?.positions[symbol] = try PositionRecord(fields: fields)
        } catch {
            account?.problem = "\(symbol): \(error.description)"
        }
    }

    /// The fields of a hash; nil where there is no such key.
    private static func fields(
        _ outcome: RedisOutcome, _ record: String
    ) throws(RecordError) -> [String: String]? {
        guard let fields = outcome.value?.fields else {
            throw RecordError(record: record, field: "-", problem: outcome.failure ?? "not a hash")
        }
        return fields.isEmpty ? nil : fields
    }

    private static func brackets(_ outcome: RedisOutcome) -> MaintenanceBrackets? {
        guard case .bytes(let json)? = outcome.value else { return nil }
        return try? MaintenanceBrackets(json: json.rawSpan)
    }

    private static func instrument(_ outcome: RedisOutcome) -> Instrument? {
        guard let fields = outcome.value?.fields, !fields.isEmpty else { return nil }
        return try? InstrumentRecord.instrument(fields: fields)
    }

    private static func price(_ outcome: RedisOutcome) -> PriceRecord? {
        guard let fields = outcome.value?.fields, !fields.isEmpty else { return nil }
        return try? PriceRecord(fields: fields)
    }
}

/// Why Redis did not give what the mirror needs.
struct RiskLoadFailure: Error {
    let reason: String

    init(_ outcomes: [RedisOutcome]) {
        reason = outcomes.compactMap(\.failure).first ?? "a key holds another type"
    }

    /// Whether a request went unanswered; an error answered by Redis is about its key alone.
    static func isLinkFailure(_ outcome: RedisOutcome) -> Bool {
        switch outcome {
        case .reply: false
        case .refused, .unknown: true
        }
    }
}

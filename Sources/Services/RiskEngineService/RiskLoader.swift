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
    /// - Parameter take: is given the accounts page by page, ascending by name over all pages, and
    ///   says whether there is still use for more.
    func load(
        _ take: @LoopActor ([RiskLoad.Account]) -> Bool
    ) async -> Result<RiskLoad, RiskLoadFailure> {
        let counters = await redis.send(all: [
            ["GET", keys.ledgerSequence], ["SCARD", keys.accounts],
        ])
        guard let sequence = counters[0].value, let count = counters[1].value?.int else {
            return .failure(RiskLoadFailure(counters))
        }
        var load = RiskLoad(sequence: sequence.int ?? 0)
        load.accountCount = Int(count)
        var names = BookNames()
        if let failure = await scan(keys.accounts, { names.addAccount($0) }) {
            return .failure(failure)
        }
        if let failure = await scan(keys.books, { names.addBook($0) }) { return .failure(failure) }
        names.sort()
        while let page = names.nextPage(RiskLimits.loadPage) {
            switch await accounts(page) {
            case .success(let read):
                guard take(read) else { return .failure(RiskLoadFailure(reason: "not wanted")) }
            case .failure(let failure): return .failure(failure)
            }
        }
        return await fill(load, names.symbols.sorted())
    }

    /// Goes through the members of a set, a page at a time; one may come twice. Whether it failed.
    private func scan(
        _ key: String, _ body: (String) -> Void
    ) async -> RiskLoadFailure? {
        var cursor = "0"
        repeat {
            let outcome = await redis.send(["SSCAN", key, cursor, "COUNT", "1000"])
            guard let parts = outcome.value?.elements, parts.count == 2, let next = parts[0].text,
                let members = parts[1].elements
            else { return RiskLoadFailure([outcome]) }
            for member in members { if let text = member.text { body(text) } }
            cursor = next
        } while cursor != "0"
        return nil
    }

    /// Accounts with the positions they are known to hold.
    private func accounts(
        _ page: [(id: AccountID, symbols: [Symbol])]
    ) async -> Result<[RiskLoad.Account], RiskLoadFailure> {
        var commands: [[String]] = []
        for (id, symbols) in page {
            commands.append(["HGETALL", keys.balance(id)])
            commands.append(["HGETALL", keys.tier(id)])
            for symbol in symbols { commands.append(["HGETALL", keys.position(id, symbol)]) }
        }
        let outcomes = await redis.send(all: commands)
        if let failure = RiskLoadFailure.link(outcomes) { return .failure(failure) }
        var accounts: [RiskLoad.Account] = []
        var place = 0
        for (id, symbols) in page {
            var account = account(id, balance: outcomes[place], tier: outcomes[place + 1])
            place += 2
            for symbol in symbols {
                RiskLoader.add(symbol, outcomes[place], to: &account)
                place += 1
            }
            accounts.append(account)
        }
        return .success(accounts)
    }

    private func fill(
        _ load: RiskLoad, _ symbols: [Symbol]
    ) async -> Result<RiskLoad, RiskLoadFailure> {
        let outcomes = await redis.send(all: symbols.flatMap { symbolCommands($0) })
        if let failure = RiskLoadFailure.link(outcomes) { return .failure(failure) }
        var load = load
        for (place, symbol) in symbols.enumerated() {
            load.brackets[symbol] = RiskLoader.brackets(outcomes[3 * place])
            load.prices[symbol] = RiskLoader.price(outcomes[3 * place + 1])
            load.instruments[symbol] = RiskLoader.instrument(outcomes[3 * place + 2])
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

    private static func add(
        _ symbol: Symbol, _ outcome: RedisOutcome, to account: inout RiskLoad.Account
    ) {
        do throws(RecordError) {
            guard let fields = try RiskLoader.fields(outcome, "position") else { return }
            account.positions[symbol] = try PositionRecord(fields: fields)
        } catch {
            account.problem = "\(symbol): \(error.description)"
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

    init(reason: String) { self.reason = reason }

    init(_ outcomes: [RedisOutcome]) {
        reason = outcomes.compactMap(\.failure).first ?? "a key holds another type"
    }

    /// Of a batch, where a request of it went unanswered.
    static func link(_ outcomes: [RedisOutcome]) -> RiskLoadFailure? {
        outcomes.first { isLinkFailure($0) }.map { RiskLoadFailure([$0]) }
    }

    /// Whether a request went unanswered; an error answered by Redis is about its key alone.
    private static func isLinkFailure(_ outcome: RedisOutcome) -> Bool {
        switch outcome {
        case .reply: false
        case .refused, .unknown: true
        }
    }
}

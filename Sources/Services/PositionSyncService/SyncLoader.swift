import BusProtocol
import Chronology
import Positions
import Reactor
import RedisLink
import Trading

/// Why Redis gave no reading.
struct SyncLoadFailure: Error {
    let reason: String

    init(reason: String) { self.reason = reason }

    init(_ outcomes: [RedisOutcome]) {
        reason = outcomes.compactMap(\.failure).first ?? "a key holds another type"
    }
}

/// Reads from Redis what is compared. A record that cannot be read fails the reading: a sum over books
/// with one missing is no sum.
@LoopActor final class SyncLoader {
    private let redis: RedisClient
    private let keys: BusKeys

    init(redis: RedisClient, keys: BusKeys) {
        self.redis = redis
        self.keys = keys
    }

    func books() async throws -> SyncBooks {
        let names = await redis.send(all: [
            ["GET", keys.ledgerSequence], ["SMEMBERS", keys.accounts], ["SMEMBERS", keys.books],
            ["SMEMBERS", keys.openOrders], ["HGETALL", keys.accountCodes],
            ["HKEYS", keys.reducing], ["HGET", keys.sync, "money_offset"],
        ])
        guard let sequence = names[0].value, let accounts = names[1].value?.texts,
            let members = names[2].value?.texts, let orders = names[3].value?.texts,
            let codes = names[4].value?.fields, let reducing = names[5].value?.texts,
            let offset = names[6].value
        else { throw SyncLoadFailure(names) }
        var books = SyncBooks(sequence: sequence.int ?? 0)
        books.reducing = Set(reducing.compactMap { $0.flatMap { Symbol($0) } })
        books.moneyOffset = offset.text.flatMap { Money(text: $0) }
        for (code, name) in codes {
            if let code = AccountCode(code) { books.accountsByCode[code] = AccountID(name) }
        }
        let held = members.compactMap { $0.flatMap { BusKeys.book(of: $0) } }
        guard held.count == members.count else {
            throw SyncLoadFailure(reason: "a member of \(keys.books) is no book")
        }
        let ids = Set(accounts.compactMap { $0.flatMap { AccountID($0) } })
            .union(held.map(\.account)).sorted()
        return try await fill(books, ids, held, orders.compactMap { $0 }.sorted())
    }

    private func fill(
        _ books: SyncBooks, _ ids: [AccountID], _ held: [(account: AccountID, symbol: Symbol)],
        _ orders: [String]
    ) async throws -> SyncBooks {
        let steps = Set(held.map(\.symbol)).sorted()
        let commands =
            ids.map { ["HGETALL", keys.balance($0)] }
            + held.map { ["HGETALL", keys.position($0.account, $0.symbol)] }
            + orders.map { ["HGETALL", keys.order($0)] }
            + steps.map { ["HGET", keys.instrument($0), "step"] }
            + steps.map { ["HMGET", keys.price($0), "mark", "mark_ms"] }
        let outcomes = await redis.send(all: commands)
        var books = books
        var place = 0
        do throws(RecordError) {
            for id in ids {
                books.balances[id] = try SyncLoader.balance(outcomes[place])
                place += 1
            }
            for (account, symbol) in held {
                let position = try SyncLoader.position(outcomes[place])
                books.positions[account, default: [:]][symbol] = position
                place += 1
            }
            for _ in orders {
                // An order that ended since the set was read is none any more.
                if let order = try SyncLoader.order(outcomes[place]) { books.orders.append(order) }
                place += 1
            }
            for symbol in steps {
                books.steps[symbol] = outcomes[place].value?.text.flatMap { Quantity(text: $0) }
                books.marks[symbol] = SyncLoader.mark(outcomes[place + steps.count])
                place += 1
            }
        } catch {
            throw SyncLoadFailure(reason: error.description)
        }
        return books
    }

    /// Where a search for missed trades may begin.
    func anchors(
        _ symbol: Symbol, writtenBefore: WallTime
    ) async throws -> TradeAnchors {
        let key = keys.trades(symbol)
        let before = "\(writtenBefore.milliseconds)"
        return TradeAnchors(
            first: try await trade { ["ZRANGE", key, "\($0)", "\($0 + SyncLoader.page - 1)"] },
            settled: try await trade {
                ["ZREVRANGEBYSCORE", key, before, "-inf", "LIMIT", "\($0)", "\(SyncLoader.page)"]
            })
    }

    /// Members of applied trades read at a time.
    private static let page = 200

    /// The first trade of a list of what was applied, read in pieces: funding, corrections and closes
    /// at mark stand in it too, and are no trades.
    private func trade(_ piece: (Int) -> [String]) async throws -> Int64? {
        var start = 0
        while true {
            let outcome = await redis.send(piece(start))
            guard let members = outcome.value?.texts else { throw SyncLoadFailure([outcome]) }
            for member in members {
                if let leg = member.map({ TradeLeg.legs(in: $0) })?.first { return leg.tradeID }
            }
            if members.count < SyncLoader.page { return nil }
            start += members.count
        }
    }

    /// Which of these sides of trades the ledger has, under either spelling.
    func applied(_ symbol: Symbol, _ legs: [TradeLeg]) async throws -> Set<TradeLeg> {
        let command = ["ZMSCORE", keys.trades(symbol)] + legs.map(\.text) + legs.map { "\($0.tradeID)" }
        let outcome = await redis.send(command)
        guard let scores = outcome.value?.elements, scores.count == 2 * legs.count else {
            throw SyncLoadFailure([outcome])
        }
        return Set(zip(legs + legs, scores).filter { !$0.1.isNull }.map(\.0))
    }

    func order(_ id: ClientOrderID) async throws -> OrderRecord? {
        let outcome = await redis.send(["HGETALL", keys.order(id.text)])
        do throws(RecordError) {
            return try SyncLoader.order(outcome)
        } catch {
            throw SyncLoadFailure(reason: error.description)
        }
    }

    // MARK: reading

    /// The fields of a hash; nil where there is no such key.
    private static func fields(
        _ outcome: RedisOutcome, _ record: String
    ) throws(RecordError) -> [String: String]? {
        guard let fields = outcome.value?.fields else {
            throw RecordError(record: record, field: "-", problem: outcome.failure ?? "not a hash")
        }
        return fields.isEmpty ? nil : fields
    }

    /// Nil where the feed has none.
    private static func mark(_ outcome: RedisOutcome) -> SyncBooks.KnownMark? {
        guard let texts = outcome.value?.texts, texts.count == 2,
            let price = texts[0].flatMap({ Price(text: $0) }),
            let time = texts[1].flatMap({ Int64($0) })
        else { return nil }
        return SyncBooks.KnownMark(price: price, atMilliseconds: time)
    }

    /// What of an account's money stands behind nothing; nil without a fresh risk snapshot.
    func free(_ account: AccountID, wall: WallTime) async throws -> Money? {
        let outcome = await redis.send(["HMGET", keys.risk(account), "available", "at_ms"])
        guard let texts = outcome.value?.texts, texts.count == 2 else {
            throw SyncLoadFailure([outcome])
        }
        guard let money = texts[0].flatMap({ Money(text: $0) }),
            let time = texts[1].flatMap({ Int64($0) }),
            wall - WallTime(milliseconds: time) <= SyncLimits.markAge
        else { return nil }
        return money
    }

    /// What is known of a request's transfer.
    func transfer(_ request: String) async throws -> TransferReading.Booked {
        let identity = "transfer:\(request)"
        let outcome = await redis.send(["ZSCORE", LedgerScript.transfersKey(keys), identity])
        guard let score = outcome.value else { throw SyncLoadFailure([outcome]) }
        if score.isNull { return .nothing }
        var search = TransferSearch(request: request)
        var pages = JournalPages(redis: redis, keys: keys)
        while let entries = try await pages.next() {
            for entry in entries where search.entryRead(entry) { break }
            if let found = search.found { return .transfer(found) }
        }
        return .forgotten
    }

    private static func balance(_ outcome: RedisOutcome) throws(RecordError) -> BookBalance {
        guard let fields = try fields(outcome, "balance") else { return BookBalance() }
        let record = try BalanceRecord(fields: fields)
        return BookBalance(
            deposits: record.deposits, realised: record.realised, fees: record.fees,
            funding: record.funding, version: record.version)
    }

    private static func position(_ outcome: RedisOutcome) throws(RecordError) -> Position {
        guard let fields = try fields(outcome, "position") else { return Position() }
        let record = try PositionRecord(fields: fields)
        return Position(
            quantity: record.quantity, entryPrice: record.entryPrice, realised: record.realised,
            fees: record.fees, version: record.version)
    }

    private static func order(_ outcome: RedisOutcome) throws(RecordError) -> OrderRecord? {
        guard let fields = try fields(outcome, "order") else { return nil }
        return try OrderRecord(fields: fields)
    }
}

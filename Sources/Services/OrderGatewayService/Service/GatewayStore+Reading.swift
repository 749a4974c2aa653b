import BusProtocol
import Chronology
import Orders
import Positions
import Reactor
import RedisLink
import Trading

/// What is read one by one while orders are traded, and how.
extension GatewayStore {
    /// Sends commands at once and gives all replies, or throws what went wrong with one.
    func read(_ commands: [[String]]) async throws(StoreFailure) -> [RedisValue] {
        var values: [RedisValue] = []
        for outcome in await redis.send(all: commands) {
            guard let value = outcome.value else {
                throw StoreFailure(description: outcome.failure ?? "redis did not answer")
            }
            values.append(value)
        }
        return values
    }

    func records(_ names: [String]) async throws(StoreFailure) -> [[String: String]] {
        try await read(names.map { ["HGETALL", $0] }).map { $0.fields ?? [:] }
    }

    func members(_ value: RedisValue) -> [String] {
        (value.elements ?? []).compactMap(\.text).sorted()
    }

    static func position(_ fields: [String: String]) throws(StoreFailure) -> Position {
        do throws(RecordError) {
            let record = try PositionRecord(fields: fields)
            return Position(
                quantity: record.quantity, entryPrice: record.entryPrice,
                realised: record.realised, fees: record.fees, version: record.version)
        } catch {
            throw StoreFailure(description: error.description)
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

import BusProtocol
import Orders
import Positions
import RedisLink
import Trading

/// What is read as a whole, before the desk takes over.
extension GatewayStore {
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
}

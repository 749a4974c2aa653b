import BusProtocol
import Chronology
import Glibc
import Positions
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

@testable import OrderGatewayService

/// The scripts against a real Redis: they check first, write all, and apply once.
@Suite struct ScriptTests {
    static let symbol = Symbol("BTCUSDT")!
    static let account = AccountID("demo")!
    static let keys = BusKeys(venue: VenueID("usdm")!)

    @LoopActor static func store(_ server: RedisServer) async throws -> GatewayStore {
        let client = RedisClient(
            loop: .process, endpoint: try RedisEndpoint(url: server.url()), name: "test",
            jitterSeed: 1)
        client.start()
        for _ in 0..<2_000 where !client.isUp {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                EventLoop.process.timer { continuation.resume() }.arm(after: .milliseconds(2))
            }
        }
        try #require(client.isUp)
        return GatewayStore(
            redis: client, keys: keys, writer: "order-gateway:test", hasMarks: true)
    }

    @LoopActor static func apply(
        _ store: GatewayStore, _ command: LedgerCommand, fence: Int64 = 1
    ) async -> LedgerReply {
        await withCheckedContinuation { continuation in
            store.applyLedger(
                command, fence: fence, wall: WallTime(milliseconds: 1_700_000_000_000)
            ) { continuation.resume(returning: $0) }
        }
    }

    @LoopActor static func read(_ store: GatewayStore, _ key: String) async -> [String:
        String]
    {
        await store.redis.send(["HGETALL", key]).value?.fields ?? [:]
    }

    static func fill(_ trade: Int64, _ side: Side, _ quantity: Int64) -> Fill {
        Fill(
            symbol: symbol, tradeID: trade, orderID: 5, clientOrderID: "", side: side,
            price: .whole(100), quantity: .whole(quantity), fee: .one, feeAsset: "USDT",
            isMaker: false, timeMilliseconds: 1_700_000_000_000)
    }

    private static func command(
        _ machine: inout LedgerMachine, _ change: LedgerChange
    ) throws -> LedgerCommand {
        for action in machine.submit(change).actions {
            if case .apply(let command) = action { return command }
        }
        throw RecordError(record: "test", field: "-", problem: "no call")
    }

    static func onLoop(_ body: @escaping @Sendable @LoopActor () async throws -> Void)
        async throws
    {
        EventLoop.process.runInBackground()
        try await Task { @LoopActor in try await body() }.value
    }

    @Test("a fill writes position, balance, books, trade id and journal in one")
    func fillApplies() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            let change = LedgerChange.fill(
                Self.fill(7, .buy, 2), account: Self.account, order: nil, cause: "stream")
            let command = try Self.command(&machine, change)
            #expect(await Self.apply(store, command) == .applied(sequence: 1))
            let position = try PositionRecord(
                fields: await Self.read(store, Self.keys.position(Self.account, Self.symbol)))
            #expect(position.quantity == .whole(2))
            #expect(position.version == 1)
            let balance = try BalanceRecord(
                fields: await Self.read(store, Self.keys.balance(Self.account)))
            #expect(balance.wallet == -.one)
            let books = await store.redis.send(["SMEMBERS", Self.keys.books])
            #expect(books.value?.texts == ["demo:BTCUSDT"])
            let entries = await store.redis.send(["XRANGE", Self.keys.ledger, "-", "+"])
            let first = entries.value?.elements?.first?.elements
            #expect(first?.first?.text == "1-0")
            let entry = try LedgerEntry(fields: first?.last?.fields ?? [:])
            #expect(entry.tradeID == 7 && entry.sequence == 1 && entry.position == .whole(2))

            // F1: again, from another machine that knows nothing.
            var other = LedgerMachine(settlementAsset: "USDT")
            _ = other.resume()
            let again = try Self.command(&other, change)
            guard case .duplicate(let standing) = await Self.apply(store, again) else {
                Issue.record("a trade applied twice")
                return
            }
            #expect(standing.position?.quantity == .whole(2))
            #expect(standing.balance.version == 1)

            // F5: a flip is one change with two entries.
            _ = machine.replied(command.token, .applied(sequence: 1))
            let flip = try Self.command(
                &machine,
                .fill(Self.fill(8, .sell, 5), account: Self.account, order: nil, cause: "stream"))
            #expect(await Self.apply(store, flip) == .applied(sequence: 3))
            // A version behind is a conflict that says how things stand.
            var late = LedgerMachine(settlementAsset: "USDT")
            _ = late.resume()
            let stale = try Self.command(
                &late,
                .fill(Self.fill(9, .buy, 3), account: Self.account, order: nil, cause: "stream"))
            guard case .conflict(let now) = await Self.apply(store, stale) else {
                Issue.record("a stale version applied")
                return
            }
            #expect(now.position?.quantity == .whole(-3))
            let repeated = late.replied(stale.token, .conflict(now))
            guard case .apply(let fresh)? = repeated.first else {
                Issue.record("no repeat")
                return
            }
            #expect(await Self.apply(store, fresh) == .applied(sequence: 4))
            let flat = await store.redis.send(["SCARD", Self.keys.books])
            #expect(flat.value?.int == 0)
            store.redis.close()
        }
    }

    @Test("fees of one order in several assets are on its record, and told to who asks for it")
    func otherFees() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            defer { store.redis.close() }
            #expect(await Self.saveIntent(store, Self.order) == .saved)
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            let id = Self.order.intent.clientOrderID
            var last: LedgerCommand?
            for (trade, asset) in [(7, "USDT"), (8, "KCS"), (9, "BNB")] as [(Int64, String)] {
                var fill = Self.fill(trade, .buy, 1)
                fill.feeAsset = asset
                let command = try Self.command(
                    &machine, .fill(fill, account: Self.account, order: id, cause: "stream"))
                let reply = await Self.apply(store, command)
                _ = machine.replied(command.token, reply)
                last = command
            }
            let fields = await Self.read(store, Self.keys.order(id.text))
            #expect(fields["fee_asset"] == "USDT" && fields["other_fees"] == "BNB:1,KCS:1")
            let known = ["KCS": Money.one, "BNB": .one]
            #expect(try OrderRecord(fields: fields).otherFees == known)
            guard let last, case .duplicate(let standing) = await Self.apply(store, last) else {
                Issue.record("a trade applied twice")
                return
            }
            #expect(standing.order?.otherFees == known && standing.order?.fees == .one)
        }
    }

    @Test("P2: an older fence writes nothing, a wrong type writes nothing")
    func guarded() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            _ = await store.redis.send(["SET", Self.keys.fence("gateway"), "3"])
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            let command = try Self.command(
                &machine,
                .fill(Self.fill(7, .buy, 2), account: Self.account, order: nil, cause: "stream"))
            #expect(await Self.apply(store, command, fence: 2) == .fenced)
            _ = await store.redis.send(["SET", Self.keys.books, "x"])
            guard case .wrong = await Self.apply(store, command, fence: 3) else {
                Issue.record("written over a wrong type")
                return
            }
            let keys = await store.redis.send(["KEYS", "*"])
            #expect(keys.value?.elements?.count == 2)
            store.redis.close()
        }
    }

    @Test("S4: an intent is saved once; a second one is told what is there")
    func intentOnce() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            var record = Self.order
            #expect(await Self.saveIntent(store, record) == .saved)
            guard case .exists(let found?) = await Self.saveIntent(store, record) else {
                Issue.record("an intent was saved twice")
                return
            }
            #expect(found.intent == record.intent)
            #expect(found.status == "intent")
            record.status = "open"
            record.venueOrderID = 5
            #expect(await Self.saveOrder(store, record, isDone: false) == .saved)

            // A fill of it counts into the order's own totals; a later save does not undo that.
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            let command = try Self.command(
                &machine,
                .fill(
                    Self.fill(7, .buy, 2), account: Self.account,
                    order: record.intent.clientOrderID, cause: "stream"))
            #expect(await Self.apply(store, command) == .applied(sequence: 1))
            record.status = "filled"
            #expect(await Self.saveOrder(store, record, isDone: true) == .saved)
            guard case .found(let saved) = await store.order(record.intent.clientOrderID) else {
                Issue.record("no record")
                return
            }
            #expect(saved.executed == .whole(2))
            #expect(saved.tradeIDs == [7])
            #expect(saved.status == "filled")
            #expect(saved.stamp.sequence == 3)
            let open = await store.redis.send(["SCARD", Self.keys.openOrders])
            #expect(open.value?.int == 0)
            let life = await store.redis.send(
                ["PTTL", Self.keys.order(record.intent.clientOrderID.text)])
            #expect((life.value?.int ?? 0) > 6 * 86_400_000)
            let snapshot = try await store.load(known: [record.intent.clientOrderID])
            #expect(snapshot.closedOrders.count == 1)
            #expect(snapshot.appliedTrades[Self.symbol] == [TradeLeg(7, .buy)])
            store.redis.close()
        }
    }

    @Test("P5: an order's state never expires while it works, also one that had ended by a mistake")
    func lifeOfState() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            var record = Self.order
            let key = Self.keys.order(record.intent.clientOrderID.text)
            #expect(await Self.saveIntent(store, record) == .saved)
            #expect(await store.redis.send(["PTTL", key]).value?.int == -1)
            record.status = "cancelled"
            record.revision = 1
            #expect(await Self.saveOrder(store, record, isDone: true) == .saved)
            #expect((await store.redis.send(["PTTL", key]).value?.int ?? 0) > 0)
            // C4: it rests after all.
            record.status = "open"
            record.revision = 2
            #expect(await Self.saveOrder(store, record, isDone: false) == .saved)
            #expect(await store.redis.send(["PTTL", key]).value?.int == -1)
            store.redis.close()
        }
    }

    @Test("an account's name and code are given out once")
    func accountOnce() async throws {
        let server = RedisServer()
        try await Self.onLoop {
            let store = try await Self.store(server)
            let stamp = RecordStamp(sequence: 1, writer: "test", atMilliseconds: 1)
            let code = AccountCode("DEMO0001")!
            let first = AccountRecord(id: Self.account, code: code, isEnabled: true, stamp: stamp)
            let second = AccountRecord(
                id: AccountID("other")!, code: code, isEnabled: true, stamp: stamp)
            #expect(await Self.saveAccount(store, first) == .saved)
            #expect(await Self.saveAccount(store, first) == .exists(nil))
            #expect(await Self.saveAccount(store, second) == .exists(nil))
            let snapshot = try await store.load(known: [])
            #expect(snapshot.accounts == [first])
            store.redis.close()
        }
    }

    // MARK: makings

    static var order: OrderRecord {
        OrderRecord(
            intent: OrderIntent(
                clientOrderID: .derive(
                    account: AccountCode("DEMO0001")!, origin: .manual, intent: "r1"),
                account: account, symbol: symbol, side: .buy, type: .limit,
                timeInForce: .goodTillCancel, quantity: .whole(2), price: .whole(100),
                isReduceOnly: false), request: "r1", status: "intent", intentMilliseconds: 1,
            stamp: RecordStamp(sequence: 0, writer: "test", atMilliseconds: 1))
    }

    @LoopActor static func saveIntent(
        _ store: GatewayStore, _ record: OrderRecord
    ) async -> SaveReply {
        await withCheckedContinuation { continuation in
            store.saveIntent(record, fence: 1) { continuation.resume(returning: $0) }
        }
    }

    @LoopActor static func saveOrder(
        _ store: GatewayStore, _ record: OrderRecord, isDone: Bool
    ) async -> SaveReply {
        await withCheckedContinuation { continuation in
            store.saveOrder(record, isDone: isDone, fence: 1) { continuation.resume(returning: $0) }
        }
    }

    @LoopActor private static func saveAccount(
        _ store: GatewayStore, _ record: AccountRecord
    ) async -> SaveReply {
        await withCheckedContinuation { continuation in
            store.saveAccount(record, fence: 1) { continuation.resume(returning: $0) }
        }
    }

    @Test("an algorithm whose record is damaged or gone is told of, and keeps nobody from loading")
    func damagedAlgos() async throws {
        let server = RedisServer()
        let found = try await Self.loadDamaged(server)
        #expect(found.algos.map(\.id) == ["good"])
        #expect(found.damagedAlgos.keys.sorted() == ["bad", "gone"])
        #expect(found.damagedAlgos["bad"]?.contains("revision") == true, "\(found.damagedAlgos)")
    }

    @LoopActor private static func loadDamaged(
        _ server: RedisServer
    ) async throws -> GatewaySnapshot {
        let store = try await store(server)
        for id in ["good", "bad", "gone"] {
            _ = await store.redis.send(["SADD", keys.algos, id])
        }
        let record = AlgoRecord(
            id: "good", kind: "chase", account: account, symbol: symbol, status: "running",
            reason: "", detail: "", parameters: "{}", state: "{}", revision: 1,
            startedMilliseconds: 1, shown: [],
            stamp: RecordStamp(sequence: 1, writer: "test", atMilliseconds: 1))
        for id in ["good", "bad"] {
            var fields = record.fields
            if id == "bad" { fields.removeAll { $0.0 == "revision" } }
            let flat = fields.flatMap { [$0.0, $0.0 == "id" ? id : $0.1] }
            _ = await store.redis.send(["HSET", keys.algo(id)] + flat)
        }
        return try await store.load(known: [])
    }
}

import BusProtocol
import Chronology
import Positions
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading
import VenueProtocol

@testable import PositionSyncService

/// What position-sync reads and writes, in a Redis with the access list of the compose stack.
@Suite struct SyncLoaderTests {
    private let server: RedisServer
    private let keys = BusKeys(venue: VenueID("usdm")!)
    private let script = RedisScript(LedgerScript.source)

    init() {
        EventLoop.process.runInBackground()
        let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        server = RedisServer(arguments: ["--aclfile", top + "/compose/users.acl"])
    }

    @LoopActor private func login(_ user: String) async throws -> RedisClient {
        let client = RedisClient(
            loop: .process,
            endpoint: try RedisEndpoint(url: server.url(login: "\(user):\(user)-paper")),
            name: user,
            jitterSeed: 1)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            client.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            client.start()
        }
        return client
    }

    @LoopActor private func apply(
        _ change: LedgerChange, _ machine: inout LedgerMachine, _ client: RedisClient,
        fenceName: String
    ) async throws -> LedgerReply? {
        var last: LedgerReply?
        var actions = machine.submit(change).actions
        while let action = actions.first {
            guard case .apply(let command) = action else { break }
            let call = LedgerScript.call(
                command, keys: keys, fenceName: fenceName, fence: 1, writer: "test:1",
                nowMilliseconds: 1_700_000_000_000)
            let outcome = await client.evaluate(
                script, keys: call.keys, arguments: call.arguments)
            let texts = try #require(outcome.value?.texts, "\(outcome.failure ?? "")")
            let reply = try LedgerScript.reply(texts)
            last = reply
            actions = machine.replied(command.token, reply)
        }
        return last
    }

    private func fill(_ tradeID: Int64, _ size: String) -> Fill {
        Fill(
            symbol: bitcoin, tradeID: tradeID, orderID: 70, clientOrderID: "", side: .buy,
            price: price("100"), quantity: quantity(size), fee: Money(text: "0.1")!,
            feeAsset: "USDT", isMaker: false, timeMilliseconds: 1_700_000_000_000)
    }

    @Test(
        "Books, orders and trades are read as the ledger wrote them, and a missed trade goes in once"
    )
    @LoopActor func wholeWay() async throws {
        let gateway = try await login("order-gateway")
        let sync = try await login("position-sync")
        let loader = SyncLoader(redis: sync, keys: keys)
        let id = ClientOrderID.derive(account: alphaCode, origin: .manual, intent: "one")
        let record = SyncStage().record(id, at: WallTime(milliseconds: 5))
        let intent = OrderScript.call(
            record, isDone: false, keys: keys, fenceName: "gateway", fence: 1)
        let saved = await gateway.evaluate(
            RedisScript(OrderScript.intent), keys: intent.keys, arguments: intent.arguments)
        #expect(saved.value?.texts?.first == "SAVED")
        _ = await gateway.send(["SADD", keys.accounts, alpha.name])
        _ = await gateway.send(["HSET", keys.accountCodes, alphaCode.text, alpha.name])
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let first = LedgerChange.fill(fill(7, "0.5"), account: alpha, order: id, cause: "stream")
        #expect(
            try await apply(first, &machine, gateway, fenceName: "gateway")
                == .applied(sequence: 1))

        let books = try await loader.books()
        #expect(books.sequence == 1)
        #expect(books.positions[alpha]?[bitcoin]?.quantity == quantity("0.5"))
        #expect(books.accountsByCode == [alphaCode: alpha])
        #expect(books.orders.map(\.executed) == [quantity("0.5")])
        #expect(
            try await loader.applied(
                bitcoin, [TradeLeg(6, .buy), TradeLeg(7, .buy), TradeLeg(7, .sell), TradeLeg(8, .buy)])
                == [TradeLeg(7, .buy)])
        let anchors = try await loader.anchors(
            bitcoin, writtenBefore: WallTime(milliseconds: 1_700_000_000_001))
        #expect(anchors == TradeAnchors(first: 7, settled: 7))
        #expect(try await loader.order(id)?.tradeIDs == [7])

        // From another machine, with nothing loaded: the script answers how things stand.
        var late = LedgerMachine(settlementAsset: "USDT")
        _ = late.resume()
        let missed = LedgerChange.fill(fill(8, "0.25"), account: alpha, order: id, cause: "sync")
        #expect(try await apply(missed, &late, sync, fenceName: "sync") == .applied(sequence: 2))
        #expect(try await loader.order(id)?.executed == quantity("0.75"))
        var again = LedgerMachine(settlementAsset: "USDT")
        _ = again.resume()
        guard case .duplicate = try await apply(missed, &again, sync, fenceName: "sync") else {
            Issue.record("a trade was applied twice")
            return
        }
        // The other side of the first trade is another change; of a trade that an earlier version
        // remembered by its id alone, neither side is.
        var sold = fill(7, "0.125")
        sold.side = .sell
        let met = LedgerChange.fill(sold, account: alpha, order: nil, cause: "stream")
        guard case .applied = try await apply(met, &again, gateway, fenceName: "gateway") else {
            Issue.record("the second side of a trade was refused")
            return
        }
        #expect(try await loader.books().positions[alpha]?[bitcoin]?.quantity == quantity("0.625"))
        _ = await gateway.send(["ZADD", keys.trades(bitcoin), "1700000000000", "6"])
        for side in Side.allCases {
            var known = fill(6, "1")
            known.side = side
            let change = LedgerChange.fill(known, account: alpha, order: nil, cause: "sync")
            guard case .duplicate = try await apply(change, &again, sync, fenceName: "sync") else {
                Issue.record("a trade known by its id alone was applied again")
                return
            }
        }
        #expect(try await loader.applied(bitcoin, [TradeLeg(6, .sell)]) == [TradeLeg(6, .sell)])
        gateway.close()
        sync.close()
    }

    @Test("among applied trades, what is no trade hides neither the first nor the last (R3)")
    @LoopActor func anchors() async throws {
        let gateway = try await login("order-gateway")
        let sync = try await login("position-sync")
        let loader = SyncLoader(redis: sync, keys: keys)
        let key = keys.trades(bitcoin)
        var members: [String] = []
        for number in 0..<450 { members += ["\(100 + number)", "funding:\(number)"] }
        members += ["1000", "7", "2000", "9"]
        for number in 0..<450 { members += ["\(3000 + number)", "correction:\(number)"] }
        _ = await gateway.send(["ZADD", key] + members)
        let wall = WallTime(milliseconds: 10_000)
        #expect(
            try await loader.anchors(bitcoin, writtenBefore: wall)
                == TradeAnchors(first: 7, settled: 9))
        #expect(
            try await loader.anchors(bitcoin, writtenBefore: WallTime(milliseconds: 1_500))
                == TradeAnchors(first: 7, settled: 7))
        #expect(
            try await loader.anchors(ether, writtenBefore: wall)
                == TradeAnchors(first: nil, settled: nil))
        gateway.close()
        sync.close()
    }

    @Test("what the books held is told though a page of late trades lies over it, and what a request moved though much was booked since")
    @LoopActor func journal() async throws {
        let gateway = try await login("order-gateway")
        let sync = try await login("position-sync")
        var entries: [LedgerEntry] = []
        var commands: [[String]] = []
        func add(
            _ name: String, _ kind: LedgerKind, _ size: String, after: String, at: Int64,
            bookedAt: Int64
        ) {
            let number = Int64(entries.count + 1)
            var entry = LedgerEntry(
                kind: kind, account: account(name), symbol: kind == .fill ? bitcoin : nil,
                cause: "command:r1", atMilliseconds: at, writer: "test:1")
            entry.sequence = number
            entry.quantity = kind == .fill ? quantity(size).magnitude : quantity(size)
            entry.position = quantity(after)
            if kind == .fill {
                entry.tradeID = number
                entry.side = quantity(size).isNegative ? .sell : .buy
                commands.append(["ZADD", keys.trades(bitcoin), "\(bookedAt)", "\(number)"])
            }
            entries.append(entry)
            let fields = entry.fields.flatMap { [$0.0, $0.1] }
            commands.append(["XADD", keys.ledger, "\(number)-0"] + fields)
        }
        add("alpha", .fill, "5", after: "5", at: 100_000, bookedAt: 100_000)
        add("alpha", .transfer, "-3", after: "0", at: 110_000, bookedAt: 110_000)
        add("beta", .transfer, "3", after: "0", at: 110_000, bookedAt: 110_000)
        // After the payment, and before many trades of long ago that were found late.
        add("beta", .fill, "-1", after: "-1", at: 600_000, bookedAt: 600_000)
        for _ in 0..<2_400 {
            add("gamma", .fill, "1", after: "2400", at: 200_000, bookedAt: 700_000)
        }
        commands.append(["ZADD", LedgerScript.transfersKey(keys), "110000", "transfer:r1"])
        commands.append(["ZADD", LedgerScript.transfersKey(keys), "110000", "transfer:old"])
        for start in stride(from: 0, to: commands.count, by: 500) {
            let outcomes = await gateway.send(
                all: Array(commands[start..<min(start + 500, commands.count)]))
            #expect(outcomes.allSatisfy { $0.failure == nil })
        }
        var books = SyncBooks(sequence: 2_404)
        books.positions = [
            alpha: [bitcoin: Position(quantity: quantity("5"))],
            account("beta"): [bitcoin: Position(quantity: quantity("-1"))],
            account("gamma"): [bitcoin: Position(quantity: quantity("2400"))],
        ]
        let payment = FundingPayment(
            symbol: bitcoin, amount: Money(text: "-3")!, asset: "USDT", transactionID: 5,
            timeMilliseconds: 500_000)
        let reader = FundingReader(redis: sync, keys: keys, settlementAsset: "USDT")
        let reading = try await reader.reading([payment], books)
        #expect(
            reading.payments.first?.holdings
                == [alpha: quantity("5"), account("gamma"): quantity("2400")])
        #expect(reading.payments.first?.isUnknown == false)
        let loader = SyncLoader(redis: sync, keys: keys)
        let moved = TransferBody(from: alpha, to: account("beta"), amount: Money(text: "3")!)
        #expect(try await loader.transfer("r1") == .transfer(moved))
        #expect(try await loader.transfer("old") == .forgotten)
        #expect(try await loader.transfer("new") == .nothing)
        gateway.close()
        sync.close()
    }

    @Test("A record that cannot be read fails the reading, rather than leaving a book out")
    @LoopActor func unreadable() async throws {
        let gateway = try await login("order-gateway")
        let sync = try await login("position-sync")
        _ = await gateway.send(["SADD", keys.books, "alpha:BTCUSDT"])
        _ = await gateway.send(["HSET", keys.position(alpha, bitcoin), "qty", "1e"])
        await #expect(throws: SyncLoadFailure.self) {
            _ = try await SyncLoader(redis: sync, keys: keys).books()
        }
        gateway.close()
        sync.close()
    }
}

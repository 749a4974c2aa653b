import BusProtocol
import Chronology
import Positions
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

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
        #expect(try await loader.applied(bitcoin, [6, 7, 8]) == [7])
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

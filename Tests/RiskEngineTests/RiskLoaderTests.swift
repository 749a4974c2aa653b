import BusProtocol
import Chronology
import Margin
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Trading

@testable import RiskEngineService

/// What the mirror is built from, read from a real Redis.
@Suite struct RiskLoaderTests {
    private let server = RedisServer()
    private let keys = BusKeys(venue: VenueID("usdm")!)
    private let stamp = RecordStamp(sequence: 1, writer: "test:1", atMilliseconds: 5)

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func connect(inFlight limit: Int? = nil) async throws -> RedisClient {
        var limits = RedisLimits.standard
        if let limit { limits.pendingRequests = limit }
        let client = RedisClient(
            loop: .process, endpoint: try RedisEndpoint(url: server.url()), name: "test",
            limits: limits, jitterSeed: 1)
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

    @LoopActor private func store(
        _ key: String, _ fields: [(String, String)], _ client: RedisClient
    ) async {
        _ = await client.send(["HSET", key] + fields.flatMap { [$0.0, $0.1] })
    }

    /// All pages in one.
    @LoopActor private func whole(_ client: RedisClient) async throws -> RiskLoad {
        var accounts: [RiskLoad.Account] = []
        let loader = RiskLoader(redis: client, keys: keys)
        var load = try await loader.load { page in
            #expect(!page.isEmpty && page.count <= RiskLimits.loadPage)
            accounts += page
            return true
        }.get()
        load.accounts = accounts
        return load
    }

    @Test(
        "Accounts, the external book, tiers, brackets and prices are read; what is broken is named")
    @LoopActor func load() async throws {
        let client = try await connect()
        let alpha = account("alpha")
        let beta = account("beta")
        var balance = BalanceRecord(stamp: stamp)
        balance.deposits = money("100")
        await store(keys.balance(alpha), balance.fields, client)
        var position = PositionRecord(stamp: stamp)
        position.quantity = quantity("2")
        position.entryPrice = price("50")
        await store(keys.position(alpha, bitcoin), position.fields, client)
        await store(keys.position(.external, bitcoin), position.fields, client)
        await store(keys.balance(beta), [("wallet", "what")], client)
        let tier = TierRecord(
            account: alpha, tier: .second, marginRatio: Ratio(text: "0.93")!, stamp: stamp)
        await store(keys.tier(alpha), tier.fields, client)
        var known = PriceRecord(source: "stream", stamp: stamp)
        known.mark = price("51")
        await store(keys.price(bitcoin), known.fields, client)
        let rows = "[{\"notionalFloor\":0,\"notionalCap\":1000,\"maintMarginRatio\":0.1,\"cum\":0}]"
        _ = await client.send(["SET", keys.brackets(bitcoin), rows])
        _ = await client.send(["SADD", keys.accounts, "alpha", "beta"])
        _ = await client.send(["SADD", keys.books, "alpha:BTCUSDT", "external:BTCUSDT"])
        _ = await client.send(["SET", keys.ledgerSequence, "12"])

        let load = try await whole(client)
        #expect(load.sequence == 12)
        #expect(load.accountCount == 2)
        #expect(load.accounts.map(\.id) == [alpha, beta, .external])
        #expect(load.accounts[0].balance?.wallet == money("100"))
        #expect(load.accounts[0].positions[bitcoin]?.quantity == quantity("2"))
        #expect(load.accounts[0].tier == .second)
        #expect(load.accounts[0].problem == nil)
        #expect(load.accounts[1].problem?.contains("balance") == true)
        #expect(load.accounts[2].positions[bitcoin]?.entryPrice == price("50"))
        #expect(load.brackets[bitcoin]?.rows.count == 1)
        #expect(load.prices[bitcoin]?.mark == price("51"))
        client.close()
    }

    @Test("More accounts and positions than requests may be in flight are all read")
    @LoopActor func many() async throws {
        let client = try await connect(inFlight: 64)
        var balance = BalanceRecord(stamp: stamp)
        balance.deposits = money("100")
        var position = PositionRecord(stamp: stamp)
        position.quantity = quantity("2")
        position.entryPrice = price("50")
        let names = (100..<700).map { account("a\($0)") }
        var commands: [[String]] = []
        func store(_ key: String, _ fields: [(String, String)]) {
            commands.append(["HSET", key] + fields.flatMap { [$0.0, $0.1] })
        }
        for name in names {
            commands.append(["SADD", keys.accounts, name.name])
            store(keys.balance(name), balance.fields)
            for symbol in [bitcoin, ether] {
                commands.append(["SADD", keys.books, BusKeys.book(name, symbol)])
                store(keys.position(name, symbol), position.fields)
            }
        }
        let written = await client.send(all: commands)
        #expect(written.count == commands.count && written.allSatisfy { $0.failure == nil })
        let load = try await whole(client)
        #expect(load.accounts.map(\.id) == names)
        #expect(load.accounts.allSatisfy { $0.balance?.wallet == money("100") })
        #expect(load.accounts.allSatisfy { $0.positions.count == 2 && $0.problem == nil })
        client.close()
    }

    @Test("A load that nobody wants any more reads no further")
    @LoopActor func unwanted() async throws {
        let client = try await connect()
        let names = (100..<350).map { "a\($0)" }
        _ = await client.send(["SADD", keys.accounts] + names)
        var pages = 0
        let outcome = await RiskLoader(redis: client, keys: keys).load { _ in
            pages += 1
            return false
        }
        #expect(pages == 1)
        guard case .failure = outcome else {
            Issue.record("an unwanted load succeeded")
            return
        }
        client.close()
    }

    @Test("An empty Redis is an empty load, and one that is away a failure")
    @LoopActor func empty() async throws {
        let client = try await connect()
        let loader = RiskLoader(redis: client, keys: keys)
        #expect(try await loader.load { _ in true }.get() == RiskLoad(sequence: 0))
        client.close()
        guard case .failure = await loader.load({ _ in true }) else {
            Issue.record("a load from a closed link succeeded")
            return
        }
    }
}

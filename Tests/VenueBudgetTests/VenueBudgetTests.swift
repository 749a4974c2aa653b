import BusProtocol
import Chronology
import Quotes
import PriceSource
import Reactor
import RedisLink
import RedisServerSupport
import Testing
import Throttles
import Trading
import VenueBudget
import VenueProtocol
import WebLink

@testable import Runtime

/// Processes that share one budget through a real Redis.
@Suite("Venue budget", .serialized)
struct VenueBudgetTests {
    private let server = RedisServer()
    private let limits = [BudgetLimit.weight(100, in: .seconds(60))]

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func host(_ name: String) async -> ServiceHost {
        await server.host(name)
    }

    @LoopActor private func spend(
        _ budget: VenueBudget, _ weight: Int64, _ lane: BudgetLane,
        within patience: Interval = .milliseconds(100)
    ) async -> BudgetRefusal? {
        do {
            try await budget.request(
                BudgetCost(weight: weight), lane, within: patience)
            return nil
        } catch {
            return error
        }
    }

    @Test("T6, T7: two processes together never spend more than the limit; protection gets the rest")
    @LoopActor func shared() async {
        let (one, two) = (await host("one"), await host("two"))
        let budgets = [VenueBudget(limits, host: one), VenueBudget(limits, host: two)]
        var granted = 0
        for round in 0..<30 {
            if await spend(budgets[round % 2], 5, .query) == nil { granted += 1 }
        }
        // A query may spend 70 of 100; what is leased and not used is lost, never doubled.
        #expect((10...14).contains(granted))
        #expect(await spend(budgets[0], 5, .query) == .late)
        #expect(await spend(budgets[1], 10, .trading) == nil)
        #expect(await spend(budgets[0], 10, .protective) == nil)
        let key = one.keys.budget("weight-60s")
        let spent = await one.redis.send(["HGET", key, "spent"]).value?.int ?? 0
        #expect((70...100).contains(spent))
    }

    @Test("invariant 3: a ban seen by one process stops the other, also one that comes later")
    @LoopActor func ban() async {
        let (one, two) = (await host("one"), await host("two"))
        let budgets = [VenueBudget(limits, host: one), VenueBudget(limits, host: two)]
        for budget in budgets { budget.start() }
        #expect(await spend(budgets[1], 1, .query) == nil)
        // Both listen: what is published from now on reaches them.
        while await one.redis.send(["PUBSUB", "NUMSUB", one.keys.budgetChannel])
            .value?.elements?.last?.int != 2 {}
        budgets[0].banned(for: .seconds(60))
        while budgets[1].bannedUntil <= two.loop.now { _ = await two.redis.send(["PING"]) }
        for budget in budgets {
            guard case .banned = await spend(budget, 1, .protective) else {
                Issue.record("a banned process called")
                return
            }
        }
        let late = VenueBudget(limits, host: await host("three"))
        guard case .banned = await spend(late, 1, .query) else {
            Issue.record("a process that came later called")
            return
        }
    }

    @Test("what others on the address have spent, by the venue's count, is not spent again; -1 is none (T11)")
    @LoopActor func observed() async {
        let host = await host("one")
        let budget = VenueBudget(limits, host: host)
        budget.observed(.weight, in: .seconds(60), count: -1)
        budget.observed(.weight, in: .seconds(60), count: 95)
        _ = await host.redis.send(["PING"])
        #expect(await spend(budget, 5, .query) == .late)
        #expect(await spend(budget, 5, .protective) == nil)
        #expect(await spend(budget, 5, .protective) == .late)
    }

    @Test("invariant 4: with Redis gone a tenth of the limit serves")
    @LoopActor func alone() async {
        let host = await host("one")
        let budget = VenueBudget(limits, host: host)
        server.stop()
        while host.redis.isUp {
            _ = await host.redis.send(["PING"])
        }
        // A process that has just started waits a little for its connection.
        #expect(await spend(budget, 5, .protective, within: .seconds(30)) == nil)
        #expect(await spend(budget, 5, .protective) == nil)
        #expect(await spend(budget, 5, .protective) != nil)
    }

    @Test("invariant 5: what one process reads of the venue's limits all keep to, and later ones")
    @LoopActor func announced() async {
        let (one, two) = (await host("one"), await host("two"))
        let budgets = [VenueBudget(limits, host: one), VenueBudget(limits, host: two)]
        for budget in budgets { budget.start() }
        while await one.redis.send(["PUBSUB", "NUMSUB", one.keys.budgetChannel])
            .value?.elements?.last?.int != 2 {}
        let minute = Interval.seconds(60)
        let rates = [
            RateLimit(kind: .requestWeight, window: minute, limit: 1_234),
            RateLimit(kind: .orders, window: .seconds(10), limit: 50),
            RateLimit(kind: .other("RAW_REQUESTS"), window: minute, limit: 9),
        ].compactMap { $0 }
        budgets[0].announced(rates)
        let wanted = [BudgetLimit.weight(1_234, in: minute), .orders(50, in: .seconds(10))]
        #expect(Set(budgets[0].limits.map(\.name)) == Set(wanted.map(\.name)))
        while budgets[1].limits.first(where: { $0.counted == .weight })?.limit != 1_234 {
            _ = await two.redis.send(["PING"])
        }
        let late = VenueBudget(limits, host: await host("three"))
        late.start()
        while late.limits.count != 2 { _ = await one.redis.send(["PING"]) }
        #expect(Set(late.limits.map(\.limit)) == [1_234, 50])
        #expect(await spend(late, 5, .query) == nil)
        budgets[0].announced([])
        #expect(budgets[0].limits.count == 2)
    }

    @Test("B3a: a price comes from Redis, then from the channel; without any source there is a reason")
    @LoopActor func cascade() async throws {
        let host = await host("one")
        let reader = VenueReader(
            host: host, web: WebClient(loop: host.loop),
            budget: VenueBudget([.weight(1_000, in: .seconds(60))], host: host))
        let source = PriceSource(host: host, venue: .binanceSpot, reader: reader)
        let symbol = try #require(Symbol("BTCUSDT"))
        await #expect(throws: PriceUnavailable.self) { _ = try await source.price(of: symbol) }
        let now = host.loop.wallNow.milliseconds
        var record = PriceRecord(
            source: "stream", stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: now))
        record.bid = .whole(100)
        record.ask = .whole(101)
        record.bookMilliseconds = now - 2_000
        let fields = record.fields.flatMap { [$0.0, $0.1] }
        _ = await host.redis.send(["HSET", host.keys.price(symbol)] + fields)
        let first = try await source.price(of: symbol)
        #expect(first.origin == .redis && first.price.mid == Price(text: "100.5"))
        #expect(first.age >= .milliseconds(1_900) && first.age < .seconds(5))
        let second = try await source.price(of: symbol)
        #expect(second.origin == .cache)
        let text =
            "{\"s\":\"BTCUSDT\",\"seq\":\"2\",\"b\":\"102\",\"B\":\"1\",\"a\":\"103\",\"A\":\"1\","
            + "\"m\":\"0\",\"i\":\"0\",\"tb\":\"0\",\"tm\":\"0\",\"t\":\"\(now)\"}"
        let channel = host.keys.tickChannel(symbol)
        while await host.redis.send(["PUBLISH", channel, text]).value?.int != 1 {}
        var heard = try await source.price(of: symbol)
        while heard.origin != .channel {
            _ = await host.redis.send(["PING"])
            heard = try await source.price(of: symbol)
        }
        #expect(heard.price.bid == .whole(102))
    }
}

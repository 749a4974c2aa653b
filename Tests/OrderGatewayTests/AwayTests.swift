import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Redis away: from memory, written down first, saved when it is back (B7c).
@Suite struct AwayTests {
    private func snapshot(_ position: Int64) -> GatewaySnapshot {
        var snapshot = DeskBench.snapshot
        snapshot.instruments = [DeskBench().facts.instrument].compactMap { $0 }
        let book = Position(
            quantity: .whole(position), entryPrice: .whole(100), realised: .zero, fees: .zero,
            version: 1)
        snapshot.positions = [DeskBench.account: [DeskBench.symbol: book]]
        snapshot.balances = [DeskBench.account: BookBalance()]
        return snapshot
    }

    /// A desk that leads, with a position of five, and Redis just gone.
    private func alone(_ position: Int64 = 5) -> DeskBench {
        var bench = DeskBench()
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, snapshot(position)))
        bench.give(.streamOpened)
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, []))
        bench.desk.verified = [DeskBench.symbol]
        #expect(bench.desk.isReady)
        bench.give(.redisDown)
        return bench
    }

    private func reducing(
        _ bench: DeskBench, _ request: String, _ quantity: Int64 = 2, _ side: Side = .sell
    ) -> GatewayEvent {
        bench.placing(request, side, quantity, price: nil, isReduceOnly: true)
    }

    @Test("B7c: an order that reduces is on the disk before it is sent, with the venue's own flag")
    func writtenFirst() {
        var bench = alone()
        #expect(bench.give(reducing(bench, "r1")) == ["write intent"])
        let key = DeskBench.id("r1").text
        #expect(bench.give(.journalled(key: key, isKept: true)) == ["send SELL 2 reducing"])
        // The same request again is the same order.
        #expect(bench.give(reducing(bench, "r1")).isEmpty)
        let filled = DeskBench.order("r1", .filled, executed: 2)
        #expect(!bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(filled))).contains("write intent"))
    }

    @Test("B7c P3: what was done is saved in order when Redis is back, and struck off only then")
    func flushed() {
        var bench = alone()
        bench.give(reducing(bench, "r1"))
        bench.give(.journalled(key: DeskBench.id("r1").text, isKept: true))
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        // The lease lapses meanwhile: there is nobody it could have gone to.
        bench.give(.leaseLost)
        #expect(bench.desk.isAlone)
        bench.give(.redisUp)
        #expect(bench.give(.leaseGained(fence: 4)) == ["load"])
        let loaded = bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        #expect(loaded.contains("save open") && !loaded.contains("strike intent"))
        #expect(bench.saveAll().contains("strike intent"))
        #expect(bench.desk.journalled.isEmpty)
    }

    @Test("B7c: new risk is refused from the first moment, and so is what the disk does not take")
    func refused() {
        var bench = alone()
        #expect(bench.give(bench.placing("r1")) == ["reply r1 redis_down"])
        // More than the position, or with it, is no reducing.
        let tooMuch = bench.give(reducing(bench, "r2", 6))
        let wrongSide = bench.give(reducing(bench, "r3", 1, .buy))
        #expect(tooMuch == ["reply r2 redis_down"] && wrongSide == ["reply r3 redis_down"])
        #expect(bench.give(reducing(bench, "r4")) == ["write intent"])
        let key = DeskBench.id("r4").text
        #expect(bench.give(.journalled(key: key, isKept: false)) == ["reply r4 redis_down"])
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("B7c: two orders that reduce are together not larger than the position")
    func together() {
        var bench = alone()
        bench.give(reducing(bench, "r1", 3))
        bench.give(.journalled(key: DeskBench.id("r1").text, isKept: true))
        #expect(bench.give(reducing(bench, "r2", 3)) == ["reply r2 reduce_only_would_increase"])
        #expect(bench.give(reducing(bench, "r3", 2)) == ["write intent"])
    }

    @Test("B7c S4: after a crash an order on the disk is looked up at the venue and never sent again")
    func replayed() {
        var first = alone()
        first.give(reducing(first, "r1"))
        guard case .journal(let entry)? = first.actions.first else {
            Issue.record("nothing was written down")
            return
        }
        var bench = DeskBench()
        bench.give(.journalRead([entry]))
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 4))
        let loaded = bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        #expect(loaded.contains("save unknown"))
        bench.give(.streamOpened)
        let listed = bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        #expect(listed.contains("ask order"))
        #expect(!(loaded + listed).contains { $0.hasPrefix("send") })
    }

    @Test("B7c P7: a halt without Redis cancels, sees that nothing is left, and holds when Redis is back")
    func halted() {
        var bench = alone()
        let body = StateSetBody(state: .halted, account: nil, why: "test").body
        let begun = bench.give(bench.command("h1", .stateSet, body))
        #expect(begun == ["write state", "ask whether any is left"])
        bench.give(.haltVerified(request: "h1", []))
        #expect(bench.give(.journalled(key: "state", isKept: true)) == ["reply h1 ok"])
        bench.give(.redisUp)
        let loaded = bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        #expect(loaded.contains("state HALTED") && !loaded.contains("strike state"))
        #expect(bench.give(.stateSaved(request: "journal:state", .saved)) == ["strike state"])
        #expect(bench.desk.venueState?.state == .halted)
    }

    @Test("B7c: a state that somebody set in Redis later than ours is kept")
    func newerState() {
        var bench = alone()
        let body = StateSetBody(state: .reducing, account: nil, why: "test").body
        bench.give(bench.command("s1", .stateSet, body))
        bench.give(.journalled(key: "state", isKept: true))
        var snapshot = snapshot(5)
        snapshot.venueState = StateRecord(
            state: .active, why: "later", by: "cli",
            stamp: RecordStamp(
                sequence: 9, writer: "t", atMilliseconds: bench.wall.milliseconds + 1))
        bench.give(.redisUp)
        let loaded = bench.give(.loaded(generation: bench.desk.generation, snapshot))
        #expect(loaded.contains("strike state"))
        #expect(bench.desk.venueState?.state == .active)
    }

    @Test("P2: a gateway whose lease went to another long before has no say when Redis goes")
    func formerLeader() {
        var bench = alone()
        bench.give(.redisUp)
        bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        bench.give(.leaseLost)
        bench.pass(.seconds(6))
        bench.give(.redisDown)
        #expect(!bench.desk.isAlone)
        #expect(bench.give(reducing(bench, "r1")) == ["reply r1 redis_down"])
    }

    @Test("P2: a gateway that met a newer fence has no say when Redis goes, however soon")
    func fencedLeader() {
        var bench = alone()
        bench.give(.redisUp)
        bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, []))
        bench.desk.verified = [DeskBench.symbol]
        bench.send("r1", .sell, 1)
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll(.fenced)
        bench.give(.redisDown)
        #expect(!bench.desk.isAlone)
    }
}

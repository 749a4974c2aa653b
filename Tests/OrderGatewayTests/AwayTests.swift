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

    /// Asks for an order up to the venue's answer that it does not know its id.
    private func ask(
        _ bench: inout DeskBench, _ request: String, _ quantity: Int64 = 2, _ side: Side = .sell
    ) -> [String] {
        let asked = bench.give(reducing(bench, request, quantity, side))
        guard asked == ["ask order"] else { return asked }
        return bench.give(.orderAnswered(DeskBench.id(request), askedAt: bench.now, .notFound))
    }

    @Test("B7c: an order that reduces is on the disk before it is sent, with the venue's own flag")
    func writtenFirst() {
        var bench = alone()
        #expect(ask(&bench, "r1") == ["write intent"])
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
        _ = ask(&bench, "r1")
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
        let tooMuch = ask(&bench, "r2", 6)
        let wrongSide = ask(&bench, "r3", 1, .buy)
        #expect(tooMuch == ["reply r2 redis_down"] && wrongSide == ["reply r3 redis_down"])
        #expect(ask(&bench, "r4") == ["write intent"])
        let key = DeskBench.id("r4").text
        #expect(bench.give(.journalled(key: key, isKept: false)) == ["reply r4 redis_down"])
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("B7c: two orders that reduce are together not larger than the position")
    func together() {
        var bench = alone()
        _ = ask(&bench, "r1", 3)
        bench.give(.journalled(key: DeskBench.id("r1").text, isKept: true))
        #expect(ask(&bench, "r2", 3) == ["reply r2 reduce_only_would_increase"])
        #expect(ask(&bench, "r3", 2) == ["write intent"])
    }

    @Test("B7c S4: after a crash an order on the disk is looked up at the venue and never sent again")
    func replayed() {
        var first = alone()
        _ = ask(&first, "r1")
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

    @Test("S3: a request of before a restart, repeated without Redis, is answered from the venue's record")
    func repeatedAway() {
        var bench = alone()
        #expect(bench.give(reducing(bench, "r1")) == ["ask order"])
        let filled = DeskBench.order("r1", .filled, executed: 2)
        let found = bench.give(
            .orderAnswered(DeskBench.id("r1"), askedAt: bench.now, .found(filled)))
        #expect(found.contains("alert order_adopted"))
        #expect(!found.contains { $0.hasPrefix("send") || $0.hasPrefix("write") })
        // An error is no answer: it is asked again, and refused when the command is too old.
        #expect(bench.give(reducing(bench, "r2")) == ["ask order"])
        let failed = GatewayEvent.orderAnswered(DeskBench.id("r2"), askedAt: bench.now, .failed)
        #expect(bench.give(failed).isEmpty)
        #expect(bench.wait(.milliseconds(300)) == ["ask order"])
        #expect(bench.give(failed).isEmpty)
        let late = bench.wait(.milliseconds(2_000))
        #expect(late.contains("reply r2 deadline_passed") && !late.contains("write intent"))
    }

    @Test("P2: a lease that went to another leaves no say when Redis goes, however soon; a new one neither")
    func takenLease() {
        var bench = alone()
        bench.give(.redisUp)
        bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        bench.give(.leaseTaken)
        bench.give(.redisDown)
        #expect(!bench.desk.isAlone)
        // A lease won back says nothing of what another did meanwhile, until Redis was read.
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 7))
        bench.give(.redisDown)
        #expect(!bench.desk.isAlone)
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 8))
        bench.give(.loaded(generation: bench.desk.generation, snapshot(5)))
        bench.give(.redisDown)
        #expect(bench.desk.isAlone)
    }

    @Test("B7c P7: a halt that Redis has not confirmed when it goes holds on, is answered, and saved later")
    func haltInFlight() {
        var bench = DeskBench.ready
        let body = StateSetBody(state: .halted, account: nil, why: "test").body
        let begun = bench.give(bench.command("h1", .stateSet, body))
        #expect(begun == ["state HALTED", "ask whether any is left"])
        bench.give(.haltVerified(request: "h1", []))
        bench.give(.redisDown)
        let lost = bench.give(.stateSaved(request: "h1", .unknown))
        #expect(lost == ["reply h1 redis_down"])
        #expect(bench.desk.venueState?.state == .halted)
        // Redis has the state of before: it is halted all the same, and Redis is told again.
        bench.give(.redisUp)
        var older = DeskBench.snapshot
        older.venueState = StateRecord(
            state: .active, why: "before", by: "cli",
            stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1))
        let loaded = bench.give(.loaded(generation: bench.desk.generation, older))
        #expect(loaded.contains("state HALTED"))
        #expect(bench.desk.venueState?.state == .halted)
    }

    @Test("S4: without a lease only what reduces and is on the disk leaves; what Redis was to hold does not")
    func leaseless() {
        var bench = alone()
        _ = ask(&bench, "r1")
        let id = DeskBench.id("r1")
        #expect(!bench.desk.isSendableAway(id))
        bench.give(.journalled(key: id.text, isKept: true))
        #expect(bench.desk.isSendableAway(id))
        // One that was on its way when Redis went: its intent is in Redis, or not.
        var before = DeskBench.ready
        before.send("r2", .sell)
        before.give(.redisDown)
        #expect(before.desk.isAlone && !before.desk.isSendableAway(DeskBench.id("r2")))
        // Redis is back: the lease decides again.
        bench.give(.redisUp)
        #expect(!bench.desk.isSendableAway(id))
    }

    @Test("P7: over the HTTP port a halt is not loosened, and nothing that takes risk on is taken")
    func overHTTP() {
        func command(_ kind: CommandKind, _ body: [String: String]) -> Command {
            Command(
                id: "h", from: "", deadlineMilliseconds: .max, kind: kind.rawValue, body: body)
        }
        func state(_ state: TradingState) -> Command {
            command(.stateSet, StateSetBody(state: state, account: nil, why: "test").body)
        }
        func place(isReduceOnly: Bool) -> Command {
            command(
                .orderPlace,
                OrderPlaceBody(
                    account: DeskBench.account, symbol: DeskBench.symbol, side: .sell,
                    type: .market, quantity: .one, isReduceOnly: isReduceOnly).body)
        }
        #expect(CommandPort.protective(state(.active)) == nil)
        #expect(CommandPort.protective(place(isReduceOnly: false)) == nil)
        #expect(CommandPort.protective(command(.accountCreate, ["account": "x"])) == nil)
        #expect(CommandPort.protective(place(isReduceOnly: true)) != nil)
        #expect(CommandPort.protective(command(.orderCancel, ["order": "r1"])) != nil)

        // Halted, with Redis and without: asked to reduce, it stays halted.
        guard let reduce = CommandPort.protective(state(.reducing)) else {
            Issue.record("a stricter state is taken")
            return
        }
        for isAway in [false, true] {
            var bench = isAway ? alone() : DeskBench.ready
            let halt = StateSetBody(state: .halted, account: nil, why: "test").body
            bench.give(bench.command("h1", .stateSet, halt))
            let lines = bench.give(bench.command("s1", .stateSet, reduce.body))
            #expect(lines == ["reply s1 ok"], "away \(isAway)")
            #expect(bench.desk.venueState?.state == .halted)
        }
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

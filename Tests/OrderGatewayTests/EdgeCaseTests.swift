import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// What broke in comparable systems, at the desk.
@Suite struct EdgeCaseTests {
    /// A desk with one order at rest.
    private func resting() -> DeskBench {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        return bench
    }

    /// Answers saves until none is made any more.
    @Test("C5: a cancel whose answer is lost while the user stream is dead is asked for until it ends")
    func pendingCancel() {
        var bench = resting()
        let id = DeskBench.id("r1")
        bench.give(bench.command("c1", .orderCancel, ["order": "r1"]))
        bench.saveThrough()
        bench.give(.streamClosed)
        bench.give(.cancelAnswered(id, .unknown))
        bench.saveThrough()
        // Still there: the cancel goes out again; then gone, which is told without any stream.
        var asked = 0
        var cancelled = 0
        for _ in 0..<40 where asked < 2 {
            let lines = bench.wait(.milliseconds(500))
            cancelled += lines.filter { $0 == "cancel" }.count
            bench.saveThrough()
            guard lines.contains("ask order") else { continue }
            asked += 1
            let state = asked == 1 ? VenueOrderStatus.new : .canceled
            let found = DeskBench.order("r1", state)
            bench.give(.orderAnswered(id, askedAt: bench.now, .found(found)))
            bench.saveThrough()
        }
        #expect(asked == 2 && cancelled == 1)
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("C6: a halt of one account leaves the orders of another, at the venue too")
    func otherAccount() {
        var bench = resting()
        let other = AccountID("other")!
        let code = AccountCode("OTHER001")!
        bench.desk.accounts[other] = AccountRecord(
            id: other, code: code, isEnabled: true,
            stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1))
        let body = StateSetBody(state: .halted, account: other, why: "test").body
        let begun = bench.give(bench.command("h1", .stateSet, body))
        #expect(begun == ["state HALTED", "ask whether any is left"])
        bench.give(.stateSaved(request: "h1", .saved))
        // What the venue lists: ours of the other account, a stranger's, and one of the halted.
        var theirs = DeskBench.order("r9", .new, orderID: 12)
        theirs.clientOrderID = ClientOrderID.derive(account: code, origin: .chase, intent: "a").text
        var stranger = DeskBench.order("r8", .new, orderID: 13)
        stranger.clientOrderID = "web_1"
        let listed = [DeskBench.order("r1", .new), theirs, stranger]
        let lines = bench.give(.haltVerified(request: "h1", listed))
        #expect(lines == ["cancel \(theirs.clientOrderID)"])
        #expect(bench.desk.workingOrders.map(\.name) == [.open])
    }

    @Test("F7: a fill inferred from a record and then told as trades counts once")
    func inferredFill() {
        var bench = resting()
        let id = DeskBench.id("r1")
        // The record says filled before any trade came.
        let filled = DeskBench.order("r1", .filled, executed: 2)
        bench.give(.user(.order(OrderUpdate(order: filled, execution: .new))))
        _ = bench.saveAll()
        #expect(bench.desk.workingOrders.first?.executed == .whole(2))
        #expect(bench.desk.ledger.position(DeskBench.account, DeskBench.symbol).quantity == .zero)
        for trade: Int64 in [70, 71, 70] {
            bench.give(DeskBench.traded(filled, trade: trade, 1))
            _ = bench.bookAll()
        }
        let position = bench.desk.ledger.position(DeskBench.account, DeskBench.symbol)
        #expect(position.quantity == .whole(2))
        let executed = bench.desk.orders[id]?.life.executed ?? .whole(2)
        #expect(executed == .whole(2))
    }

    @Test("F8: what a fee in the base asset took cannot be sold: the venue's balance decides")
    func feeInBase() {
        var bench = DeskBench.ready(for: .binanceSpot)
        let base = VenueHolding(asset: "BTC", free: Money(text: "1.998")!, locked: .zero)
        bench.give(.holdingsAnswered(generation: bench.desk.generation, [base]))
        // Bought two, and paid the fee out of them.
        for (request, quantity, isFine) in [("r1", Int64(2), false), ("r2", 1, true)] {
            bench.give(bench.placing(request, .sell, quantity))
            let lines = bench.give(.factsRead(DeskBench.id(request), bench.facts))
            #expect(lines == [isFine ? "intent intent under 3" : "reply r1 margin_insufficient"])
        }
    }

    @Test("T9: an account that somebody changed while this runs takes no new risk until it is mended")
    func changedAccount() {
        var bench = resting()
        #expect(bench.give(.accountChecked("hedge mode")) == ["alert account_changed"])
        #expect(bench.give(.accountChecked("hedge mode")).isEmpty && !bench.desk.isReady)
        #expect(bench.give(bench.placing("r2")) == ["reply r2 not_ready"])
        #expect(bench.give(bench.placing("r3", .sell, isReduceOnly: true)) == ["facts"])
        let cancel = bench.give(bench.command("c1", .orderCancel, ["order": "r1"]))
        #expect(cancel.contains("cancel"))
        bench.give(.accountChecked(nil))
        #expect(bench.give(bench.placing("r4")) == ["facts"] && bench.desk.isReady)
    }

    @Test("F2: a trade told again 40 minutes after its order left the desk is not booked again")
    func lateRepeat() {
        var bench = resting()
        let filled = DeskBench.order("r1", .filled, executed: 2)
        bench.give(DeskBench.traded(filled, trade: 70, 2))
        _ = bench.bookAll()
        _ = bench.saveAll()
        bench.pass(.seconds(2_400))
        let again = bench.give(DeskBench.traded(filled, trade: 70, 2))
        #expect(!again.contains { $0.hasPrefix("ledger") })
        #expect(
            bench.desk.ledger.position(DeskBench.account, DeskBench.symbol).quantity == .whole(2))
    }

    @Test("C5 S4: a cancel that a crash kept from arriving is sent by the next gateway")
    func lostCancel() throws {
        var bench = DeskBench.ready
        bench.send("a")
        bench.give(.sendAnswered(DeskBench.id("a"), .accepted(DeskBench.order("a", .new))))
        let wanted = OrderCancelBody(order: DeskBench.id("a").text)
        let lines = bench.give(bench.command("c", .orderCancel, wanted.body))
        #expect(lines.contains { $0 == "cancel" }, "\(lines)")
        let order = try #require(bench.desk.orders[DeskBench.id("a")])
        let record = order.record(writer: "t", wall: bench.wall)
        #expect(record.status == OrderStateName.pendingCancel.rawValue)

        var next = DeskBench()
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record]
        next.give(.redisUp)
        next.give(.leaseGained(fence: 4))
        next.give(.loaded(generation: next.desk.generation, snapshot))
        next.give(.streamOpened)
        let listed = next.give(
            .openOrdersAnswered(
                generation: next.desk.generation, [DeskBench.order("a", .new)]))
        #expect(listed.filter { $0 == "cancel" }.count == 1, "\(listed)")
        // Nobody knows what became of it: asked for once more, it goes out once more.
        next.give(.cancelAnswered(DeskBench.id("a"), .unknown))
        let again = next.give(next.command("d", .orderCancel, wanted.body))
        #expect(again.filter { $0 == "cancel" }.count == 1, "\(again)")
        let twice = next.give(next.command("e", .orderCancel, wanted.body))
        #expect(!twice.contains { $0 == "cancel" }, "one is out already: \(twice)")
    }
}

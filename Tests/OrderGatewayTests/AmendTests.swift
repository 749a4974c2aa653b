import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Amendments, from the command to the answer.
@Suite struct AmendTests {
    private let id = DeskBench.id("r1")

    /// A desk with one order of 2 at 100 that rests.
    private func resting(amends: Bool = true) -> DeskBench {
        var bench = DeskBench.ready
        if !amends {
            bench = DeskBench.ready(for: .binanceSpot)
            let money = VenueHolding(asset: "USDT", free: .whole(10_000), locked: .zero)
            bench.desk.holdings = ["USDT": money]
        }
        bench.send("r1")
        bench.give(.sendAnswered(id, .accepted(report(2, 100))))
        _ = bench.saveAll()
        return bench
    }

    private func report(
        _ quantity: Int64, _ price: Int64, _ status: VenueOrderStatus = .new, executed: Int64 = 0
    ) -> VenueOrder {
        var order = DeskBench.order("r1", status, executed: executed)
        order.quantity = .whole(quantity)
        order.price = .whole(price)
        return order
    }

    private func amending(
        _ bench: DeskBench, _ request: String, _ quantity: Int64?, _ price: Int64?
    ) -> GatewayEvent {
        let body = OrderAmendBody(
            order: id.text, quantity: quantity.map { .whole($0) }, price: price.map { .whole($0) })
        return bench.command(request, .orderAmend, body.body)
    }

    @Test("an amendment is checked, saved, sent, and answered with the order as it stands")
    func accepted() {
        var bench = resting()
        #expect(bench.give(amending(bench, "a1", 3, 99)) == ["facts"])
        #expect(
            bench.give(.factsRead(id, bench.facts)) == ["amend to 3 at 99", "save pending_amend"])
        #expect(
            bench.give(.amendAnswered(id, .accepted(report(3, 99)))) == ["reply a1 ok"])
        _ = bench.saveAll()
        #expect(bench.desk.workingOrders.first?.intent.quantity == .whole(3))
        #expect(bench.give(amending(bench, "a1", 3, 99)) == ["reply a1 ok"])
    }

    @Test("terms that hold already are answered at once, and unknown orders are looked up")
    func unchanged() {
        var bench = resting()
        #expect(bench.give(amending(bench, "a1", 2, nil)) == ["reply a1 ok"])
        let other = OrderAmendBody(order: DeskBench.id("x").text, quantity: .one, price: nil)
        #expect(bench.give(bench.command("a2", .orderAmend, other.body)) == ["read order"])
        #expect(
            bench.give(.orderRead(DeskBench.id("x"), .missing)) == ["reply a2 order_not_found"])
    }

    @Test("C7: a size no larger than what has executed is refused before it can cancel the order")
    func belowFilled() {
        var bench = resting()
        bench.give(DeskBench.traded(report(2, 100, .partiallyFilled, executed: 1), trade: 1, 1))
        #expect(
            bench.give(amending(bench, "a1", 1, nil)) == ["reply a1 quantity_below_filled"])
        // A fill between the check and the venue: it cancels, and that is what is told.
        bench.give(amending(bench, "a2", 3, nil))
        bench.give(.factsRead(id, bench.facts))
        let cancelled = report(2, 100, .canceled, executed: 1)
        bench.give(.amendAnswered(id, .accepted(cancelled)))
        _ = bench.bookAll()
        #expect(bench.desk.workingOrders.first?.name == .cancelled || bench.desk.workingOrders.isEmpty)
    }

    @Test("the checks of a new order hold for an amended one; refused, it stays as it is")
    func refused() {
        var bench = resting()
        bench.give(amending(bench, "a1", 3, nil))
        var facts = bench.facts
        facts.price?.at = bench.wall + .seconds(-4)
        #expect(bench.give(.factsRead(id, facts)) == ["reply a1 price_stale"])
        bench.pass(.milliseconds(500))
        bench.give(amending(bench, "a2", 1_000, nil))
        #expect(bench.give(.factsRead(id, bench.facts)) == ["reply a2 margin_insufficient"])
        bench.pass(.milliseconds(500))
        bench.give(amending(bench, "a3", 3, nil))
        bench.give(.factsRead(id, bench.facts))
        let refusal = bench.give(.amendAnswered(id, .rejected(code: -5024, "halted")))
        #expect(refusal == ["reply a3 venue_rejected", "ask order"])
        #expect(bench.desk.workingOrders.first?.intent.quantity == .whole(2))
    }

    @Test("B1d: two amendments begin 500 ms apart; the newest wins and is acted on at the end")
    func throttled() {
        var bench = resting()
        bench.give(amending(bench, "a1", 3, nil))
        bench.give(.factsRead(id, bench.facts))
        #expect(bench.give(amending(bench, "a2", 4, nil)).isEmpty)
        #expect(bench.give(amending(bench, "a3", 5, nil)) == ["reply a2 amend_superseded"])
        bench.give(.amendAnswered(id, .accepted(report(3, 100))))
        _ = bench.saveAll()
        #expect(bench.wait(.milliseconds(499)).isEmpty)
        #expect(bench.wait(.milliseconds(1)) == ["facts"])
        #expect(bench.give(.factsRead(id, bench.facts)).first == "amend to 5 at 100")
    }

    @Test("S2: an amendment without an answer is asked for, and told as it turns out")
    func unknown() {
        var bench = resting()
        bench.give(amending(bench, "a1", 3, nil))
        bench.give(.factsRead(id, bench.facts))
        #expect(bench.give(.amendAnswered(id, .unknown)).contains("ask order"))
        let found = GatewayEvent.orderAnswered(id, askedAt: bench.now, .found(report(3, 100)))
        #expect(bench.give(found).contains("reply a1 ok"))
        #expect(bench.desk.workingOrders.first?.name == .open)
    }

    @Test("C2 C3: where the venue cannot amend, what is left after the cancel is placed, nothing else")
    func replaced() {
        var bench = resting(amends: false)
        bench.give(amending(bench, "a1", 5, 99))
        #expect(bench.give(.factsRead(id, bench.facts)) == ["cancel", "save pending_cancel"])
        // One trades between the wish and the cancel: 4 of the 5 are left.
        let cancelled = report(2, 100, .canceled, executed: 1)
        bench.give(DeskBench.traded(report(2, 100, .partiallyFilled, executed: 1), trade: 1, 1))
        let booked = bench.bookAll()
        #expect(!booked.contains("facts"))
        let ended = bench.give(.cancelAnswered(id, .accepted(cancelled)))
        #expect(ended.contains("facts"))
        let next = DeskBench.id("a1")
        #expect(bench.give(.factsRead(next, bench.facts)) == ["intent intent under 3"])
        #expect(bench.give(.intentReplied(next, .saved)) == ["send BUY 4"])
    }

    @Test("C1: where the cancel finds the order filled, nothing is placed in its stead")
    func replacedTooLate() {
        var bench = resting(amends: false)
        bench.give(amending(bench, "a1", 5, 99))
        bench.give(.factsRead(id, bench.facts))
        #expect(bench.give(.cancelAnswered(id, .notFound)).contains("ask order"))
        let filled = report(2, 100, .filled, executed: 2)
        bench.give(.orderAnswered(id, askedAt: bench.now, .found(filled)))
        bench.give(DeskBench.traded(filled, trade: 1, 2))
        let ended = bench.bookAll()
        #expect(ended.contains("reply a1 order_final"))
        #expect(!ended.contains("facts"))
    }

    @Test("an order that ends while an amendment waits tells so")
    func ended() {
        var bench = resting()
        bench.give(amending(bench, "a1", 3, nil))
        bench.give(.factsRead(id, bench.facts))
        _ = bench.saveAll()
        bench.give(amending(bench, "a2", 4, nil))
        let told = bench.give(.amendAnswered(id, .accepted(report(2, 100, .canceled))))
        #expect(told.filter { $0.hasPrefix("reply") } == ["reply a1 order_final", "reply a2 order_final"])
    }
}

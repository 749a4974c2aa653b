import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// The kill switch: halt, cancel, and see that nothing is left.
@Suite struct HaltTests {
    private func halting(_ bench: DeskBench, _ request: String, _ account: AccountID? = nil)
        -> GatewayEvent
    {
        bench.command(
            request, .stateSet, StateSetBody(state: .halted, account: account, why: "test").body)
    }

    /// A desk with one order at rest.
    private func resting() -> DeskBench {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        return bench
    }

    @Test("B2g: a halt is answered once it is saved, all is cancelled, and the venue lists nothing")
    func verified() {
        var bench = resting()
        let begun = bench.give(halting(bench, "h1"))
        #expect(
            begun == ["state HALTED", "cancel", "save pending_cancel", "ask whether any is left"])
        _ = bench.saveAll()
        #expect(bench.give(.stateSaved(request: "h1", .saved)).isEmpty)
        let listed = [DeskBench.order("r1", .new)]
        #expect(bench.give(.haltVerified(request: "h1", listed)).isEmpty)
        let cancelled = DeskBench.order("r1", .canceled)
        let ended = bench.give(.cancelAnswered(DeskBench.id("r1"), .accepted(cancelled)))
        #expect(ended.contains("ask whether any is left"))
        _ = bench.saveAll()
        #expect(bench.give(.haltVerified(request: "h1", [])) == ["reply h1 ok"])
    }

    @Test("B2g: while orders stay the venue is asked again in ever longer pauses, one question at a time")
    func patient() {
        var bench = resting()
        bench.give(halting(bench, "h1"))
        bench.give(.stateSaved(request: "h1", .saved))
        let listed = [DeskBench.order("r1", .new)]
        for pause: Int64 in [50, 100, 200, 400] {
            bench.give(.haltVerified(request: "h1", listed))
            let early = bench.wait(.milliseconds(pause - 1))
            #expect(!early.contains("ask whether any is left"))
            let due = bench.wait(.milliseconds(1))
            #expect(due.contains("ask whether any is left"))
            let again = bench.wait(.milliseconds(1))
            #expect(!again.contains("ask whether any is left"))
        }
    }

    @Test("B2g: orders that are not of the books are cancelled, too; an account's halt leaves them")
    func strangers() {
        var bench = resting()
        var stranger = DeskBench.order("r1", .new)
        stranger.clientOrderID = "web_77"
        bench.give(halting(bench, "h1"))
        #expect(bench.give(.haltVerified(request: "h1", [stranger])) == ["cancel web_77"])
        bench.give(halting(bench, "h2", DeskBench.account))
        #expect(bench.give(.haltVerified(request: "h2", [stranger])).isEmpty)
    }

    @Test("B2g: a halt whose end is not seen in time says what may be left, and holds")
    func late() {
        var bench = resting()
        bench.give(halting(bench, "h1"))
        bench.give(.stateSaved(request: "h1", .saved))
        bench.give(.haltVerified(request: "h1", nil))
        #expect(bench.wait(.milliseconds(50)) == ["ask whether any is left"])
        #expect(bench.wait(.seconds(2)).contains("reply h1 outcome_unknown"))
        #expect(bench.give(bench.placing("r2")) == ["facts"])
        let refused = bench.give(.factsRead(DeskBench.id("r2"), bench.facts))
        #expect(refused == ["reply r2 venue_halted"])
    }

    @Test("P7: the emergency close passes a halt")
    func flatten() {
        var bench = DeskBench.ready
        bench.send("r1")
        let filled = DeskBench.order("r1", .filled, executed: 2)
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(filled)))
        bench.give(DeskBench.traded(filled, trade: 1, 2))
        _ = bench.bookAll()
        bench.give(DeskBench.holding(2))
        bench.give(halting(bench, "h1"))
        let body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .sell, type: .market,
            quantity: .whole(2), isReduceOnly: true, origin: .flatten)
        bench.give(bench.command("f1", .orderPlace, body.body))
        let id = ClientOrderID.derive(account: DeskBench.code, origin: .flatten, intent: "f1")
        #expect(bench.give(.factsRead(id, bench.facts)) == ["intent intent under 3"])
        #expect(bench.give(.intentReplied(id, .saved)) == ["send SELL 2 reducing"])
    }

    @Test("I4: an instrument that stops trading keeps no order, and a person is told once")
    func cancelOnly() {
        var bench = resting()
        var instrument = bench.facts.instrument!
        instrument.status = .cancelOnly
        let first = bench.give(.instrumentChanged(instrument))
        #expect(first == ["cancel", "save pending_cancel", "alert instrument_not_trading"])
        _ = bench.saveAll()
        #expect(bench.give(.instrumentChanged(instrument)).isEmpty)
        bench.give(bench.placing("r2"))
        var facts = bench.facts
        facts.instrument = instrument
        let refused = bench.give(.factsRead(DeskBench.id("r2"), facts))
        #expect(refused == ["reply r2 instrument_not_trading"])
    }

    @Test("I4: facts read before an instrument stopped trading do not let orders of it through")
    func staleInstrument() {
        var bench = resting()
        let read = bench.now
        bench.pass(.milliseconds(50))
        var instrument = bench.facts.instrument!
        instrument.status = .cancelOnly
        bench.give(.instrumentChanged(instrument))
        _ = bench.saveAll()
        bench.give(bench.placing("r2"))
        var facts = bench.facts
        facts.readAt = read
        let refused = bench.give(.factsRead(DeskBench.id("r2"), facts))
        #expect(refused == ["reply r2 instrument_not_trading"])
        #expect(bench.desk.instruments[DeskBench.symbol]?.status == .cancelOnly)
        // Asked for since, they are the newest.
        bench.pass(.milliseconds(50))
        bench.give(bench.placing("r3"))
        facts.readAt = bench.now
        #expect(bench.give(.factsRead(DeskBench.id("r3"), facts)) == ["intent intent under 3"])
    }

    @Test("I4: what was told of an instrument while the venue's records were read holds")
    func staleSnapshot() {
        var bench = resting()
        var halted = bench.facts.instrument!
        halted.status = .cancelOnly
        var snapshot = GatewaySnapshot()
        snapshot.instruments = [bench.facts.instrument!]
        for isNewer in [false, true] {
            bench.give(.redisUp)
            snapshot.readAt = isNewer ? bench.now + .milliseconds(50) : bench.now
            bench.pass(.milliseconds(50))
            bench.give(.instrumentChanged(halted))
            bench.give(.loaded(generation: bench.desk.generation, snapshot))
            #expect(bench.desk.phase != .loading)
            let status: InstrumentStatus = isNewer ? .trading : .cancelOnly
            #expect(bench.desk.instruments[DeskBench.symbol]?.status == status)
        }
    }

    // MARK: the stream's second clock

    @Test("T2: a stream that tells nothing of an order the venue has taken is replaced")
    func silentStream() {
        var bench = resting()
        let early = bench.wait(.milliseconds(4_999))
        #expect(!early.contains("open stream"))
        let late = bench.wait(.milliseconds(1))
        #expect(late.contains("alert stream_silent") && late.contains("open stream"))
        #expect(!bench.desk.isReady)
        #expect(bench.give(.streamOpened) == ["ask open orders"])
    }

    @Test("T1, T2: an order that queries have ended, and the stream never told of, replaces it too")
    func endedUnheard() {
        for isHeard in [false, true] {
            var bench = resting()
            let ended = DeskBench.order("r1", .expired)
            let id = DeskBench.id("r1")
            bench.give(.orderAnswered(id, askedAt: bench.now, .found(ended)))
            bench.saveThrough()
            #expect(bench.desk.orders[id] == nil)
            let news = OrderUpdate(order: ended, execution: .expired)
            if isHeard { bench.give(.user(.order(news))) }
            let late = bench.wait(.seconds(5))
            #expect(late.contains("open stream") == !isHeard)
        }
    }

    @Test("T2: an order heard of before or after its answer says that the stream lives")
    func livingStream() {
        for isBefore in [true, false] {
            var bench = DeskBench.ready
            bench.send("r1")
            let order = DeskBench.order("r1", .new)
            let news = GatewayEvent.user(.order(OrderUpdate(order: order, execution: .new)))
            let answer = GatewayEvent.sendAnswered(DeskBench.id("r1"), .accepted(order))
            for event in isBefore ? [news, answer] : [answer, news] { bench.give(event) }
            _ = bench.saveAll()
            let later = bench.wait(.seconds(6))
            #expect(!later.contains("open stream"))
            #expect(bench.desk.isReady)
        }
    }

    // MARK: early answers and fills

    @Test("B2b: a fast answer comes with the send, is provisional, and a repeat is told the real fill")
    func fastAck() {
        var bench = DeskBench.ready
        var body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .market,
            quantity: .whole(2))
        body.isFastAck = true
        bench.give(bench.command("r1", .orderPlace, body.body))
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        #expect(
            bench.give(.intentReplied(DeskBench.id("r1"), .saved)) == ["send BUY 2", "reply r1 ok"])
        guard case .reply(let reply, _)? = bench.actions.first(where: {
            if case .reply = $0 { true } else { false }
        }) else {
            Issue.record("no reply")
            return
        }
        #expect(reply.body["provisional"] == "1")
        #expect(reply.body["average"] == "101")
        #expect(reply.body["fees"] == "0.101")
        let filled = DeskBench.order("r1", .filled, executed: 2)
        bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(filled)))
        bench.give(DeskBench.traded(filled, trade: 1, 2))
        _ = bench.bookAll()
        bench.give(bench.command("r1", .orderPlace, body.body))
        guard case .reply(let again, _)? = bench.actions.first else {
            Issue.record("no second reply")
            return
        }
        #expect(again.body["provisional"] == nil)
        #expect(again.body["average"] == "100")
    }

    @Test("F1: a trade told early is counted, fetched where its full report does not come, booked once")
    func tradeLite() {
        var bench = resting()
        let lite = TradeLite(
            symbol: DeskBench.symbol, clientOrderID: DeskBench.id("r1").text, orderID: 9,
            tradeID: 5, side: .buy, lastPrice: .whole(100), lastQuantity: .one, isMaker: true,
            transactionMilliseconds: 0)
        bench.give(.user(.futures(.tradeLite(lite))))
        #expect(bench.desk.workingOrders.first?.executed == .one)
        #expect(bench.actions.allSatisfy { DeskBench.line($0)?.hasPrefix("ledger") != true })
        #expect(bench.wait(.seconds(2)) == ["ask trades from start"])
        let listed = DeskBench.listed(5, orderID: 9, at: bench.wall.milliseconds)
        bench.give(
            .tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, [listed]))
        _ = bench.bookAll()
        bench.give(.user(.futures(.tradeLite(lite))))
        #expect(bench.desk.workingOrders.first?.executed == .one)
        let part = DeskBench.order("r1", .partiallyFilled, executed: 1)
        let again = bench.give(DeskBench.traded(part, trade: 5, 1))
        #expect(!again.contains { $0.hasPrefix("ledger") })
    }

    @Test("B2d: a side of an algorithm that is filled too often in a minute pauses, the other does not")
    func burst() {
        var desk = FillBurst(maximum: 2, cooldown: .seconds(30))
        let buy = FillBurst.Slot(
            account: DeskBench.account, symbol: DeskBench.symbol, origin: .scalper, side: .buy)
        let sell = FillBurst.Slot(
            account: DeskBench.account, symbol: DeskBench.symbol, origin: .scalper, side: .sell)
        let start = Instant(nanoseconds: 1_000_000_000_000)
        // The first has left the minute when the third comes.
        let paused = [0, 59, 60, 61].map { desk.filled(buy, now: start + .seconds($0)) }
        #expect(paused == [false, false, false, true])
        #expect(desk.isPaused(buy, now: start + .seconds(90)))
        #expect(!desk.isPaused(sell, now: start + .seconds(90)))
        #expect(!desk.isPaused(buy, now: start + .seconds(91)))
    }

    @Test("B2d: the desk refuses the paused side of that algorithm, and nothing else")
    func burstAtDesk() {
        var bench = DeskBench.ready
        bench.desk.burst = FillBurst(maximum: 1, cooldown: .seconds(30))
        func place(_ request: String, _ origin: OrderOrigin, _ side: Side) -> [String] {
            let body = OrderPlaceBody(
                account: DeskBench.account, symbol: DeskBench.symbol, side: side, type: .limit,
                quantity: .one, price: .whole(100), origin: origin)
            bench.give(bench.command(request, .orderPlace, body.body))
            let id = ClientOrderID.derive(account: DeskBench.code, origin: origin, intent: request)
            return bench.give(.factsRead(id, bench.facts))
        }
        let slot = FillBurst.Slot(
            account: DeskBench.account, symbol: DeskBench.symbol, origin: .scalper, side: .buy)
        for _ in 0..<2 { _ = bench.desk.burst.filled(slot, now: bench.now) }
        #expect(place("s1", .scalper, .buy) == ["reply s1 side_paused"])
        #expect(place("s2", .scalper, .sell) == ["intent intent under 3"])
        #expect(place("s3", .manual, .buy) == ["intent intent under 3"])
    }

    // MARK: spot

    @Test("what a venue does not offer is refused by name before anything is saved")
    func unsupported() {
        var bench = DeskBench.ready(for: .mexcSpot)
        #expect(bench.give(bench.placing("r1", price: nil)) == ["reply r1 venue_cannot"])
        #expect(bench.give(bench.placing("r2", .sell, price: nil)) == ["facts"])
        var futures = DeskBench.ready
        #expect(futures.give(futures.placing("r1", price: nil)) == ["facts"])
        let body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .limit,
            timeInForce: .goodTillDate, quantity: .one, price: .whole(100))
        let dated = futures.command("r2", .orderPlace, body.body)
        #expect(futures.give(dated) == ["reply r2 venue_cannot"])
    }

    @Test("a spot account spends what it holds: less what is on its way, not what only rests")
    func spotHoldings() {
        var bench = DeskBench.ready(for: .binanceSpot)
        bench.desk.holdings = [
            "USDT": VenueHolding(asset: "USDT", free: .whole(450), locked: .zero),
            "BTC": VenueHolding(asset: "BTC", free: .whole(2), locked: .zero),
        ]
        bench.give(bench.placing("r1"))
        var facts = bench.facts
        facts.risk = nil
        #expect(bench.give(.factsRead(DeskBench.id("r1"), facts)) == ["intent intent under 3"])
        bench.give(bench.placing("r2"))
        #expect(bench.give(.factsRead(DeskBench.id("r2"), facts)) == ["intent intent under 3"])
        bench.give(bench.placing("r3"))
        #expect(bench.give(.factsRead(DeskBench.id("r3"), facts)) == ["reply r3 margin_insufficient"])
        bench.give(bench.placing("s1", .sell, 3))
        #expect(bench.give(.factsRead(DeskBench.id("s1"), facts)) == ["reply s1 margin_insufficient"])
        bench.give(bench.placing("s2", .sell, 2))
        #expect(bench.give(.factsRead(DeskBench.id("s2"), facts)) == ["intent intent under 3"])
    }
}

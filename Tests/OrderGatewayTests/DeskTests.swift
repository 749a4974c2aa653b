import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Single stories of the desk, read like a conversation.
@Suite struct DeskTests {
    @Test("a start loads, opens the stream, lists, and is ready; nothing is taken before")
    func start() {
        var bench = DeskBench()
        #expect(bench.give(bench.placing("r0")) == ["reply r0 not_ready"])
        #expect(bench.give(.leaseGained(fence: 3)) == ["load"])
        #expect(bench.give(bench.placing("r1")) == ["reply r1 account_unknown"])
        let generation = bench.desk.generation
        #expect(bench.give(.loaded(generation: generation - 1, DeskBench.snapshot)).isEmpty)
        #expect(bench.give(.loaded(generation: generation, DeskBench.snapshot)) == ["open stream"])
        #expect(bench.give(bench.placing("r2")) == ["reply r2 not_ready"])
        #expect(bench.give(.streamOpened) == ["ask open orders"])
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, nil))
        #expect(!bench.desk.isReady)
        #expect(bench.wait(.seconds(1)) == ["ask open orders"])
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        #expect(bench.desk.isReady)
    }

    @Test("S4: the order leaves after Redis confirmed its intent, and the answer is its record")
    func place() {
        var bench = DeskBench.ready
        let id = DeskBench.id("r1")
        #expect(bench.give(bench.placing("r1")) == ["facts"])
        #expect(bench.give(.factsRead(id, bench.facts)) == ["intent intent under 3"])
        #expect(bench.give(.intentReplied(id, .saved)) == ["send BUY 2"])
        #expect(bench.give(.intentReplied(id, .saved)).isEmpty)
        let answer = GatewayEvent.sendAnswered(id, .accepted(DeskBench.order("r1", .new)))
        #expect(bench.give(answer) == ["save open", "reply r1 ok"])
    }

    @Test("S3 S5: an intent that is there already is answered with its record and not sent")
    func existing() {
        var bench = DeskBench.ready
        let id = DeskBench.id("r1")
        bench.give(bench.placing("r1"))
        bench.give(.factsRead(id, bench.facts))
        guard case .saveIntent(var record, _)? = bench.actions.first else {
            Issue.record("no intent")
            return
        }
        record.status = "filled"
        #expect(bench.give(.intentReplied(id, .exists(record))) == ["reply r1 ok"])
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("S3: an id the venue has filled and Redis has lost is taken over, answered, and not sent")
    func lostRecord() {
        var bench = DeskBench.ready
        bench.desk.verified = []
        let id = DeskBench.id("r1")
        bench.give(bench.placing("r1"))
        #expect(bench.give(.factsRead(id, bench.facts)) == ["ask recent orders"])
        let list = [DeskBench.order("r1", .filled, executed: 2)]
        let answered = bench.give(
            .recentOrdersAnswered(
                DeskBench.symbol, generation: bench.desk.generation, list))
        #expect(answered.contains("alert order_adopted"))
        #expect(answered.contains("save filled"))
        #expect(!answered.contains { $0.hasPrefix("send") || $0.hasPrefix("intent") })
        // The next one is new on a symbol that is known now.
        bench.give(bench.placing("r2"))
        #expect(bench.give(.factsRead(DeskBench.id("r2"), bench.facts)) == ["intent intent under 3"])
    }

    @Test("S4: what waited to be saved when the lease was lost is refused, and not sent under the next one")
    func unsavedUnderNextLease() {
        for isChecked in [false, true] {
            var bench = DeskBench.ready
            bench.desk.verified = []
            let id = DeskBench.id("r1")
            bench.give(bench.placing("r1", within: 60_000))
            if isChecked { bench.give(.factsRead(id, bench.facts)) }
            bench.give(.leaseLost)
            // Another leads, and finds nothing of it: no record, and no order at the venue.
            let gained = bench.give(.leaseGained(fence: 9))
            #expect(gained.contains("reply r1 lease_lost"), "\(gained)")
            var lines = bench.give(
                .loaded(generation: bench.desk.generation, DeskBench.snapshot))
            lines += bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
            lines += bench.give(.factsRead(id, bench.facts))
            lines += bench.give(
                .recentOrdersAnswered(
                    DeskBench.symbol, generation: bench.desk.generation, []))
            #expect(!lines.contains { $0.hasPrefix("intent") || $0.hasPrefix("send") }, "\(lines)")
            #expect(bench.desk.isReady && bench.desk.orders[id] == nil)
        }
    }

    @Test("S3: while the venue does not list a symbol's orders, a new one waits, and is refused late")
    func unverified() {
        var bench = DeskBench.ready
        bench.desk.verified = []
        let id = DeskBench.id("r1")
        bench.give(bench.placing("r1", within: 1_000))
        bench.give(.factsRead(id, bench.facts))
        let nothing = GatewayEvent.recentOrdersAnswered(
            DeskBench.symbol, generation: bench.desk.generation, nil)
        #expect(bench.give(nothing).isEmpty)
        #expect(bench.wait(.milliseconds(600)) == ["ask recent orders"])
        #expect(bench.give(nothing).isEmpty)
        #expect(bench.wait(.milliseconds(600)) == ["reply r1 deadline_passed", "ask recent orders"])
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("an order the venue no longer knows is over after three late answers")
    func vanished() {
        var bench = DeskBench.ready
        bench.send("r1")
        let id = DeskBench.id("r1")
        bench.give(.sendAnswered(id, .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        bench.give(.orderAnswered(id, askedAt: bench.now, .notFound))
        _ = bench.saveAll()
        #expect(bench.desk.workingOrders.first?.name == .unknown)
        for _ in 0..<3 {
            bench.pass(.seconds(17))
            bench.give(.orderAnswered(id, askedAt: bench.now, .notFound))
        }
        #expect(bench.desk.workingOrders.first?.name == .expired)
    }

    @Test("a command past its deadline is refused, and an intent saved too late is not sent")
    func deadlines() {
        var bench = DeskBench.ready
        #expect(bench.give(bench.placing("r1", within: 0)) == ["reply r1 deadline_passed"])
        bench.give(bench.placing("r2", within: 500))
        bench.pass(.milliseconds(501))
        let late = bench.give(.factsRead(DeskBench.id("r2"), bench.facts))
        #expect(late == ["reply r2 deadline_passed"])
        bench.give(bench.placing("r3", within: 500))
        bench.give(.factsRead(DeskBench.id("r3"), bench.facts))
        bench.pass(.milliseconds(501))
        let saved = bench.give(.intentReplied(DeskBench.id("r3"), .saved))
        #expect(saved == ["save rejected done", "reply r3 deadline_passed"])
        #expect(bench.saveAll().isEmpty)
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("a repeated request is answered and sent once")
    func repeated() {
        var bench = DeskBench.ready
        bench.send("r1")
        #expect(bench.give(bench.placing("r1")).isEmpty)
        let answer = GatewayEvent.sendAnswered(
            DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new)))
        #expect(bench.give(answer) == ["save open", "reply r1 ok", "reply r1 ok"])
        #expect(bench.give(bench.placing("r1")) == ["reply r1 ok"])
    }

    @Test("S2: an unknown outcome is asked for, blocks new risk, and ends by three late answers")
    func unknown() {
        var bench = DeskBench.ready
        bench.send("r1")
        let id = DeskBench.id("r1")
        let lost = bench.give(.sendAnswered(id, .unknown("timeout")))
        #expect(lost == ["ask order", "save unknown"])
        #expect(bench.give(bench.placing("r2")) == ["reply r2 order_unsettled"])
        var lines: [String] = []
        for _ in 0..<40 {
            let askedAt = bench.now
            lines += bench.give(.orderAnswered(id, askedAt: askedAt, .notFound))
            lines += bench.wait(.seconds(1))
            if bench.desk.workingOrders.first?.isFinal == true { break }
        }
        #expect(lines.first == "reply r1 outcome_unknown")
        #expect(bench.desk.workingOrders.first?.name == .rejected)
        #expect(bench.now - Instant(nanoseconds: 1_000_000_000_000) >= .seconds(16))
    }

    @Test("an error is no evidence: an unknown order stays unknown however often it comes")
    func errorsProveNothing() {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(.sendAnswered(DeskBench.id("r1"), .unknown("timeout")))
        for _ in 0..<60 {
            bench.give(.orderAnswered(DeskBench.id("r1"), askedAt: bench.now, .failed))
            _ = bench.wait(.seconds(1))
        }
        #expect(bench.desk.workingOrders.first?.isUnknown == true)
    }

    @Test("P3: without Redis a new order is refused at once, and a cancel goes out")
    func redisAway() {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(
            .sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        bench.give(.redisDown)
        #expect(bench.give(bench.placing("r2")) == ["reply r2 redis_down"])
        let cancel = bench.command("c1", .orderCancel, ["order": "r1"])
        #expect(bench.give(cancel) == ["cancel"])
        let ended = GatewayEvent.cancelAnswered(
            DeskBench.id("r1"), .accepted(DeskBench.order("r1", .canceled)))
        #expect(bench.give(ended) == ["reply c1 ok"])
        #expect(bench.give(.redisUp) == ["load"])
        // What happened meanwhile is saved as soon as Redis was read.
        let loaded = bench.give(
            .loaded(generation: bench.desk.generation, DeskBench.snapshot))
        #expect(loaded == ["save cancelled done", "ask open orders"])
    }

    @Test("an intent whose answer was lost is never sent")
    func intentLost() {
        var bench = DeskBench.ready
        bench.give(bench.placing("r1"))
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        bench.give(.redisDown)
        let lost = bench.give(.intentReplied(DeskBench.id("r1"), .unknown))
        #expect(lost == ["reply r1 redis_down"])
        #expect(bench.give(.intentReplied(DeskBench.id("r1"), .saved)).isEmpty)
    }

    @Test("P2: a newer fence stops sending, and the lease is given up")
    func fenced() {
        var bench = DeskBench.ready
        bench.give(bench.placing("r1"))
        bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        let fenced = bench.give(.intentReplied(DeskBench.id("r1"), .fenced))
        #expect(fenced == ["reply r1 lease_lost", "surrender"])
        #expect(bench.give(bench.placing("r2")) == ["reply r2 lease_lost"])
    }

    @Test("P2: a save that a newer fence refused is made after the next taking over")
    func fencedSave() {
        var bench = DeskBench.ready
        bench.send("r1")
        let rejected = bench.give(.sendAnswered(DeskBench.id("r1"), .rejected(code: -2019, "no")))
        #expect(rejected == ["save rejected done", "reply r1 venue_rejected"])
        guard case .saveOrder(var record, _, _, _)? = bench.actions.first else {
            Issue.record("not saved")
            return
        }
        #expect(bench.saveAll(.fenced) == ["surrender"])
        bench.give(.leaseLost)
        #expect(bench.give(.leaseGained(fence: 9)) == ["load"])
        record.status = "sent"
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record]
        let loaded = bench.give(.loaded(generation: bench.desk.generation, snapshot))
        #expect(loaded.contains("save rejected done"))
        #expect(bench.saveAll().isEmpty)
        #expect(bench.desk.workingOrders.isEmpty)
    }

    @Test("P2: a stranger's trade that a newer fence refused is looked at anew after taking over")
    func fencedStranger() {
        var bench = DeskBench.ready
        var stranger = DeskBench.order("r1", .filled, executed: 1)
        stranger.clientOrderID = "web_1"
        bench.give(DeskBench.traded(stranger, trade: 70, 1))
        guard case .applyShared(let command, _)? = bench.actions.last else {
            Issue.record("not booked")
            return
        }
        #expect(command.parts.map(\.change.account) == [.external])
        #expect(bench.give(.sharedReplied(token: command.token, .fenced)) == ["surrender"])
        bench.give(.leaseLost)
        bench.give(.leaseGained(fence: 9))
        // The other gateway had placed the order: its record is there now.
        let own = DeskBench.order("r1", .filled, executed: 1)
        let intent = OrderIntent(
            clientOrderID: DeskBench.id("r1"), account: DeskBench.account,
            symbol: DeskBench.symbol, side: .buy, type: .limit, timeInForce: .goodTillCancel,
            quantity: .one, price: .whole(100), isReduceOnly: false)
        var record = OrderRecord(
            intent: intent, request: "r1", status: "open", intentMilliseconds: 1,
            stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1))
        record.venueOrderID = own.orderID
        var snapshot = DeskBench.snapshot
        snapshot.openOrders = [record]
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        let booked = bench.actions.compactMap { action -> AccountID? in
            guard case .applyLedger(let command, _) = action else { return nil }
            return command.change.account
        }
        #expect(booked == [DeskBench.account])
    }

    @Test("F3 F1: a fill before the ack is booked, once")
    func fillBeforeAck() {
        var bench = DeskBench.ready
        bench.send("r1")
        let order = DeskBench.order("r1", .partiallyFilled, executed: 1)
        let traded = DeskBench.traded(order, trade: 70, 1)
        #expect(bench.give(traded) == ["ledger demo 70:BUY", "save partially_filled"])
        let saved = bench.actions
        #expect(bench.give(traded).isEmpty)
        bench.actions = saved
        #expect(bench.bookAll() == ["reply r1 ok"])
        #expect(bench.give(traded).isEmpty)
        #expect(bench.desk.ledger.position(DeskBench.account, DeskBench.symbol).quantity == .one)
    }

    @Test("F1: where two of our orders meet, both sides of the one trade are booked, each once")
    func selfTrade() {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.send("r2", .sell)
        let bought = DeskBench.order("r1", .filled, executed: 2)
        var sold = DeskBench.order("r2", .filled, executed: 2, orderID: 10)
        sold.side = .sell
        let lines = [
            bench.give(DeskBench.traded(bought, trade: 70, 2)), bench.bookAll(),
            bench.give(DeskBench.traded(sold, trade: 70, 2)), bench.bookAll(),
        ]
        #expect(lines[0] == ["ledger demo 70:BUY", "save filled"])
        #expect(lines[2] == ["ledger demo 70:SELL", "save filled"])
        let position = bench.desk.ledger.position(DeskBench.account, DeskBench.symbol)
        #expect(position.quantity == .zero)
        #expect(bench.desk.applied[DeskBench.symbol] == [TradeLeg(70, .buy), TradeLeg(70, .sell)])
        bench.give(
            .tradesAnswered(
                DeskBench.symbol, generation: bench.desk.generation,
                Side.allCases.map { (side: Side) -> Fill in
                    var fill = DeskBench.listed(70, orderID: 9, at: bench.wall.milliseconds)
                    fill.side = side
                    return fill
                }))
        #expect(bench.ledgerCall == nil)
    }

    @Test("a market order is answered with its fills")
    func market() {
        var bench = DeskBench.ready
        bench.send("r1")
        let filled = DeskBench.order("r1", .filled, executed: 2)
        #expect(bench.give(.sendAnswered(DeskBench.id("r1"), .accepted(filled))) == ["save filled"])
        #expect(bench.give(DeskBench.traded(filled, trade: 70, 2)) == ["ledger demo 70:BUY"])
        #expect(bench.bookAll() == ["reply r1 ok"])
    }

    @Test("R6: a trade of no order of ours goes to the external book, with an alert")
    func manualTrade() {
        var bench = DeskBench.ready
        var order = DeskBench.order("r1", .filled, executed: 1)
        order.clientOrderID = "web_1"
        let lines = bench.give(DeskBench.traded(order, trade: 71, 1))
        #expect(lines == ["alert external_trade", "shared 71:BUY external 1"])
    }

    @Test("B4f: what the exchange did itself is split over the books that hold the position")
    func exchangeTrade() {
        var bench = DeskBench.ready
        let other = AccountID("other")!
        for (account, quantity) in [(DeskBench.account, Int64(-6)), (other, -2)] {
            let book = Position(
                quantity: .whole(quantity), entryPrice: .whole(100), realised: .zero, fees: .zero,
                version: 1)
            bench.desk.ledger.load(
                account, balance: BookBalance(), positions: [DeskBench.symbol: book])
        }
        bench.desk.instruments[DeskBench.symbol] = bench.facts.instrument
        var order = DeskBench.order("r1", .filled, executed: 4)
        order.clientOrderID = "autoclose-17"
        let lines = bench.give(DeskBench.traded(order, trade: 72, 4))
        #expect(lines == ["alert external_trade", "shared 72:BUY demo 3, other 1"])
        guard case .applyShared(let command, _)? = bench.actions.last else { return }
        bench.give(.sharedReplied(token: command.token, .applied(sequence: 9)))
        let ledger = bench.desk.ledger
        #expect(ledger.position(DeskBench.account, DeskBench.symbol).quantity == .whole(-3))
        #expect(ledger.position(other, DeskBench.symbol).quantity == .whole(-1))
        // Told again it counts no more.
        #expect(bench.give(DeskBench.traded(order, trade: 72, 4)).isEmpty)
    }

    @Test("C4 S8: a fill of an order that left the desk is looked up and goes to its book")
    func lateFill() {
        var bench = DeskBench.ready
        bench.send("r1")
        guard case .send? = bench.actions.first, let life = bench.desk.workingOrders.first else {
            Issue.record("not sent")
            return
        }
        var record = OrderRecord(
            intent: life.intent, request: "r1", status: "cancelled", intentMilliseconds: 1,
            stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1))
        record.venueOrderID = 9
        var other = DeskBench.ready
        let late = DeskBench.traded(DeskBench.order("r1", .filled, executed: 1), trade: 72, 1)
        #expect(other.give(late) == ["read order"])
        let found = other.give(.orderRead(DeskBench.id("r1"), .found(record)))
        #expect(found == ["ledger demo 72:BUY", "save cancelled"])
    }

    @Test("S7: a listed trade waits while an order is unknown that it may belong to")
    func doubtfulTrade() {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(.sendAnswered(DeskBench.id("r1"), .unknown("timeout")))
        bench.give(.streamClosed)
        bench.give(.streamOpened)
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        let asked = bench.give(
            .orderAnswered(DeskBench.id("r1"), askedAt: bench.now, .notFound))
        #expect(asked == ["ask trades from start"])
        let fill = DeskBench.listed(73, orderID: 9, at: bench.wall.milliseconds)
        let listed = bench.give(
            .tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, [fill]))
        #expect(listed == ["ask positions"])
        let order = DeskBench.order("r1", .partiallyFilled, executed: 1)
        let found = bench.give(
            .orderAnswered(DeskBench.id("r1"), askedAt: bench.now, .found(order)))
        #expect(found.contains("ledger demo 73:BUY"))
    }

    @Test("B2g P7: a halt cancels what rests and refuses what comes; it is kept")
    func halt() {
        var bench = DeskBench.ready
        bench.send("r1")
        bench.give(
            .sendAnswered(DeskBench.id("r1"), .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        let halt = bench.command("h1", .stateSet, ["state": "HALTED", "why": "drill"])
        #expect(
            bench.give(halt)
                == ["state HALTED", "cancel", "save pending_cancel", "ask whether any is left"])
        #expect(bench.give(.stateSaved(request: "h1", .saved)).isEmpty)
        bench.give(bench.placing("r2"))
        let refused = bench.give(.factsRead(DeskBench.id("r2"), bench.facts))
        #expect(refused == ["reply r2 venue_halted"])
    }

    @Test("an account is made with its deposit, once")
    func account() {
        var bench = DeskBench.ready
        let create = bench.command(
            "a1", .accountCreate, ["account": "beta", "deposit": "500"])
        #expect(bench.give(create) == ["account beta"])
        let saved = bench.give(.accountSaved(request: "a1", .saved))
        #expect(saved == ["ledger beta deposit:a1"])
        #expect(bench.bookAll() == ["reply a1 ok"])
        #expect(bench.give(create) == ["reply a1 ok"])
        let again = bench.command("a2", .accountCreate, ["account": "beta"])
        #expect(bench.give(again) == ["reply a2 account_exists"])
        #expect(bench.desk.ledger.balance(AccountID("beta")!)?.wallet == .whole(500))
    }

    @Test("T1: without its user stream the desk takes no new risk, and catches up when it is back")
    func streamGone() {
        var bench = DeskBench.ready
        bench.give(.streamClosed)
        #expect(bench.give(bench.placing("r1")) == ["reply r1 not_ready"])
        #expect(bench.give(.streamOpened) == ["ask open orders"])
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        #expect(bench.desk.isReady)
        #expect(bench.give(.user(.streamEnded)) == ["open stream"])
    }

    @Test("C1: -2011 asks, and a cancel of a filled order says so")
    func cancelOfFilled() {
        var bench = DeskBench.ready
        bench.send("r1")
        let id = DeskBench.id("r1")
        bench.give(.sendAnswered(id, .accepted(DeskBench.order("r1", .new))))
        _ = bench.saveAll()
        let cancel = bench.command("c1", .orderCancel, ["order": id.text])
        #expect(bench.give(cancel) == ["cancel", "save pending_cancel"])
        _ = bench.saveAll()
        #expect(bench.give(.cancelAnswered(id, .notFound)) == ["ask order", "save pending_cancel"])
        _ = bench.saveAll()
        let filled = DeskBench.order("r1", .filled, executed: 2)
        #expect(
            bench.give(.orderAnswered(id, askedAt: bench.now, .found(filled))) == ["save filled"])
        _ = bench.saveAll()
        bench.give(DeskBench.traded(filled, trade: 70, 2))
        #expect(bench.bookAll() == ["reply c1 order_final"])
    }

    @Test("reservations: orders on their way use up the margin of the snapshot together")
    func reservation() {
        var bench = DeskBench.ready
        // 1,000 available: 180 × 100 / 20 = 900 and its fee fit once.
        bench.send("r1", .buy, 180)
        bench.give(bench.placing("r2", .buy, 180))
        let second = bench.give(.factsRead(DeskBench.id("r2"), bench.facts))
        #expect(second == ["reply r2 margin_insufficient"])
    }

    @Test("S6: a refusal of the venue is told with its code, and nothing is tried again")
    func refused() {
        var bench = DeskBench.ready
        bench.send("r1")
        let lines = bench.give(
            .sendAnswered(DeskBench.id("r1"), .rejected(code: -2019, "Margin is insufficient.")))
        #expect(lines == ["save rejected done", "reply r1 venue_rejected"])
    }
}

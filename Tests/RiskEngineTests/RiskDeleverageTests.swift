import Bounded
import BusProtocol
import Chronology
import Margin
import RiskEngineService
import Testing
import Trading

/// order-gateway and the exchange: one order a command id, however often it is asked.
private struct ScriptedGateway {
    var orders: [String: Reply] = [:]
    private var trades: Int64 = 0

    /// Fills at the mark; the ledger's entry, where the order is new.
    mutating func place(
        _ id: String, _ body: OrderPlaceBody, _ stage: inout RiskStage, share: Ratio = .one
    ) -> (reply: Reply, entry: LedgerEntry?) {
        if let known = orders[id] { return (known, nil) }
        let executed = body.quantity.scaled(by: share, .down)
        var record = OrderRecord(
            intent: OrderIntent(
                clientOrderID: .derive(
                    account: AccountCode("ALPHA000")!, origin: .risk, intent: id),
                account: body.account, symbol: body.symbol, side: body.side, type: .market,
                timeInForce: .goodTillCancel, quantity: body.quantity, price: nil,
                isReduceOnly: true), request: id, status: share == .one ? "filled" : "expired",
            intentMilliseconds: 0,
            stamp: RecordStamp(sequence: 1, writer: "test", atMilliseconds: 0))
        record.executed = executed
        let reply = Reply.ok(id, Dictionary(record.fields) { _, last in last })
        orders[id] = reply
        let held = stage.books.quantity(body.account, body.symbol)
        let entry = stage.books.fill(
            body.account, body.symbol, held + body.side.signed(executed),
            at: stage.books.entry(body.account, body.symbol))
        return (reply, entry)
    }
}

extension ScriptedBooks {
    fileprivate func quantity(_ account: AccountID, _ symbol: Symbol) -> Quantity {
        positions[account]?[symbol]?.quantity ?? .zero
    }
    fileprivate func entry(_ account: AccountID, _ symbol: Symbol) -> Price {
        positions[account]?[symbol]?.entryPrice ?? .zero
    }
}

@Suite("B5b, B5e: what risk-engine does about it")
struct RiskDeleverageTests {
    private let alpha = account("alpha")

    private func live(breakers: BreakerLimits = BreakerLimits()) -> RiskStage {
        var stage = RiskStage(breakers: breakers)
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        stage.books.brackets[bitcoin] = .conservative
        stage.books.instruments[bitcoin] = Instrument(
            symbol: bitcoin, status: .trading, base: "BTC", quote: "USDT", tick: price("0.1"),
            step: quantity("0.001"), minimumQuantity: quantity("0.001"),
            marketMinimumQuantity: quantity("0.001"), marketMaximumQuantity: quantity("120"))
        stage.setMark(bitcoin, "50000")
        stage.start()
        return stage
    }

    /// Falls into the first tier: 10,000 + 42,190 − 50,000 = 2,190 against 1,984.50.
    private func fallen(_ mark: String = "42190") -> RiskStage {
        var stage = live()
        stage.pass(.seconds(2))
        stage.forget()
        stage.tick(bitcoin, mark)
        return stage
    }

    private func decisions(_ stage: RiskStage) -> [DecisionEntry] {
        stage.seen.flatMap { action -> [DecisionEntry] in
            if case .saveTier(_, let decisions, _, _) = action { decisions } else { [] }
        }
    }

    @Test("a tier closes its share by a reduce-only order of risk's, journalled with its numbers")
    func firstStep() throws {
        let stage = fallen()
        let command = try #require(stage.commands.first)
        let body = try OrderPlaceBody(command.body)
        #expect(stage.commands.count == 1)
        #expect(command.kind == .orderPlace)
        #expect(body.quantity == quantity("0.3"))
        #expect(body.side == .sell && body.isReduceOnly && body.origin == .risk)
        #expect(body.type == .market && body.account == alpha && body.symbol == bitcoin)
        #expect(Command.isIdentifier(command.id))
        let entry = try #require(decisions(stage).last)
        #expect(decisions(stage).map(\.kind) == [.tier, .deleverage])
        #expect(entry.command == command.id)
        #expect(entry.equity == money("2190"))
        #expect(entry.maintenance == money("1984.5"))
        #expect(entry.step?.held == quantity("1"))
        #expect(entry.ledgerSequence == 2)
        // The tick that led to it: its price, and when the venue made it.
        #expect(entry.marks.hasPrefix("BTCUSDT=42190@1"), "\(entry.marks)")
        // What was decided is saved before it is sent.
        let saved = stage.seen.firstIndex { action in
            if case .saveTier(let record, _, _, _) = action { record.phase == .saving } else { false }
        }
        let sent = stage.seen.firstIndex {
            if case .command = $0 { true } else { false }
        }
        let (first, second) = (try #require(saved), try #require(sent))
        #expect(first < second)
    }

    @Test("the next step waits for the answer and for its trades in the books")
    func nextStep() throws {
        var stage = fallen("42000")
        var gateway = ScriptedGateway()
        let command = try #require(stage.commands.first)
        #expect(try OrderPlaceBody(command.body).quantity == quantity("1"))
        let (reply, entry) = gateway.place(
            command.id, try OrderPlaceBody(command.body), &stage,
            share: Ratio(units: 400_000_000_000))
        stage.forget()
        stage.send(.replied(reply))
        #expect(stage.commands.isEmpty)
        stage.send(.ledgerReceived(try #require(entry)))
        let next = try #require(stage.commands.first)
        #expect(next.id != command.id)
        #expect(try OrderPlaceBody(next.body).quantity == quantity("0.6"))
        #expect(decisions(stage).map(\.kind).contains(.outcome))
    }

    @Test("S2: without an answer the same command is sent again, and none but it")
    func silence() {
        var stage = fallen()
        for step in 0..<10 {
            stage.pass(.seconds(2))
            stage.tick(bitcoin, "\(42_100 - step)")
        }
        #expect(stage.commands.count >= 3)
        #expect(Set(stage.commands.map(\.id)).count == 1)
        #expect(Set(stage.commands.map(\.body)).count == 1)
    }

    @Test("R7: a refused close is not repeated at once, and is told when nothing else can be closed")
    func refused() throws {
        var stage = fallen()
        let id = try #require(stage.commands.first).id
        stage.forget()
        stage.send(.replied(.refused(id, "venue_rejected", "-2022 ReduceOnly Order is rejected.")))
        stage.pass(.seconds(2))
        stage.tick(bitcoin, "42189")
        #expect(stage.commands.isEmpty)
        #expect(stage.alerts.map(\.code) == ["deleverage_stuck"])
        for _ in 0..<2 {
            stage.pass(.seconds(2))
            stage.tick(bitcoin, "42188")
        }
        #expect(stage.commands.count == 1)
        #expect(stage.commands.first?.id != id)
    }

    @Test(
        "a refusal that passes by itself is no refusal: the step is sent again",
        arguments: [
            "not_ready", "lease_lost", "redis_down", "deadline_passed", "outcome_unknown",
            "order_unsettled",
        ])
    func transient(code: String) throws {
        var stage = fallen()
        let id = try #require(stage.commands.first).id
        stage.send(.replied(.refused(id, code, "later")))
        stage.forget()
        stage.pass(.seconds(7))
        #expect(stage.commands.map(\.id) == [id])
    }

    @Test("restart in the middle: the saved step is sent again under its id, before anything else")
    func restart() throws {
        var stage = fallen()
        let command = try #require(stage.commands.first)
        var again = RiskStage()
        again.books = stage.books
        again.now = stage.now + .seconds(2)
        again.wall = stage.wall + .seconds(2)
        again.setMark(bitcoin, "41950")
        again.start()
        #expect(again.commands.map(\.id) == [command.id])
        #expect(again.commands.first?.body == command.body)
        var gateway = ScriptedGateway()
        let (reply, _) = gateway.place(command.id, try OrderPlaceBody(command.body), &stage)
        again.books = stage.books
        again.send(.replied(reply))
        // The 30 % that were closed are enough: nothing more is.
        again.pass(.seconds(3))
        #expect(again.commands.count == 1)
        #expect(again.snapshots.last?.positions.first?.quantity == quantity("0.7"))
        #expect(again.snapshots.last?.tier == 0)
    }

    @Test("two engines: without the lease nothing is decided, a newer fence ends it")
    func lease() throws {
        var stage = RiskStage()
        stage.books = live().books
        stage.setMark(bitcoin, "42000")
        stage.send(.ledgerSubscribed)
        stage.send(.redisUp)
        let reading = stage.desk.reading(of: alpha, now: stage.now, wall: stage.wall)
        #expect(stage.snapshots.isEmpty && reading?.snapshot?.tier == 3)
        #expect(stage.commands.isEmpty)
        stage.send(.leaseGained(fence: 9))
        #expect(stage.commands.count == 1)
        stage.send(.tierSaved(alpha, token: 1, .fenced))
        stage.forget()
        stage.pass(.seconds(20))
        #expect(stage.commands.isEmpty)
    }

    @Test("price gone, or brackets not known: nothing is decided")
    func blind() {
        var stage = RiskStage()
        stage.books = live().books
        stage.setMark(bitcoin, "40000")
        stage.wall = stage.wall + .seconds(11)
        stage.start()
        stage.pass(.seconds(30))
        #expect(stage.snapshots.last?.marginRatio == .one)
        #expect(stage.commands.isEmpty)
        var unknown = RiskStage()
        unknown.books = live().books
        unknown.books.brackets = [:]
        unknown.setMark(bitcoin, "42000")
        unknown.start()
        #expect(unknown.snapshots.last?.tier == 3)
        #expect(unknown.commands.isEmpty)
    }

    @Test("B5e: a day's loss asks once for REDUCING, never for less, and until it is confirmed")
    func dailyLoss() throws {
        var stage = live(breakers: BreakerLimits(dailyLoss: Ratio(units: 200_000_000_000)))
        stage.pass(.seconds(2))
        stage.forget()
        stage.tick(bitcoin, "48000")
        let command = try #require(stage.commands.first)
        let body = try StateSetBody(command.body)
        #expect(command.kind == .stateSet)
        #expect(body.state == .reducing && body.account == alpha && body.isTightening)
        #expect(stage.alerts.map(\.code) == ["breaker"])
        for _ in 0..<5 {
            stage.pass(.seconds(2))
            stage.tick(bitcoin, "47900")
        }
        #expect(Set(stage.commands.map(\.id)) == [command.id])
        #expect(stage.commands.count >= 2)
        stage.send(.replied(.ok(command.id)))
        stage.forget()
        stage.pass(.seconds(8))
        #expect(stage.commands.isEmpty)
    }

    @Test("R10: a restart neither forgets a day's loss nor asks for it again once it is confirmed")
    func breakerSurvives() throws {
        let limits = BreakerLimits(dailyLoss: Ratio(units: 200_000_000_000))
        var stage = live(breakers: limits)
        stage.pass(.seconds(2))
        stage.tick(bitcoin, "48500")
        #expect(stage.commands.isEmpty)
        var again = RiskStage(breakers: limits)
        again.books = stage.books
        again.now = stage.now
        again.wall = stage.wall
        again.setMark(bitcoin, "48000")
        again.start()
        let command = try #require(again.commands.first)
        again.send(.replied(.ok(command.id)))
        var third = RiskStage(breakers: limits)
        third.books = again.books
        third.now = again.now
        third.wall = again.wall
        third.setMark(bitcoin, "47000")
        third.start()
        third.pass(.seconds(5))
        #expect(third.commands.isEmpty)
    }

    @Test("B5e: rejects within a minute set the account to REDUCING")
    func rejects() throws {
        var stage = live(breakers: BreakerLimits(rejectsPerMinute: 3))
        for _ in 0..<3 {
            stage.send(.orderRejected(alpha))
            stage.pass(.seconds(1))
        }
        #expect(stage.commands.count == 1)
        #expect(stage.commands.first?.id.hasPrefix("brk:alpha:reject-rate:") == true)
    }

    @Test("a tier record reads back as it was written")
    func record() throws {
        let stage = fallen()
        let record = try #require(stage.books.tierRecords[alpha])
        let fields = Dictionary(record.fields) { _, last in last }
        #expect(try TierRecord(fields: fields) == record)
        #expect(record.step != nil)
    }
}

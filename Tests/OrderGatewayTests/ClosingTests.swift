import Algorithms
import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Closing orders beside what the exchange holds (B4c, B7c).
@Suite struct ClosingTests {
    private static let other = AccountID("other")!

    /// A desk that leads; `demo` and `other` hold these, the exchange that.
    func bench(_ own: Int64, _ other: Int64 = 0, exchange: Int64?) -> DeskBench {
        var bench = DeskBench()
        var snapshot = DeskBench.snapshot
        snapshot.instruments = [bench.facts.instrument].compactMap { $0 }
        for (account, quantity) in [(DeskBench.account, own), (ClosingTests.other, other)] {
            snapshot.positions[account] = [DeskBench.symbol: position(quantity, version: 1)]
            snapshot.balances[account] = BookBalance()
        }
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, []))
        bench.desk.verified = [DeskBench.symbol]
        #expect(bench.desk.isReady)
        list(&bench, exchange)
        return bench
    }

    func position(_ quantity: Int64, version: Int64) -> Position {
        Position(
            quantity: .whole(quantity), entryPrice: .whole(quantity == 0 ? 0 : 90),
            realised: .zero, fees: .zero, version: version)
    }

    @discardableResult
    func list(_ bench: inout DeskBench, _ net: Int64?) -> [String] {
        bench.give(
            .positionsAnswered(
                askedAt: bench.now, net.map { [DeskBench.symbol: .whole($0)] }))
    }

    /// Closes so much of `demo`, up to where the order would leave.
    @discardableResult
    func close(
        _ bench: inout DeskBench, _ request: String, _ quantity: Int64, _ side: Side = .sell
    ) -> [String] {
        bench.give(
            bench.placing(
                request, side, quantity, price: nil, isReduceOnly: true, within: 10_000))
        let checked = bench.give(.factsRead(DeskBench.id(request), bench.facts))
        guard checked == ["intent intent under 3"] else { return checked }
        return bench.give(.intentReplied(DeskBench.id(request), .saved))
    }

    /// Lets the questions about a difference be asked and answered until something comes of it.
    func settle(
        _ bench: inout DeskBench, exchange: Int64?, books: Int64? = nil, tellsTrades: Bool = true,
        facts: (DeskBench) -> MarketFacts? = { $0.facts }
    ) -> [String] {
        var lines: [String] = []
        for _ in 0..<200
        where !lines.contains(where: { $0.hasPrefix("send") || $0.hasPrefix("reply r1") }) {
            var due = bench.wait(.milliseconds(25))
            var asked = bench.actions
            while !asked.isEmpty {
                switch asked.removeFirst() {
                case .queryPositions: due += list(&bench, exchange)
                case .queryTrades(let symbol, _, let generation):
                    guard tellsTrades else { continue }
                    due += bench.give(.tradesAnswered(symbol, generation: generation, []))
                case .saveOrder(let record, _, _, let token):
                    due += bench.give(
                        .orderSaved(record.intent.clientOrderID, token: token, .saved))
                case .applyLedger(let command, _):
                    due += bench.give(
                        .ledgerReplied(token: command.token, .applied(sequence: 1)))
                case .readFacts(let id, _, _): due += bench.give(.factsRead(id, facts(bench)))
                case .readBooks(let symbol, _):
                    let found = books.map { [DeskBench.account: position($0, version: 9)] } ?? [:]
                    due += bench.give(.booksRead(symbol, askedAt: bench.now, found))
                case _: continue
                }
                asked += bench.actions
            }
            lines += due
        }
        return lines
    }

    @Test("B4c: books and exchange agree: it goes at once, with the flag where it reduces the net")
    func agreeing() {
        var alone = bench(5, exchange: 5)
        #expect(close(&alone, "r1", 5) == ["send SELL 5 reducing"])
        // Opposite books: the exchange is rightly flat, and turns round.
        var opposite = bench(5, -5, exchange: 0)
        #expect(close(&opposite, "r1", 5) == ["send SELL 5"])
        var larger = bench(5, -3, exchange: 2)
        #expect(close(&larger, "r1", 5) == ["send SELL 5"])
        #expect(close(&larger, "r2", 1) == ["reply r2 reduce_only_would_increase"])
        var shorter = bench(-5, 8, exchange: 3)
        #expect(close(&shorter, "r1", 2, .buy) == ["send BUY 2"])
    }

    @Test("B4c: what is on its way counts: the flag is left out where the net may be gone by then")
    func inFlight() {
        var bench = bench(5, -2, exchange: 3)
        #expect(close(&bench, "r1", 2) == ["send SELL 2 reducing"])
        #expect(close(&bench, "r2", 2) == ["send SELL 2"])
    }

    @Test("B4c B7c: the exchange is flat: proven by two lists and the books, then booked at mark")
    func flat() {
        var bench = bench(5, exchange: 0)
        #expect(close(&bench, "r1", 5) == [])
        let lines = settle(&bench, exchange: 0)
        #expect(lines.filter { $0 == "ask positions" }.count >= 2)
        #expect(lines.contains("read books") && lines.contains("ask trades from start"))
        #expect(lines.contains("alert close_unbacked"))
        #expect(lines.contains("ledger demo close:\(DeskBench.id("r1").text)"))
        #expect(lines.contains("save cancelled done") && lines.last == "reply r1 ok")
        #expect(!lines.contains { $0.hasPrefix("send") })
    }

    @Test("B4c: partly backed: what the exchange holds is sent, the rest is booked")
    func partly() {
        var bench = bench(5, exchange: 2)
        close(&bench, "r1", 5)
        let lines = settle(&bench, exchange: 2)
        #expect(lines.last == "send SELL 2 reducing")
        #expect(lines.contains("ledger demo close:\(DeskBench.id("r1").text)"))
        #expect(bench.desk.booksNet(DeskBench.symbol) == .whole(2))
        #expect(bench.desk.workingOrders.first?.intent.quantity == .whole(2))
    }

    @Test("B4c: while trades are still asked for nothing is proven, and nothing is booked")
    func tradesOut() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        let lines = settle(&bench, exchange: 0, tellsTrades: false)
        #expect(lines.contains("ask trades from start"))
        #expect(!lines.contains("alert close_unbacked"))
        #expect(lines.last == "reply r1 order_unsettled")
    }

    /// The ledger's call for what is booked of a close; everything before it is answered.
    func booking(
        _ bench: inout DeskBench, exchange: Int64,
        facts: (DeskBench) -> MarketFacts = { $0.facts }
    ) -> LedgerCommand? {
        for _ in 0..<200 {
            bench.pass(.milliseconds(25))
            bench.give(.woke)
            var asked = bench.actions
            while !asked.isEmpty {
                switch asked.removeFirst() {
                case .queryPositions: list(&bench, exchange)
                case .queryTrades(let symbol, _, let generation):
                    bench.give(.tradesAnswered(symbol, generation: generation, []))
                case .readFacts(let id, _, _): bench.give(.factsRead(id, facts(bench)))
                case .readBooks(let symbol, _):
                    bench.give(.booksRead(symbol, askedAt: bench.now, [:]))
                case .applyLedger(let command, _): return command
                case .saveOrder(let record, _, _, _):
                    // The ledger alone says so.
                    #expect(record.bookedAtMark == nil)
                    continue
                case _: continue
                }
                asked += bench.actions
            }
        }
        return nil
    }

    @Test("B4c: what is booked comes onto the order's record in the step that books it")
    func oneStep() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        guard let command = booking(&bench, exchange: 0), let part = command.order,
            let order = bench.desk.orders[DeskBench.id("r1")]
        else {
            Issue.record("nothing was booked")
            return
        }
        let booked = BookedAtMark(quantity: .whole(5), value: .whole(500))
        #expect(part.id == DeskBench.id("r1") && part.after.bookedAtMark == booked)
        #expect(part.before.bookedAtMark == nil && command.position?.quantity == .zero)
        // Killed before it: the record knows nothing of it. Killed after it: it counts as closed.
        var record = order.record(writer: "test", wall: bench.wall)
        #expect(record.bookedAtMark == nil)
        record.bookedAtMark = part.after.bookedAtMark
        guard let read = try? OrderRecord(fields: Dictionary(record.fields) { $1 }) else {
            Issue.record("the record is not readable")
            return
        }
        let report = bench.desk.childReport(1, WorkingOrder(restoring: read, now: bench.now))
        #expect(report.executed == .whole(5) && report.notional == .whole(500))
        #expect(bench.desk.overReport(1, nil, read).executed == .whole(5))
    }

    @Test("B4c: the book has changed before the ledger books: nothing is booked, and all is planned anew")
    func changedMeanwhile() {
        for (asked, exchange, left, end) in [
            // Of 5 the exchange holds 2; meanwhile somebody books the other 3 away.
            (5, 2, 2, "reply r1 reduce_only_would_increase"),
            // Of 5 the exchange holds 4, and 1 of a close of 3 is to be booked; it is gone already.
            (3, 4, 4, "send SELL 3 reducing"),
        ] as [(Int64, Int64, Int64, String)] {
            var bench = bench(5, exchange: exchange)
            close(&bench, "r1", asked)
            guard let command = booking(&bench, exchange: exchange) else {
                Issue.record("nothing was booked")
                continue
            }
            let found = LedgerSnapshot(
                position: position(left, version: 9), balance: BookBalance(), order: nil)
            var lines = bench.give(.ledgerReplied(token: command.token, .conflict(found)))
            if !lines.contains(where: { $0.hasPrefix("send") }) { lines += bench.saveAll() }
            #expect(lines.contains(end), "\(asked): \(lines)")
            #expect(!lines.contains { $0.hasPrefix("ledger") || $0 == "alert close_unbacked" })
        }
    }

    @Test("B4c B7c: Redis goes away amid the booking: its answer is waited for, and the rest not sent")
    func bookedAway() {
        for isKept in [true, false] {
            var bench = bench(5, exchange: 2)
            close(&bench, "r1", 5)
            guard let command = booking(&bench, exchange: 2), let part = command.order else {
                Issue.record("nothing was booked")
                continue
            }
            bench.give(.redisDown)
            bench.pass(.seconds(20))
            #expect(bench.give(.woke).allSatisfy { !$0.hasPrefix("send") && !$0.hasPrefix("save") })
            #expect(bench.desk.orders[DeskBench.id("r1")]?.life.isFinal == false)
            bench.give(.redisUp)
            var snapshot = DeskBench.snapshot
            snapshot.positions[DeskBench.account] = [
                DeskBench.symbol: isKept
                    ? command.position ?? Position() : position(5, version: 1)
            ]
            snapshot.balances[DeskBench.account] = isKept ? command.balance : BookBalance()
            guard let order = bench.desk.orders[DeskBench.id("r1")] else { continue }
            var record = order.record(writer: "test", wall: bench.wall)
            if isKept { record.bookedAtMark = part.after.bookedAtMark }
            snapshot.openOrders = [record]
            bench.give(.loaded(generation: bench.desk.generation, snapshot))
            guard let again = bench.ledgerCall else {
                Issue.record("the booking is not asked for again")
                continue
            }
            // Its mark is of 20 s ago: it is asked about, and not booked by that.
            #expect(again.change.identity == command.change.identity)
            #expect(again.positionBefore == -1)
            let standing = LedgerSnapshot(
                position: isKept ? command.position : position(5, version: 1),
                balance: isKept ? command.balance : BookBalance(),
                order: isKept ? part.after : OrderTotals())
            let reply: LedgerReply = isKept ? .duplicate(standing) : .conflict(standing)
            let lines = bench.give(.ledgerReplied(token: again.token, reply))
            #expect(!lines.contains { $0.hasPrefix("send") || $0.hasPrefix("ledger") }, "\(lines)")
            let ended = bench.desk.orders[DeskBench.id("r1")]
            #expect(ended?.life.isFinal == true)
            let booked = ended?.totals.bookedAtMark?.quantity
            #expect(booked == (isKept ? .whole(3) : nil), "kept: \(isKept)")
        }
    }

    @Test("B4c: an order that would rest is not booked at a mark that does not meet its price")
    func unmet() {
        for (price, isMet) in [(101, false), (100, true)] as [(Int64, Bool)] {
            var bench = bench(5, exchange: 0)
            bench.give(
                bench.placing("r1", .sell, 5, price: price, isReduceOnly: true, within: 10_000))
            bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
            bench.give(.intentReplied(DeskBench.id("r1"), .saved))
            let lines = settle(&bench, exchange: 0)
            #expect(lines.contains("alert close_unbacked") == isMet, "at \(price)")
            #expect(lines.last == (isMet ? "reply r1 ok" : "reply r1 reduce_only_rejected"))
        }
    }

    @Test("B4c: a close that is planned anew books its further part under a name of its own")
    func bookedTwice() {
        var bench = bench(5, exchange: 3)
        close(&bench, "r1", 5)
        let first = settle(&bench, exchange: 3)
        #expect(first.last == "send SELL 3 reducing")
        #expect(first.contains("ledger demo close:\(DeskBench.id("r1").text)"))
        bench.give(
            .sendAnswered(
                DeskBench.id("r1"), .rejected(code: -2022, "ReduceOnly Order is rejected.")))
        list(&bench, 0)
        let second = settle(&bench, exchange: 0)
        #expect(second.contains("ledger demo close:\(DeskBench.id("r1").text):1"), "\(second)")
        #expect(second.last == "reply r1 ok")
    }

    @Test("B4c: half of a trade told is no difference: the close waits for the other half")
    func halfTold() {
        var bench = bench(5, exchange: 5)
        bench.give(DeskBench.holding(4))
        #expect(close(&bench, "r1", 2) == [])
        #expect(bench.wait(.milliseconds(25)).isEmpty)
        bench.give(DeskBench.holding(5))
        #expect(bench.wait(.milliseconds(25)) == ["send SELL 2 reducing"])
    }

    @Test("B4c: what position-sync did to the books is read, and explains the difference")
    func staleBooks() {
        var bench = bench(5, exchange: 3)
        close(&bench, "r1", 2)
        let lines = settle(&bench, exchange: 3, books: 3)
        #expect(lines.last == "send SELL 2 reducing" && !lines.contains("alert close_unbacked"))
    }

    @Test("R4: an error is no evidence of being flat: with the flag it goes, and nothing is booked")
    func unknown() {
        var bench = bench(5, exchange: nil)
        #expect(close(&bench, "r1", 5) == ["ask positions"])
        let lines = settle(&bench, exchange: nil)
        #expect(lines.last == "send SELL 5 reducing")
        #expect(!lines.contains { $0.hasPrefix("ledger") || $0.hasPrefix("alert") })
        // Where the flag cannot be set, nothing is sent either.
        var opposite = ClosingTests().bench(5, -5, exchange: nil)
        close(&opposite, "r1", 5)
        let refused = settle(&opposite, exchange: nil)
        #expect(refused.last == "reply r1 order_unsettled")
    }

    @Test("S2: while an order's outcome is not known nothing is proven, and nothing is booked")
    func doubtful() {
        var bench = bench(5, exchange: 5)
        bench.send("r0", .sell, 1)
        bench.give(.sendAnswered(DeskBench.id("r0"), .unknown("silence")))
        bench.give(DeskBench.holding(3))
        close(&bench, "r1", 2)
        let lines = settle(&bench, exchange: 3)
        #expect(!lines.contains("alert close_unbacked"))
        #expect(lines.last == "send SELL 2 reducing")
    }

    @Test("R7: the venue refuses the flag: it is planned anew by what the venue says, three times at most")
    func refused() {
        var bench = bench(5, -2, exchange: 3)
        #expect(close(&bench, "r1", 3) == ["send SELL 3 reducing"])
        let refusal = GatewayEvent.sendAnswered(
            DeskBench.id("r1"), .rejected(code: -2022, "ReduceOnly Order is rejected."))
        #expect(bench.give(refusal) == ["ask positions"])
        // Somebody's order was quicker: the exchange holds less now, and so do the books.
        bench.desk.ledger.refresh(
            DeskBench.symbol, [ClosingTests.other: position(-4, version: 7)])
        bench.pass(.milliseconds(30))
        #expect(list(&bench, 1) == ["send SELL 3"])
        for _ in 0..<2 {
            bench.give(refusal)
            bench.pass(.milliseconds(30))
            list(&bench, 1)
        }
        #expect(bench.desk.workingOrders.first?.name == .rejected)
    }

    @Test("B7c: the venue refuses a close of what it does not hold: it is booked at mark")
    func refusedFlat() {
        var bench = bench(5, exchange: 5)
        #expect(close(&bench, "r1", 5) == ["send SELL 5 reducing"])
        bench.give(
            .sendAnswered(
                DeskBench.id("r1"), .rejected(code: -2022, "ReduceOnly Order is rejected.")))
        list(&bench, 0)
        let lines = settle(&bench, exchange: 0)
        #expect(lines.contains("alert close_unbacked") && lines.last == "reply r1 ok")
    }

    @Test("a close that waits is cancelled, halted or too late without leaving")
    func given() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        let cancel = OrderCancelBody(order: DeskBench.id("r1").text).body
        bench.give(bench.command("c1", .orderCancel, cancel, within: 10_000))
        let lines = settle(&bench, exchange: 0)
        #expect(lines.contains("reply r1 cancelled_before_sending"))
        #expect(!lines.contains { $0.hasPrefix("send") || $0.hasPrefix("ledger") })
    }
}

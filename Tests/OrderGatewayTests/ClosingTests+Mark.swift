import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// The mark that a close is booked at (B4c): read anew just before, and never an old one.
extension ClosingTests {
    /// What Redis says of the price, at a mark and an age.
    private func facts(_ bench: DeskBench, mark: Int64, age: Interval = .zero) -> MarketFacts {
        var facts = bench.facts
        facts.price = PriceFacts(
            bid: .whole(mark - 1), ask: .whole(mark + 1), mark: .whole(mark),
            at: WallTime(milliseconds: bench.wall.milliseconds - age.milliseconds))
        return facts
    }

    private var order: ClientOrderID { DeskBench.id("r1") }

    private func price(_ command: LedgerCommand?) -> Price? {
        guard case .adjustment(_, let price, _)? = command?.change.subject else { return nil }
        return price
    }

    @Test("B4c: it is booked at the mark of now, not at that of when the close was asked for")
    func newestMark() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        let lines = settle(&bench, exchange: 0, facts: { facts($0, mark: 80) })
        #expect(lines.last == "reply r1 ok" && lines.contains("facts"), "\(lines)")
        // Five bought at 90.
        #expect(bench.desk.ledger.balance(DeskBench.account)?.realised == .whole(-50))
    }

    @Test("B4c: with no fresh mark nothing is booked; what the exchange holds is closed all the same")
    func noMark() {
        let stale: (DeskBench) -> MarketFacts? = { self.facts($0, mark: 80, age: .seconds(4)) }
        for answer in [stale, { _ in nil }] {
            var flat = bench(5, exchange: 0)
            close(&flat, "r1", 5)
            let refused = settle(&flat, exchange: 0, facts: answer)
            #expect(refused.last == "reply r1 price_unknown", "\(refused)")
            #expect(refused.filter { $0 == "facts" }.count > 2, "it is asked for again")
            #expect(!refused.contains { $0.hasPrefix("ledger") || $0.hasPrefix("send") })
            var partly = bench(5, exchange: 2)
            close(&partly, "r1", 5)
            let sent = settle(&partly, exchange: 2, facts: answer)
            #expect(sent.last == "send SELL 2 reducing", "\(sent)")
            #expect(!sent.contains { $0.hasPrefix("ledger") })
        }
    }

    @Test("B4c: a mark that comes fresh after stale ones is booked at")
    func freshAtLast() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        let start = bench.now
        let lines = settle(
            &bench, exchange: 0,
            facts: {
                let isFresh = $0.now - start > .seconds(2)
                return facts($0, mark: 70, age: isFresh ? .seconds(1) : .seconds(9))
            })
        #expect(lines.last == "reply r1 ok", "\(lines)")
        #expect(bench.desk.ledger.balance(DeskBench.account)?.realised == .whole(-100))
    }

    @Test("B4c: a mark whose answer took too long is of before, and is asked for again")
    func slowMark() {
        var bench = bench(5, exchange: 0)
        close(&bench, "r1", 5)
        let start = bench.now
        let lines = settle(
            &bench, exchange: 0,
            facts: {
                // The answers come 600 ms after their questions for a while, then at once.
                var answer = facts($0, mark: 80)
                if $0.now - start < .milliseconds(1_500) {
                    answer = facts($0, mark: 60)
                    answer.readAt = $0.now - .milliseconds(600)
                }
                return answer
            })
        #expect(lines.last == "reply r1 ok", "\(lines)")
        #expect(lines.filter { $0 == "facts" }.count > 1)
        #expect(bench.desk.ledger.balance(DeskBench.account)?.realised == .whole(-50))
    }

    @Test("B4c: how old a mark is counts from the question: kept for later, it is read anew after 100 ms")
    func keptMark() {
        for (age, isKept) in [(Int64(40), true), (150, false)] {
            var bench = bench(5, exchange: 0)
            close(&bench, "r1", 3)
            let command = booking(
                &bench, exchange: 0,
                facts: {
                    var answer = facts($0, mark: 80)
                    answer.readAt = $0.now - .milliseconds(age)
                    return answer
                })
            #expect(price(command) == .whole(80), "it is used when it comes")
            bench.pass(.milliseconds(10))
            // Somebody has changed the book and changed it back: the same is planned anew.
            let found = LedgerSnapshot(
                position: position(5, version: 9), balance: BookBalance(), order: nil)
            let lines = bench.give(.ledgerReplied(token: command?.token ?? 0, .conflict(found)))
            #expect(lines.contains("facts") != isKept, "\(age) ms: \(lines)")
            #expect((price(bench.ledgerCall) == .whole(80)) == isKept, "\(age) ms")
        }
    }

    @Test("P3: a booking whose answer is lost is asked about, and made anew at the mark of then")
    func lostAnswer() {
        for reply in [LedgerReply.unknown, .refused, .wrong("a key holds a list")] {
            var bench = bench(5, exchange: 0)
            close(&bench, "r1", 5)
            guard let first = booking(&bench, exchange: 0) else {
                Issue.record("nothing was booked")
                continue
            }
            #expect(price(first) == .whole(100) && first.positionBefore == 1)
            bench.give(.ledgerReplied(token: first.token, reply))
            var lines: [String] = []
            for _ in 0..<40 where bench.ledgerCall == nil { lines += bench.wait(.milliseconds(250)) }
            let asking = bench.ledgerCall
            #expect(asking?.positionBefore == -1 && asking?.change.identity == first.change.identity)
            // It is not in the ledger: the book is as it was.
            let standing = LedgerSnapshot(
                position: position(5, version: 1), balance: BookBalance(), order: OrderTotals())
            lines += bench.give(.ledgerReplied(token: asking?.token ?? 0, .conflict(standing)))
            #expect(lines.contains("facts") && bench.ledgerCall == nil, "\(lines)")
            bench.give(.factsRead(order, facts(bench, mark: 60)))
            #expect(price(bench.ledgerCall) == .whole(60))
            #expect(bench.ledgerCall?.change.identity == "\(first.change.identity):1")
        }
    }

    @Test("P3: a booking that comes late, after it was asked about, counts once")
    func lateBooking() {
        var bench = bench(5, exchange: 2)
        close(&bench, "r1", 5)
        guard let first = booking(&bench, exchange: 2), let part = first.order else {
            Issue.record("nothing was booked")
            return
        }
        bench.give(.ledgerReplied(token: first.token, .unknown))
        _ = bench.wait(.milliseconds(250))
        let asking = bench.ledgerCall
        let before = LedgerSnapshot(
            position: position(5, version: 1), balance: BookBalance(), order: OrderTotals())
        bench.give(.ledgerReplied(token: asking?.token ?? 0, .conflict(before)))
        bench.give(.factsRead(order, facts(bench, mark: 60)))
        // Now it has arrived: the book has changed since the second was planned.
        guard let second = bench.ledgerCall else {
            Issue.record("it is not booked anew")
            return
        }
        let after = LedgerSnapshot(
            position: first.position, balance: first.balance, order: part.after)
        let lines = bench.give(.ledgerReplied(token: second.token, .conflict(after)))
        #expect(lines.contains("alert close_unbacked") && lines.contains("send SELL 2 reducing"))
        #expect(!lines.contains { $0.hasPrefix("ledger") }, "\(lines)")
        #expect(bench.desk.orders[order]?.totals.bookedAtMark?.quantity == .whole(3))
    }
}

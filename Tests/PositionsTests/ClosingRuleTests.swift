import Bounded
import Positions
import Testing
import Trading

private func q(_ text: String) -> Quantity { Quantity(text: text)! }

@Suite("B4c: the closing rule")
struct ClosingRuleTests {
    /// One line of the table: who holds what, what is to be closed, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let exchange: String
        let others: String
        let book: String
        let order: String
        let sent: String
        let booked: String
        let isReduceOnly: Bool
        var testDescription: String { name }

        init(
            _ name: String, exchange: String, others: String = "0", book: String, order: String,
            sent: String, booked: String, _ isReduceOnly: Bool
        ) {
            self.name = name
            self.exchange = exchange
            self.others = others
            self.book = book
            self.order = order
            self.sent = sent
            self.booked = booked
            self.isReduceOnly = isReduceOnly
        }
    }

    static let table = [
        Case(
            "one book, backed", exchange: "5", book: "5", order: "-5", sent: "-5", booked: "0", true),
        Case(
            "one short book", exchange: "-5", book: "-5", order: "2", sent: "2", booked: "0", true),
        Case(
            "one book, exchange flat", exchange: "0", book: "5", order: "-5", sent: "0",
            booked: "-5", false),
        Case(
            "one book, exchange on the other side", exchange: "-3", book: "5", order: "-5",
            sent: "0", booked: "-5", false),
        Case(
            "one book, partly backed", exchange: "2", book: "5", order: "-5", sent: "-2",
            booked: "-3", true),
        Case(
            "one book, partly backed, part closed first", exchange: "2", book: "5", order: "-2",
            sent: "0", booked: "-2", false),
        Case(
            "opposite books, exchange rightly flat", exchange: "0", others: "-5", book: "5",
            order: "-5", sent: "-5", booked: "0", false),
        Case(
            "opposite books, the larger closes", exchange: "3", others: "-5", book: "8",
            order: "-8", sent: "-8", booked: "0", false),
        Case(
            "opposite books, the smaller closes", exchange: "3", others: "8", book: "-5",
            order: "5", sent: "5", booked: "0", false),
        Case(
            "opposite books, the exchange lost the net", exchange: "0", others: "-5", book: "8",
            order: "-8", sent: "-5", booked: "-3", false),
        Case(
            "two books on one side, one backed", exchange: "4", others: "4", book: "4",
            order: "-4", sent: "0", booked: "-4", false),
        Case(
            "the exchange holds more than all books", exchange: "9", book: "5", order: "-5",
            sent: "-5", booked: "0", true),
    ]

    @Test("each case of the table is divided as it says", arguments: table)
    func cases(_ one: Case) throws {
        let plan = try ClosingRule.plan(
            q(one.order), book: q(one.book), books: q(one.book) + q(one.others),
            exchange: .known(q(one.exchange)))
        #expect(plan.sent == q(one.sent))
        #expect(plan.booked == q(one.booked))
        #expect(plan.isReduceOnly == one.isReduceOnly)
    }

    @Test("R4: a query that failed is no flat exchange, and nothing is closed on it")
    func queryFailed() {
        #expect(throws: ClosingRefusal.exchangeUnknown) {
            _ = try ClosingRule.plan(q("-5"), book: q("5"), books: q("5"), exchange: .unknown)
        }
    }

    @Test(
        "an order that opens, turns round or is nothing is no close",
        arguments: [("1", "5"), ("-6", "5"), ("0", "5"), ("-1", "0"), ("-1", "-5")])
    func notClosing(order: String, book: String) {
        #expect(throws: ClosingRefusal.notClosing) {
            _ = try ClosingRule.plan(
                q(order), book: q(book), books: q(book), exchange: .known(q(book)))
        }
    }

    @Test("R8, R9: what the exchange's step cannot trade is booked")
    func step() throws {
        let plan = try ClosingRule.plan(
            q("-0.0057"), book: q("0.0057"), books: q("0.0057"), exchange: .known(q("0.005")),
            step: q("0.001"))
        #expect(plan.sent == q("-0.005"))
        #expect(plan.booked == q("-0.0007"))
    }

    @Test("whatever books and exchange hold, the gap never grows and the exchange opens nothing new")
    func property() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for round in 0..<20_000 {
            let note: Comment = "seed \(seed), round \(round)"
            var books = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Quantity(units: Int128(Int.random(in: -9...9, using: &random)) * 100_000_000_000)
            }
            let total = books.reduce(Quantity.zero, +)
            let isBacked = Bool.random(using: &random)
            let net =
                isBacked
                ? total
                : Quantity(units: Int128(Int.random(in: -20...20, using: &random)) * 100_000_000_000)
            guard let place = books.firstIndex(where: { !$0.isZero }) else { continue }
            let share = Int128(Int.random(in: 1...10, using: &random))
            let order = Quantity(units: -books[place].units * share / 10)
            if order.isZero { continue }
            let plan = try ClosingRule.plan(
                order, book: books[place], books: total, exchange: .known(net))
            books[place] += order
            let after = net + plan.sent
            let target = books.reduce(Quantity.zero, +)
            #expect(plan.sent + plan.booked == order, note)
            #expect((target - after).magnitude <= (total - net).magnitude, note)
            if isBacked { #expect(after == target && plan.booked.isZero, note) }
            // Never past what the books sum to, and never away from it.
            let isToward = (target - net).signum == plan.sent.signum || plan.sent.isZero
            let isPast = (target - after).signum * (target - net).signum < 0
            #expect(isToward && !isPast, note)
            if plan.isReduceOnly { #expect(after.magnitude < net.magnitude, note) }
            // One book alone: the exchange never ends with more than it had.
            if books.count == 1 { #expect(after.magnitude <= net.magnitude, note) }
        }
    }

    @Test("closing every book in any order leaves books and a backed exchange flat")
    func flatten() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for round in 0..<2_000 {
            var books = (0..<5).map { _ in
                Quantity.whole(Int64.random(in: -9...9, using: &random))
            }
            var net = books.reduce(Quantity.zero, +)
            for place in books.indices.shuffled(using: &random) where !books[place].isZero {
                let plan = try ClosingRule.plan(
                    -books[place], book: books[place], books: books.reduce(.zero, +),
                    exchange: .known(net))
                books[place] += plan.sent + plan.booked
                net += plan.sent
            }
            #expect(net.isZero && books.allSatisfy(\.isZero), "seed \(seed), round \(round)")
        }
    }
}

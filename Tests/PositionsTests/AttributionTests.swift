import Bounded
import Positions
import Testing
import Trading

private func q(_ text: String) -> Quantity { Quantity(text: text)! }
private func m(_ text: String) -> Money { Money(text: text)! }
private func a(_ name: String) -> AccountID { AccountID(name)! }

@Suite("B4f: trades of nobody's order")
struct AttributionTests {
    private func fill(_ side: Side, _ quantity: String, fee: String = "0") -> Fill {
        Fill(
            symbol: Symbol("BTCUSDT")!, tradeID: 1, orderID: 1, clientOrderID: "", side: side,
            price: .whole(100), quantity: q(quantity), fee: m(fee), feeAsset: "USDT",
            isMaker: false, timeMilliseconds: 1)
    }

    private func text(_ shares: [TradeShare]) -> String {
        shares.map { "\($0.account) \($0.quantity) \($0.fee)" }.joined(separator: ", ")
    }

    @Test(
        "the exchange's own orders are told by their ids",
        arguments: [
            ("autoclose-1583", TradeOrigin.exchange), ("adl_autoclose", .exchange),
            ("settlement_autoclose-9", .exchange), ("web_abc", .manual), ("", .manual),
            ("xautoclose-1", .manual),
        ])
    func origins(id: String, origin: TradeOrigin) {
        #expect(TradeOrigin(clientOrderID: id) == origin)
    }

    @Test("a liquidation is split over the books on its side in proportion, the others keep theirs")
    func proportion() {
        let shares = Attribution.shares(
            of: fill(.sell, "5", fee: "1"), origin: .exchange,
            books: [a("alpha"): q("6"), a("beta"): q("2"), a("gamma"): q("-3")])
        #expect(text(shares) == "alpha 3.75 0.75, beta 1.25 0.25")
    }

    @Test("steps left over go by largest remainder, then by name; the sum is exact")
    func remainders() {
        let shares = Attribution.shares(
            of: fill(.sell, "0.005", fee: "0.01"), origin: .exchange,
            books: [a("c"): q("1"), a("b"): q("1"), a("a"): q("1")], step: q("0.001"))
        #expect(text(shares) == "a 0.002 0.004, b 0.002 0.004, c 0.001 0.002")
    }

    @Test("what closes nobody's position is the external book's")
    func opening() {
        let shares = Attribution.shares(
            of: fill(.buy, "7"), origin: .manual, books: [a("alpha"): q("-2"), a("beta"): q("4")])
        #expect(text(shares) == "alpha 2 0, external 5 0")
        let none = Attribution.shares(of: fill(.buy, "7"), origin: .manual, books: [:])
        #expect(text(none) == "external 7 0")
    }

    @Test("a manual trade closes what earlier manual trades opened first; a liquidation does not")
    func externalFirst() {
        let books = [AccountID.external: q("2"), a("alpha"): q("2")]
        let manual = Attribution.shares(of: fill(.sell, "3"), origin: .manual, books: books)
        #expect(text(manual) == "alpha 1 0, external 2 0")
        let made = Attribution.shares(of: fill(.sell, "3"), origin: .exchange, books: books)
        #expect(text(made) == "alpha 1.5 0, external 1.5 0")
    }

    @Test("whatever the books hold, shares sum to the trade and none closes more than its book holds")
    func property() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for round in 0..<5_000 {
            let note: Comment = "seed \(seed), round \(round)"
            var books: [AccountID: Quantity] = [:]
            for number in 0..<Int.random(in: 0...7, using: &random) {
                let account = number == 6 ? AccountID.external : a("book\(number)")
                books[account] = Quantity(
                    units: Int128.random(in: -50_000...50_000, using: &random) * 10_000_000)
            }
            let step = Quantity(units: [0, 1_000_000_000, 7][Int.random(in: 0..<3, using: &random)])
            var fill = fill(Bool.random(using: &random) ? .buy : .sell, "1")
            fill.quantity = Quantity(
                units: Int128.random(in: 1...60_000, using: &random) * 10_000_000)
            fill.fee = Money(units: Int128.random(in: -99...99_999, using: &random))
            let origin: TradeOrigin = Bool.random(using: &random) ? .manual : .exchange
            let shares = Attribution.shares(of: fill, origin: origin, books: books, step: step)
            #expect(!shares.isEmpty, note)
            #expect(shares.allSatisfy { $0.quantity.isPositive }, note)
            #expect(shares.reduce(Quantity.zero) { $0 + $1.quantity } == fill.quantity, note)
            #expect(shares.reduce(Money.zero) { $0 + $1.fee } == fill.fee, note)
            #expect(shares.map(\.account) == Set(shares.map(\.account)).sorted(), note)
            for share in shares where share.account != .external {
                let held = books[share.account] ?? .zero
                let after = held + fill.side.signed(share.quantity)
                #expect(held.signum == -fill.side.signed(.one).signum, note)
                #expect(after.isZero || after.signum == held.signum, note)
            }
        }
    }

    @Test("funding goes by what each held, against the net it is turned round, and sums exactly")
    func funding() {
        let parts = Attribution.funding(
            m("-3"), over: [a("alpha"): q("4"), a("beta"): q("-1"), a("gamma"): q("0")])
        #expect(parts.map(\.account) == [a("alpha"), a("beta")])
        #expect(parts.map(\.amount) == [m("-4"), m("1")])
        #expect(Attribution.funding(m("2"), over: [:]).map(\.account) == [.external])
    }

    @Test("funding of books that all but cancel out is nobody's, and no size traps")
    func fundingLeverage() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let most: Int128 = 1_000_000_000 * 1_000_000_000_000
        for round in 0..<5_000 {
            let note: Comment = "seed \(seed), round \(round)"
            var holdings: [AccountID: Quantity] = [:]
            let scale = [1, 1_000, 1_000_000_000, most][Int.random(in: 0..<4, using: &random)]
            for number in 0..<Int.random(in: 1...5, using: &random) {
                holdings[a("book\(number)")] = Quantity(
                    units: Int128.random(in: -scale...scale, using: &random))
            }
            if Bool.random(using: &random), let own = holdings[a("book0")] {
                holdings[a("mirror")] = Quantity(units: 1) - own
            }
            let amount = Money(units: Int128.random(in: -most...most, using: &random))
            let parts = Attribution.funding(amount, over: holdings)
            #expect(parts.reduce(Money.zero) { $0 + $1.amount } == amount, note)
            let largest = parts.map(\.amount.magnitude.units).max() ?? 0
            let bound = amount.magnitude.units * (Attribution.fundingLeverage + 1) + 1_000_000
            #expect(largest <= bound, note)
        }
    }

    @Test("in proportion: no two books are more than a step apart from their exact shares")
    func fairness() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let step = Quantity(units: 1_000_000_000)
        for round in 0..<2_000 {
            var books: [AccountID: Quantity] = [:]
            for number in 0..<Int.random(in: 2...6, using: &random) {
                books[a("book\(number)")] =
                    Quantity(units: Int128.random(in: 1...900, using: &random) * step.units)
            }
            let held = books.values.reduce(Quantity.zero, +)
            let wanted = Quantity(
                units: Int128.random(in: 1...(held.units / step.units), using: &random) * step.units)
            let parts = Attribution.split(wanted, over: books, step: step)
            for (account, own) in books {
                let exact = Quantity(units: wanted.units * own.units / held.units)
                let error = ((parts[account] ?? .zero) - exact).magnitude
                #expect(error <= step, "seed \(seed), round \(round)")
            }
        }
    }
}

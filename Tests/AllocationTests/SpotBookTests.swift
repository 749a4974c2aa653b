import Allocation
import Bounded
import BusProtocol
import Bytes
import Quotes
import Testing
import Trading

@Suite("Books a slice is planned on")
struct SpotBookTests {
    private typealias F = Fixture

    @Test(
        "I1: zero, negative, crossed, absurd, unsorted and missing prices make no book",
        arguments: [
            (["1 1"], [], BookProblem.empty), ([], ["1 1"], .empty), (["0 1"], ["1 1"], .price),
            (["-1 1"], ["1 1"], .price), (["2 1"], ["1 1"], .crossed), (["1 1"], ["1 1"], .crossed),
            (["1 1"], ["5000000000 1"], .price), (["1 0"], ["2 1"], .quantity),
            (["1 -3"], ["2 1"], .quantity), (["1 1", "1.5 1"], ["2 1"], .unsorted),
            (["1 1"], ["3 1", "2.5 1"], .unsorted), (["1 1", "1 1"], ["2 1"], .unsorted),
            (["0.0000000001 1"], ["2 1"], .price),
        ] as [([String], [String], BookProblem)])
    func checked(bids: [String], asks: [String], problem: BookProblem) {
        #expect(throws: problem) {
            try SpotBook(bids: F.levels(bids), asks: F.levels(asks))
        }
    }

    @Test("the most extreme book and account that are admitted overflow nowhere (I1, I2)")
    func extremes() {
        let most = (0..<20).map { BookLevel(
            price: Price(units: Price.whole(1_000_000_000).units - Int128($0)),
            quantity: .whole(10_000_000_000_000)) }
        let least = BookLevel(price: Price(units: 1_000), quantity: .whole(10_000_000_000_000))
        let books = [
            try? SpotBook(bids: Array(most.dropFirst()), asks: [most[0]]),
            try? SpotBook(bids: [least], asks: [most[0]]),
            try? SpotBook(
                bids: [least],
                asks: [BookLevel(price: Price(units: 1_001), quantity: Quantity(units: 1))]),
        ]
        let whole = Quantity.whole(9_999_999_999_999)
        let rules = F.rules {
            $0.tick = Price(units: 1)
            $0.step = Quantity(units: 1)
            $0.minimumQuantity = Quantity(units: 1)
        }
        for book in books.compactMap({ $0 }) {
            for mode in ExecutionMode.allCases {
                let knobs = F.knobs {
                    $0.mode = mode
                    $0.maximumSlice = .whole(1_000_000_000)
                    $0.minimumNotional = Money(units: 1)
                }
                for holdings in [
                    SpotHoldings(
                        base: AssetBalance(free: whole, locked: whole),
                        quote: AssetBalance(free: .zero, locked: .zero)),
                    SpotHoldings(
                        base: AssetBalance(free: .zero, locked: .zero),
                        quote: AssetBalance(
                            free: Money(units: whole.units), locked: Money(units: whole.units))),
                ] {
                    _ = F.decide(holdings, book, knobs: knobs, rules: rules)
                }
            }
        }
        #expect(books.compactMap { $0 }.count == 3)
    }

    private static let message =
        "{\"s\":\"QRLUSDT\",\"seq\":\"9\",\"u\":\"77\",\"tb\":\"0\",\"t\":\"1760000000000\","
        + "\"b\":[[\"0.749\",\"100\"],[\"0.748\",\"5\"]],\"a\":[[\"0.751\",\"7\"],[\"0.752\",\"900\"]]}"

    /// The book of a message, or nil where it is none.
    private func book(_ bytes: [UInt8]) -> SpotBook? {
        guard let (_, depth) = try? DepthMessage.decode(bytes.rawSpan) else { return nil }
        return try? SpotBook(bids: depth.bids, asks: depth.asks)
    }

    @Test("I3: a book message cut anywhere is none; I2: nor is one with absurd numbers or 20 digits")
    func truncated() {
        let whole = Array(SpotBookTests.message.utf8)
        #expect(book(whole)?.mid == F.price("0.75"))
        for length in 0..<whole.count { #expect(book(Array(whole[..<length])) == nil) }
        let marks = ["1e30", "1e-11", "99999999999999999999", "", "NaN", "0x1", "-0.749"]
        for mark in marks {
            var text = SpotBookTests.message
            guard let range = text.firstRange(of: "0.749") else { return }
            text.replaceSubrange(range, with: mark)
            #expect(book(Array(text.utf8)) == nil, "\(mark)")
        }
    }

    @Test("I3: whatever bytes are changed, a slice is planned on a sound book or on none")
    func mutated() {
        let seed: UInt64 = 99
        var random = SplitMix64(seed: seed)
        let whole = Array(SpotBookTests.message.utf8)
        var sound = 0
        for round in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            guard let book = book(bytes) else { continue }
            sound += 1
            #expect(book.bid < book.ask, "seed \(seed), round \(round)")
            _ = F.decide(F.holdings("70000", "100"), book)
            _ = F.decide(F.holdings("100", "70000"), book)
        }
        #expect(sound > 100)
    }

    @Test("a walk takes the best levels first, and says what they give")
    func walk() {
        let book = F.book(bids: ["0.75 10", "0.74 10"], asks: ["0.76 4", "0.78 4", "0.80 100"])
        let bought = book.walk(.buy, .whole(10))
        #expect(bought.quantity == .whole(10))
        // 4 × 0.76 + 4 × 0.78 + 2 × 0.80 = 7.76
        #expect(bought.notional == F.money("7.76"))
        #expect(bought.weighted == F.price("0.776"))
        #expect(bought.worst == F.price("0.8"))
        let sold = book.walk(.sell, .whole(30))
        #expect(sold.quantity == .whole(20))
        #expect(sold.weighted == F.price("0.745"))
        #expect(book.walk(.sell, .whole(10)).slippage == .zero)
    }

    @Test("only twenty levels are looked at")
    func levels() {
        let asks = (0..<30).map { "\($0 + 2) 1" }
        let book = F.book(bids: ["1 1"], asks: asks)
        #expect(book.walk(.buy, .whole(30)).quantity == .whole(20))
    }
}

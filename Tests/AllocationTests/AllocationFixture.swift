import Allocation
import Bounded
import Chronology
import Quotes
import Trading

/// Short spellings for the tests of the allocator.
enum Fixture {
    static let symbol = Symbol("QRLUSDT")!
    static let account = AccountID("allocator")!

    static func price(_ text: String) -> Price { Price(text: text)! }
    static func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
    static func money(_ text: String) -> Money { Money(text: text)! }
    static func ratio(_ text: String) -> Ratio { Ratio(text: text)! }

    static func knobs(_ change: (inout AllocationKnobs) -> Void = { _ in }) -> AllocationKnobs {
        var knobs = AllocationKnobs(symbol: symbol, account: account)
        change(&knobs)
        return knobs
    }

    /// MEXC's QRLUSDT: orders of 1 USDT and more, steps of 0.01, ticks of 0.00001.
    static func rules(_ change: (inout Instrument) -> Void = { _ in }) -> Instrument {
        var rules = Instrument(
            symbol: symbol, status: .trading, base: "QRL", quote: "USDT", tick: price("0.00001"),
            step: quantity("0.01"), minimumQuantity: quantity("0.01"), minimumNotional: .one)!
        change(&rules)
        return rules
    }

    static func holdings(
        _ base: String, _ quote: String, lockedBase: String = "0", lockedQuote: String = "0"
    ) -> SpotHoldings {
        SpotHoldings(
            base: AssetBalance(free: quantity(base), locked: quantity(lockedBase)),
            quote: AssetBalance(free: money(quote), locked: money(lockedQuote)))
    }

    /// Levels as `price quantity`, best first.
    static func levels(_ lines: [String]) -> [BookLevel] {
        lines.map { line in
            let words = line.split(separator: " ").map(String.init)
            return BookLevel(price: price(words[0]), quantity: quantity(words[1]))
        }
    }

    static func book(
        bids: [String] = ["0.74900 20000", "0.74800 50000"],
        asks: [String] = ["0.75100 20000", "0.75200 50000"]
    ) -> SpotBook {
        guard let book = try? SpotBook(bids: levels(bids), asks: levels(asks)) else {
            preconditionFailure("the fixture gives a book")
        }
        return book
    }

    static func plan(_ decision: SliceDecision) -> SlicePlan? {
        if case .trade(let plan) = decision { return plan }
        return nil
    }

    static func reason(_ decision: SliceDecision) -> AllocationReason? {
        if case .leave(let reason, _) = decision { return reason }
        return nil
    }

    static func decide(
        _ holdings: SpotHoldings, _ book: SpotBook? = nil, knobs: AllocationKnobs = knobs(),
        rules: Instrument = rules(), seed: UInt64 = 1
    ) -> SliceDecision {
        var random = SplitMix64(seed: seed)
        return SlicePlanner(knobs, rules).plan(holdings, book ?? self.book(), using: &random)
    }
}

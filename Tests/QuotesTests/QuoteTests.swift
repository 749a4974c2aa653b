import Chronology
import Testing
import Trading

@testable import Quotes

@Suite("Quotes")
struct QuoteTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func book(
        _ quote: inout Quote, _ bid: String, _ ask: String, update: Int64 = 1, time: Int64 = 1,
        quantity: String = "1"
    ) throws -> QuoteRefusal? {
        let size = try #require(Quantity(text: quantity))
        return quote.bookReceived(
            updateID: update, bid: try #require(Price(text: bid)), bidQuantity: size,
            ask: try #require(Price(text: ask)), askQuantity: size, time: time, band: .standard,
            now: now)
    }

    private func mark(_ quote: inout Quote, _ price: String, time: Int64 = 1) throws
        -> QuoteRefusal?
    {
        quote.markReceived(
            mark: try #require(Price(text: price)), index: try #require(Price(text: price)),
            time: time, band: .standard, now: now)
    }

    @Test("a sound book and mark make a quote with a mid and its ages")
    func soundQuote() throws {
        var quote = Quote()
        #expect(quote.mid.isZero)
        #expect(try book(&quote, "100", "100.1") == nil)
        #expect(try mark(&quote, "100.05") == nil)
        #expect(quote.mid == Price(text: "100.05"))
        #expect(quote.isFresh(.book, within: .seconds(10), now: now + .seconds(10)))
        #expect(!quote.isFresh(.mark, within: .seconds(10), now: now + .milliseconds(10_001)))
    }

    @Test("invariant 1, I1: zero, negative, crossed and absurd prices change nothing")
    func badPrices() throws {
        var quote = Quote()
        _ = try book(&quote, "100", "101")
        _ = try mark(&quote, "100")
        let before = quote
        #expect(try book(&quote, "0", "101", update: 2) == .notPositive)
        #expect(try book(&quote, "-1", "101", update: 2) == .notPositive)
        #expect(try book(&quote, "100", "101", update: 2, quantity: "-1") == .notPositive)
        #expect(try book(&quote, "101", "101", update: 2) == .crossed)
        #expect(try book(&quote, "102", "101", update: 2) == .crossed)
        #expect(try book(&quote, "49", "101", update: 2) == .absurd)
        #expect(try book(&quote, "100", "151", update: 2) == .absurd)
        #expect(try book(&quote, "151", "152", update: 2) == .absurd)
        #expect(try mark(&quote, "0", time: 2) == .notPositive)
        #expect(quote == before)
    }

    @Test("time and update ids that go back are refused until the connection changes")
    func timeBack() throws {
        var quote = Quote()
        _ = try book(&quote, "100", "101", update: 5, time: 5)
        _ = try mark(&quote, "100", time: 5)
        #expect(try book(&quote, "100", "101", update: 4, time: 6) == .timeBack)
        #expect(try book(&quote, "100", "101", update: 6, time: 4) == .timeBack)
        #expect(try mark(&quote, "100", time: 4) == .timeBack)
        quote.connectionChanged(.book)
        #expect(try mark(&quote, "100", time: 4) == .timeBack)
        quote.connectionChanged(.mark)
        #expect(try book(&quote, "100", "101", update: 1, time: 1) == nil)
        #expect(try mark(&quote, "100", time: 1) == nil)
    }

    @Test("a mark out of the band is believed when it is repeated, one odd mark is not")
    func disputedMark() throws {
        var quote = Quote()
        _ = try mark(&quote, "100", time: 1)
        #expect(try mark(&quote, "1000", time: 2) == .absurd)
        #expect(try mark(&quote, "100", time: 3) == nil)
        #expect(try mark(&quote, "1000", time: 4) == .absurd)
        #expect(try mark(&quote, "1010", time: 5) == .absurd)
        #expect(try mark(&quote, "1005", time: 6) == nil)
        #expect(quote.mark == .whole(1005))
    }
}

@Suite("Symbol slots")
struct SymbolSlotsTests {
    private func symbol(_ name: String) throws -> Symbol { try #require(Symbol(name)) }

    @Test("invariant 3: names of every length are found by their bytes, and only they")
    func lookUp() throws {
        var slots = SymbolSlots()
        var names: [String] = []
        for length in 1...32 {
            names.append(String(repeating: "A", count: length))
            names.append(String(repeating: "A", count: length - 1) + "B")
            names.append("B" + String(repeating: "A", count: length - 1))
            if length > 20 {
                names.append(
                    String(repeating: "A", count: 10) + "X"
                        + String(repeating: "A", count: length - 11))
            }
        }
        names.append("币安人生USDT")
        for name in names { _ = slots.insert(try symbol(name)) }
        for name in names {
            let slot = try #require(slots.slot(of: try symbol(name)))
            #expect(slots.symbol(at: slot)?.name == name)
        }
        for name in ["C", "AC", "AAAAAAAAAAAAAAAAAAAAAAAC", "AAAAAAAC"] {
            #expect(slots.slot(of: try symbol(name)) == nil)
        }
    }

    @Test("a thousand symbols keep their slots, removed ones are given out again")
    func manySymbols() throws {
        var slots = SymbolSlots()
        for number in 0..<1_000 {
            let slot = slots.insert(try symbol("S\(number)USDT"))
            #expect(slot == number)
        }
        let again = slots.insert(try symbol("S7USDT"))
        let removed = slots.remove(try symbol("S7USDT"))
        #expect(again == 7 && removed == 7)
        #expect(slots.slot(of: try symbol("S7USDT")) == nil)
        let reused = slots.insert(try symbol("NEW"))
        #expect(reused == 7)
        for number in 8..<1_000 { #expect(slots.slot(of: try symbol("S\(number)USDT")) == number) }
        #expect(slots.count == 1_000 && slots.slotCount == 1_000)
    }
}

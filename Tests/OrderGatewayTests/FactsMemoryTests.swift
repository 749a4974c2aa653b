import Chronology
import Orders
import Testing
import Trading

@testable import OrderGatewayService

@Suite("What was read a moment ago for the checks of orders")
struct FactsMemoryTests {
    private let book = FactsMemory.Book(account: DeskBench.account, symbol: DeskBench.symbol)
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    private func facts(_ sequence: Int64) -> MarketFacts {
        MarketFacts(price: nil, risk: nil, riskSequence: sequence, instrument: nil)
    }

    @Test("invariant 1: it is given out for a tenth of a second from when Redis was asked, and no longer")
    func lifetime() {
        var memory = FactsMemory()
        #expect(memory.facts(book, now: start) == nil)
        memory.keep(facts(1), of: book, readAt: start)
        #expect(memory.facts(book, now: start + .milliseconds(100))?.riskSequence == 1)
        #expect(memory.facts(book, now: start + .milliseconds(101)) == nil)
        let other = FactsMemory.Book(account: DeskBench.account, symbol: Symbol("ETHUSDT")!)
        #expect(memory.facts(other, now: start) == nil)
    }

    @Test("invariant 2: what is used is read anew after a while, by one reading at a time")
    func reading() {
        var memory = FactsMemory()
        memory.keep(facts(1), of: book, readAt: start)
        let due = [24, 25, 90].map { memory.isDue(book, now: start + .milliseconds($0)) }
        #expect(due == [false, true, false])
        memory.keep(facts(2), of: book, readAt: start + .milliseconds(25))
        #expect(memory.facts(book, now: start + .milliseconds(110))?.riskSequence == 2)
        let isDueAgain = memory.isDue(book, now: start + .milliseconds(110))
        #expect(isDueAgain)
    }

    @Test("what is given out says when Redis was asked for it")
    func age() {
        var memory = FactsMemory()
        memory.keep(facts(1), of: book, readAt: start)
        #expect(memory.facts(book, now: start + .milliseconds(90))?.readAt == start)
    }

    @Test("a late answer to an earlier question does not take a newer one's place")
    func order() {
        var memory = FactsMemory()
        memory.keep(facts(2), of: book, readAt: start + .milliseconds(10))
        memory.keep(facts(1), of: book, readAt: start)
        #expect(memory.facts(book, now: start + .milliseconds(50))?.riskSequence == 2)
    }

    @Test("invariant 3: what one book's reading has counted, another book's older one does not undo")
    func counted() {
        var memory = FactsMemory()
        let other = FactsMemory.Book(account: DeskBench.account, symbol: Symbol("ETHUSDT")!)
        let stranger = FactsMemory.Book(account: AccountID("other")!, symbol: DeskBench.symbol)
        memory.keep(facts(9), of: other, readAt: start)
        memory.keep(facts(9), of: stranger, readAt: start)
        memory.keep(facts(10), of: book, readAt: start + .milliseconds(5))
        let now = start + .milliseconds(6)
        #expect(memory.facts(other, now: now) == nil)
        #expect(memory.facts(stranger, now: now)?.riskSequence == 9)
        #expect(memory.facts(book, now: now)?.riskSequence == 10)
    }

    @Test("a reading that fails, and Redis away, leave nothing")
    func nothing() {
        var memory = FactsMemory()
        memory.keep(facts(1), of: book, readAt: start)
        memory.keep(nil, of: book, readAt: start + .milliseconds(5))
        #expect(memory.facts(book, now: start + .milliseconds(5)) == nil)
        memory.keep(facts(1), of: book, readAt: start)
        memory.forget()
        #expect(memory.facts(book, now: start) == nil)
    }

    @Test("it holds no more books than its limit")
    func limit() {
        var memory = FactsMemory()
        for number in 0...FactsMemory.limit {
            let account = AccountID("a\(number)")!
            memory.keep(
                facts(1), of: FactsMemory.Book(account: account, symbol: DeskBench.symbol),
                readAt: start)
        }
        let known = (0...FactsMemory.limit).filter { number in
            let book = FactsMemory.Book(
                account: AccountID("a\(number)")!, symbol: DeskBench.symbol)
            return memory.facts(book, now: start) != nil
        }
        #expect(known == [FactsMemory.limit])
    }
}

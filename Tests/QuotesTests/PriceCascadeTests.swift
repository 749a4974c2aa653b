import Chronology
import Quotes
import Testing
import Trading

@Suite("Price cascade")
struct PriceCascadeTests {
    private let start = Instant(nanoseconds: 100_000_000_000)
    private let symbol: Symbol

    init() throws { symbol = try #require(Symbol("BTCUSDT")) }

    private func price(_ bid: Int64, at: Instant) -> PriceView {
        var price = PriceView()
        price.bid = .whole(bid)
        price.ask = .whole(bid + 1)
        price.at = at
        return price
    }

    private func answer(
        _ caller: UInt64, _ bid: Int64, _ origin: PriceOrigin, at: Instant, age: Interval
    ) -> PriceCascade.Action {
        .answer(caller, PriceAnswer(price: price(bid, at: at), origin: origin, age: age))
    }

    @Test("B3a: it falls through from Redis to REST, and says where the price came from")
    func fallsThrough() {
        var cascade = PriceCascade()
        #expect(cascade.asked(symbol, 1, now: start) == [.subscribe(symbol), .readRecord(symbol)])
        let old = price(1, at: start - .seconds(11))
        #expect(cascade.recordRead(symbol, old, now: start) == [.askVenue(symbol)])
        let fresh = price(5, at: start)
        #expect(
            cascade.venueAnswered(symbol, fresh, now: start) == [
                answer(1, 5, .rest, at: start, age: .zero)
            ])
        let later = start + .seconds(4)
        #expect(
            cascade.asked(symbol, 2, now: later) == [
                answer(2, 5, .cache, at: start, age: .seconds(4))
            ])
        #expect(cascade.asked(symbol, 3, now: start + .seconds(11)) == [.readRecord(symbol)])
    }

    @Test("a record that is fresh is taken, one that is missing is not")
    func record() {
        var cascade = PriceCascade()
        _ = cascade.asked(symbol, 1, now: start)
        let at = start - .seconds(3)
        #expect(
            cascade.recordRead(symbol, price(7, at: at), now: start) == [
                answer(1, 7, .redis, at: at, age: .seconds(3))
            ])
        let later = start + .seconds(20)
        _ = cascade.asked(symbol, 2, now: later)
        #expect(cascade.recordRead(symbol, nil, now: later) == [.askVenue(symbol)])
    }

    @Test("callers for one symbol share one look, and all are answered")
    func shared() {
        var cascade = PriceCascade()
        #expect(cascade.asked(symbol, 1, now: start).count == 2)
        for caller in UInt64(2)...50 { #expect(cascade.asked(symbol, caller, now: start).isEmpty) }
        #expect(cascade.recordRead(symbol, nil, now: start) == [.askVenue(symbol)])
        #expect(cascade.asked(symbol, 51, now: start).isEmpty)
        #expect(cascade.venueAnswered(symbol, price(5, at: start), now: start).count == 51)
        #expect(cascade.venueAnswered(symbol, price(6, at: start), now: start).isEmpty)
    }

    @Test("ticks answer who waits, and then everybody, while they come")
    func ticks() {
        var cascade = PriceCascade()
        _ = cascade.asked(symbol, 1, now: start)
        #expect(
            cascade.heard(symbol, price(9, at: start), now: start) == [
                answer(1, 9, .channel, at: start, age: .zero)
            ])
        #expect(cascade.recordRead(symbol, nil, now: start).isEmpty)
        #expect(
            cascade.asked(symbol, 2, now: start + .seconds(1)) == [
                answer(2, 9, .channel, at: start, age: .seconds(1))
            ])
        #expect(cascade.asked(symbol, 3, now: start + .seconds(11)) == [.readRecord(symbol)])
    }

    @Test("a call ends in the last source's reason where none has a price, and the next starts anew")
    func fails() {
        var cascade = PriceCascade()
        _ = cascade.asked(symbol, 1, now: start)
        _ = cascade.recordRead(symbol, nil, now: start)
        #expect(cascade.venueFailed(symbol, "no answer") == [.fail(1, "no answer")])
        #expect(cascade.asked(symbol, 2, now: start) == [.readRecord(symbol)])
    }

    @Test("a symbol nobody asks for is no longer listened to")
    func idle() {
        var cascade = PriceCascade()
        _ = cascade.asked(symbol, 1, now: start)
        _ = cascade.heard(symbol, price(9, at: start), now: start)
        #expect(cascade.timePassed(now: start + .seconds(59)).isEmpty)
        #expect(cascade.timePassed(now: start + .seconds(60)) == [.unsubscribe(symbol)])
        #expect(cascade.heard(symbol, price(9, at: start), now: start).isEmpty)
    }
}

import Bounded
import BusProtocol
import Bytes
import Chronology
import Quotes
import Testing
import Trading
import VenueProtocol

@testable import PriceFeedService

@Suite("Feed desk")
struct FeedDeskTests {
    @Test("starting opens both sockets and asks for the instruments")
    func starts() {
        var driver = DeskDriver()
        driver.start()
        #expect(driver.take() == [.connect(0, .book), .connect(1, .mark), .loadInstruments])
        #expect(
            driver.desk.reasons(now: driver.now) == [
                "instruments: not loaded", "demand: not read", "book stream: not connected",
                "mark stream: not connected",
            ])
    }

    @Test("T5: an attempt that all processes together may not make yet waits, and counts as none")
    func held() {
        var driver = DeskDriver()
        driver.start()
        #expect(driver.desk.isFirstAttempt(0))
        driver.desk.attemptHeld(0, until: driver.now + .seconds(30))
        _ = driver.take()
        driver.pass(seconds: 29)
        #expect(!driver.take().connected.contains(0))
        driver.pass(seconds: 2)
        #expect(driver.take().connected.contains(0))
        #expect(driver.desk.isFirstAttempt(0))
        driver.close(0)
        #expect(driver.take().contains(.attemptFailed))
    }

    @Test("invariant 2: what is wanted is subscribed on its own socket, at once")
    func subscribes() {
        var driver = DeskDriver()
        driver.start()
        driver.want("ETHUSDT", "BTCUSDT")
        _ = driver.take()
        driver.open(.book)
        #expect(
            driver.take().sent(.book) == [
                "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@bookTicker\","
                    + "\"ethusdt@bookTicker\"],\"id\":1}"
            ])
        driver.open(.mark)
        #expect(driver.take().sent(.mark)[0].contains("\"ethusdt@markPrice@1s\""))
        driver.want("ETHUSDT", "BTCUSDT", "SOLUSDT")
        #expect(driver.take().sent(.book)[0].contains("[\"solusdt@bookTicker\"]"))
    }

    @Test("invariant 2: the last release unsubscribes after the grace period, a return keeps it")
    func releases() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        driver.want("BTCUSDT")
        driver.pass(seconds: 29)
        #expect(
            driver.take().sent(.mark).allSatisfy { !$0.contains("UNSUB") || !$0.contains("1,2") })
        driver.want("BTCUSDT", "ETHUSDT")
        driver.want("BTCUSDT")
        _ = driver.take()
        driver.pass(seconds: 31)
        #expect(driver.take().sent(.book).contains { $0.contains("UNSUBSCRIBE") })
        driver.pass(seconds: 10)
        #expect(driver.desk.slot(of: Symbol("ETHUSDT")!) == nil)
        #expect(driver.book("ETHUSDT") == .refused(.unknownSymbol))
        driver.want("BTCUSDT", "ETHUSDT")
        #expect(driver.desk.slot(of: Symbol("ETHUSDT")!) != nil)
    }

    @Test("a symbol the venue does not list is told of once and not subscribed")
    func unlisted() {
        var driver = DeskDriver.streaming("BTCUSDT")
        driver.want("BTCUSDT", "NOPEUSDT")
        let first = driver.take()
        #expect(first.events == [.symbolUnknown] && first.sent(.book).isEmpty)
        driver.want("BTCUSDT", "NOPEUSDT")
        #expect(driver.take().isEmpty)
    }

    @Test("a symbol wanted before the list was known leaves at once when it is not on it")
    func unlistedLate() throws {
        var driver = DeskDriver()
        driver.start()
        driver.open(.book)
        driver.want("BTCUSDT", "NOPEUSDT")
        driver.desk.instrumentsLoaded(
            .listing(["BTCUSDT"]), now: driver.now, &driver.actions)
        driver.pass(seconds: 1)
        _ = driver.take()
        driver.want("BTCUSDT", "NOPEUSDT")
        let left = try #require(driver.take().sent(.book).first)
        #expect(left.contains("UNSUBSCRIBE") && left.contains("nopeusdt@bookTicker"))
        #expect(driver.desk.followedCount == 1)
    }

    @Test("invariant 4: the first change goes out at once, the last one when the window ends")
    func throttles() {
        var driver = DeskDriver.streaming("BTCUSDT")
        #expect(driver.book(update: 1) == .changed(slot: 0, publish: true, store: true))
        #expect(driver.book(update: 2) == .changed(slot: 0, publish: false, store: false))
        #expect(driver.desk.nextDeadline == driver.now + .milliseconds(50))
        driver.now = driver.now + .milliseconds(50)
        #expect(driver.desk.popPublish(now: driver.now) == 0)
        #expect(driver.desk.popPublish(now: driver.now) == nil)
        #expect(driver.desk.popStore(now: driver.now) == nil)
        #expect(driver.desk.nextDeadline == driver.now + .milliseconds(450))
        driver.now = driver.now + .milliseconds(450)
        #expect(driver.desk.popStore(now: driver.now) == 0)
        #expect(driver.desk.nextDeadline == nil)
    }

    @Test("invariant 7: ticks carry the quote and a sequence that rises by one")
    func ticks() {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.book(update: 1)
        _ = driver.mark()
        let first = driver.desk.makeTick(0, wall: driver.wall)
        let second = driver.desk.makeTick(0, wall: driver.wall)
        #expect(first.sequence == 1_700_000_000_000_001 && second.sequence == first.sequence + 1)
        #expect(first.bid == .whole(100) && first.mark == Price(text: "100.05"))
        #expect(first.bookTime == 1_723_161_256_313 && first.markTime == 1_723_161_256_000)
        let record = driver.desk.makeRecord(
            0, writer: "w", now: driver.now + .seconds(2), wall: driver.wall + .seconds(2))
        #expect(record.bookMilliseconds == driver.wall.milliseconds && record.source == "stream")
    }

    @Test("I1, I3, T10: what cannot be believed or read is counted by its reason and goes nowhere")
    func refusals() {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.mark()
        _ = driver.book(update: 10)
        let before = driver.desk.quote(at: 0)
        #expect(driver.book(update: 9) == .refused(.timeBack))
        #expect(driver.book("BTCUSDT", "101", "100", update: 11) == .refused(.crossed))
        #expect(driver.book("BTCUSDT", "0", "100", update: 11) == .refused(.notPositive))
        #expect(driver.book("BTCUSDT", "1", "100", update: 11) == .refused(.absurd))
        #expect(driver.book("XRPUSDT") == .refused(.unknownSymbol))
        #expect(driver.frame(.book, "<html>502</html>") == .refused(.badField))
        #expect(driver.frame(.book, "{\"e\":\"bookTicker\"") == .refused(.malformed))
        #expect(driver.frame(.book, "{\"result\":null,\"id\":1}") == .other)
        driver.desk.brokenReceived(socket: 0, .oversized)
        driver.desk.brokenReceived(socket: 0, .notText)
        #expect(driver.desk.quote(at: 0) == before)
        for refusal in FeedRefusal.allCases { #expect(driver.desk.count(of: refusal) == 1) }
    }

    @Test("invariant 6: after Redis returns, every instrument and every known price is written")
    func redisReturns() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        _ = driver.book()
        driver.desk.redisReturned(&driver.actions)
        let actions = driver.take()
        #expect(actions.count == 4)
        #expect(actions.suffix(2) == [.publish(0), .store(0)])
    }

    @Test("instruments are written when they change, and marked when they leave the list (I4, R9)")
    func instruments() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        driver.pass(seconds: 601)
        #expect(driver.take().contains(.loadInstruments))
        var info = ExchangeInfo.listing(["BTCUSDT"])
        info.instruments[0].tick = Price(units: 5)
        info.skipped = [.init(name: "BAD", reason: "why")]
        driver.desk.instrumentsLoaded(info, now: driver.now, &driver.actions)
        let stored = driver.take().compactMap { action -> String? in
            if case .storeInstrument(let instrument) = action {
                "\(instrument.symbol) \(instrument.status.text)"
            } else {
                nil
            }
        }
        #expect(stored == ["ETHUSDT DELISTED", "BTCUSDT TRADING"])
    }

    @Test("a failed load is tried again after a doubling pause, or the venue's own")
    func instrumentsFail() {
        var driver = DeskDriver()
        driver.start()
        _ = driver.take()
        for pause in [1, 2, 4] {
            driver.desk.instrumentsFailed(
                reason: "x", pause: nil, now: driver.now, &driver.actions)
            _ = driver.take()
            driver.pass(seconds: pause - 1)
            #expect(!driver.take().contains(.loadInstruments))
            driver.pass(seconds: 1)
            #expect(driver.take().contains(.loadInstruments))
        }
        driver.desk.instrumentsFailed(
            reason: "x", pause: .seconds(120), now: driver.now, &driver.actions)
        driver.pass(seconds: 119)
        #expect(!driver.take().contains(.loadInstruments))
    }
}

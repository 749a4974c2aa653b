import Bounded
import Bytes
import Chronology
import Quotes
import Testing
import Trading
import VenueProtocol

@testable import PriceFeedService

@Suite("Feed drops")
struct FeedDropsTests {
    @Test("a filter that drops everything raises an alert once, until something passes")
    func everything() {
        var driver = DeskDriver.streaming("BTCUSDT")
        var alerts: [String] = []
        for _ in 0..<30 {
            for _ in 0..<5 { _ = driver.frame(.book, "<html>") }
            driver.pass(seconds: 1)
            alerts += driver.take().alerts
        }
        #expect(alerts == ["book"])
        #expect(driver.desk.reasons(now: driver.now).contains { $0.contains("is dropped") })
        _ = driver.book()
        driver.pass(seconds: 1)
        #expect(!driver.desk.reasons(now: driver.now).contains { $0.contains("is dropped") })
    }

    @Test("I1: one symbol whose frames are all absurd raises an alert of its own")
    func oneSymbol() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        var alerts: [String] = []
        for second in 1...30 {
            _ = driver.mark("BTCUSDT", "100", time: Int64(second))
            _ = driver.book("BTCUSDT", "1", "2", update: Int64(second))
            _ = driver.book("ETHUSDT", update: Int64(second))
            driver.pass(seconds: 1)
            alerts += driver.take().alerts
        }
        #expect(alerts == ["BTCUSDT"])
    }

    @Test("T12: fields and events of a newer venue are no fault; I2: numbers that are none are refused")
    func newerVenue() {
        var driver = DeskDriver.streaming("BTCUSDT")
        let head = "{\"e\":\"bookTicker\",\"new\":{\"x\":[1]},\"u\":1,\"s\":\"BTCUSDT\",\"b\":"
        let tail = ",\"B\":\"1\",\"a\":\"101\",\"A\":\"1\",\"T\":1,\"E\":1}"
        #expect(driver.frame(.book, head + "\"100\"" + tail).isChange)
        #expect(driver.frame(.book, "{\"e\":\"bookTickerV2\",\"u\":2}") == .other)
        for number in ["\"NaN\"", "\"\"", "\"1,5\"", "null", "\"99999999999999999999999999999999\""] {
            let effect = driver.frame(.book, head + number + tail)
            guard case .refused = effect else {
                Issue.record("\(number) was taken: \(effect)")
                continue
            }
        }
        #expect(driver.desk.quote(at: 0).bid == .whole(100))
    }

    @Test("I3: truncated, oversized and non-UTF-8 frames are refused, and nothing is published")
    func brokenFrames() {
        var driver = DeskDriver.streaming("BTCUSDT")
        let whole = Array(DeskDriver.bookText("BTCUSDT", "100", "101", 5).utf8)
        for length in 0..<whole.count {
            let cut = Array(whole.prefix(length))
            #expect(!driver.desk.frameReceived(.book, cut.rawSpan, now: driver.now).isChange)
        }
        var large = Array("{\"e\":\"bookTicker\",\"pad\":\"".utf8)
        large += [UInt8](repeating: 0x20, count: 2 << 20)
        large += Array("\"".utf8) + whole.dropFirst(17)
        #expect(!driver.desk.frameReceived(.book, large.rawSpan, now: driver.now).isChange)
        var spoilt = whole
        spoilt[30] = 0xFF
        #expect(!driver.desk.frameReceived(.book, spoilt.rawSpan, now: driver.now).isChange)
        #expect(driver.desk.frames == 0 && driver.desk.nextDeadline == nil)
    }

    @Test("I5: a time far ahead does not keep the truth out for ever")
    func poisonedTime() {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.mark("BTCUSDT", "100", time: 9_000_000_000_000)
        var taken = 0
        for second in 1...30 {
            if driver.mark("BTCUSDT", "100", time: 1_700_000_000_000 + Int64(second)).isChange {
                taken += 1
            }
            driver.pass(seconds: 1)
        }
        #expect(taken >= 15)
    }

    @Test("without a mark price the band is around mid: one odd book is dropped, a lasting move is not")
    func bandAroundMid() {
        var configuration = FeedConfiguration()
        configuration.venue = .binanceSpot
        var quote = Quote()
        let band = PriceBand(percent: 50, isAroundMid: true)
        var now = Instant(nanoseconds: 0)
        var update: Int64 = 0
        func book(_ bid: Int64) -> QuoteRefusal? {
            update += 1
            now = now + .milliseconds(400)
            return quote.bookReceived(
                updateID: update, bid: .whole(bid), bidQuantity: .whole(1), ask: .whole(bid + 1),
                askQuantity: .whole(1), time: 0, band: band, now: now)
        }
        #expect(book(100) == nil && book(400) == .absurd && book(101) == nil)
        #expect(book(400) == .absurd && book(401) == .absurd && book(402) == .absurd)
        #expect(book(403) == nil && book(404) == nil)
    }
}

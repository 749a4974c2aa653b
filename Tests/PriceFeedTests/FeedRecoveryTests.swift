import Bounded
import Chronology
import Quotes
import Testing
import Trading
import VenueProtocol

@testable import PriceFeedService

@Suite("Feed recovery")
struct FeedRecoveryTests {
    @Test("invariant 5, T2, T4: a silent socket is asked anew after 10 s and replaced after 20 s")
    func silentSocket() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        driver.pass(seconds: 10)
        #expect(driver.take().sent(.book).isEmpty)
        driver.pass(seconds: 1)
        let first = driver.take()
        #expect(first.events.filter { $0 == .resubscribed }.count == 4)
        #expect(first.sent(.book).count == 2 && first.sent(.book)[0].contains("UNSUBSCRIBE"))
        driver.pass(seconds: 11)
        let second = driver.take()
        #expect(second.contains(.close(.book)) && second.contains(.close(.mark)))
    }

    @Test("T3: one silent symbol costs the shared socket at most once until it speaks")
    func silentSymbol() {
        var driver = DeskDriver.streaming("BTCUSDT", "DULLUSDT")
        var closes = 0
        for second in 1...600 {
            _ = driver.book("BTCUSDT", update: Int64(second))
            _ = driver.mark("BTCUSDT")
            _ = driver.mark("DULLUSDT")
            driver.pass(seconds: 1)
            if driver.take().contains(.close(.book)) {
                closes += 1
                driver.close(.book)
                driver.pass(seconds: 1)
                driver.open(.book)
            }
        }
        #expect(closes == 1)
        #expect(driver.desk.staleSymbols(.book, now: driver.now).map(\.name) == ["DULLUSDT"])
        #expect(driver.desk.staleSymbols(.mark, now: driver.now).isEmpty)
    }

    @Test("a stream that speaks again is fresh, and its recoveries are forgotten")
    func recovered() {
        var driver = DeskDriver.streaming("BTCUSDT")
        driver.pass(seconds: 11)
        _ = driver.book()
        _ = driver.mark()
        driver.pass(seconds: 10)
        _ = driver.take()
        #expect(driver.desk.reasons(now: driver.now).isEmpty)
        driver.pass(seconds: 1)
        #expect(driver.take().events == [.resubscribed, .resubscribed])
    }

    @Test("invariant 5, T5: no minute sees more than five attempts, whatever the sockets do")
    func reconnectStorm() {
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: seed)
            var driver = DeskDriver(seed: seed)
            driver.start()
            driver.want("BTCUSDT")
            var attempts: [Instant] = []
            for _ in 0..<900 {
                for action in driver.take() {
                    if case .close(let kind) = action { driver.close(kind) }
                    guard case .connect(let kind) = action else { continue }
                    attempts.append(driver.now)
                    if Bool.random(using: &random) { driver.open(kind) }
                    if Int.random(in: 0..<4, using: &random) > 0 { driver.close(kind) }
                }
                for kind in QuoteKind.allCases
                where driver.desk.isConnected(kind) && Int.random(in: 0..<5, using: &random) == 0 {
                    driver.close(kind)
                }
                driver.pass(seconds: 1)
            }
            #expect(attempts.count > 30, "seed \(seed)")
            for (index, first) in attempts.enumerated() where index + 5 < attempts.count {
                #expect(attempts[index + 5] - first >= .seconds(60), "seed \(seed)")
            }
        }
    }

    @Test("a thousand symbols are subscribed in batches, five messages a second at most")
    func manySymbols() {
        var driver = DeskDriver()
        driver.start()
        driver.want((0..<1_000).map { "S\($0)USDT" })
        _ = driver.take()
        driver.open(.book)
        #expect(driver.take().sent(.book).count == 5)
        driver.pass(seconds: 1)
        #expect(driver.take().sent(.book).count == 5)
        driver.pass(seconds: 1)
        #expect(driver.take().sent(.book).isEmpty)
        driver.want((0..<1_100).map { "S\($0)USDT" })
        #expect(driver.desk.followedCount == 1_024)
        #expect(driver.take().events.contains(.symbolLimit))
    }

    @Test(
        "a socket is renewed before the venue's 24 hours are up, and one that never opens is closed"
    )
    func lifetimes() {
        var driver = DeskDriver()
        driver.start()
        driver.open(.book)
        _ = driver.take()
        driver.pass(seconds: 16)
        #expect(driver.take().contains(.close(.mark)))
        driver.close(.mark)
        driver.now = driver.now + .seconds(23 * 3600)
        driver.desk.secondPassed(now: driver.now, &driver.actions)
        #expect(driver.take().contains(.close(.book)))
    }
}

import Bounded
import BusProtocol
import Chronology
import Quotes
import Testing
import Throttles
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
        #expect(second.closed == driver.opened(.book) + driver.opened(.mark))
        #expect(second.events == [.replaced, .replaced])
    }

    @Test("B3d, T3: one silent symbol of a shared socket: asked anew, moved, by REST, each told once")
    func steps() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        var events: [FeedNote.Event: Int] = [:]
        var asked = 0
        for second in 1...300 {
            _ = driver.book("BTCUSDT", update: Int64(second))
            driver.spoke(.book)
            _ = driver.mark("BTCUSDT", time: Int64(second))
            _ = driver.mark("ETHUSDT", time: Int64(second))
            driver.spoke(.mark)
            driver.pass(seconds: 1)
            let actions = driver.take()
            for event in actions.events { events[event, default: 0] += 1 }
            asked += actions.asked.count
            for number in actions.connected {
                driver.desk.socketOpened(number, now: driver.now, &driver.actions)
            }
        }
        #expect(events[.resubscribed] == 1 && events[.moved] == 1 && events[.asked] == 1)
        #expect(events[.replaced] == nil)
        #expect((50...60).contains(asked))
        let eth = driver.desk.symbols[1].streams[0].socket
        #expect(eth != driver.desk.symbols[0].streams[0].socket)
        _ = driver.book("ETHUSDT", update: 1)
        driver.pass(seconds: 1)
        #expect(driver.take().events == [.recovered])
    }

    @Test("an answer by REST makes the price fresh again, from REST, until the stream speaks")
    func answered() throws {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.mark()
        _ = driver.book(update: 5)
        driver.pass(seconds: 12)
        #expect(driver.take().asked.map(\.name) == ["BTCUSDT", "BTCUSDT"])
        #expect(!driver.record().isFresh)
        driver.answer("99.9", "100.2")
        let actions = driver.take()
        #expect(actions.contains(.publish(0)) && actions.contains(.store(0)))
        #expect(driver.record().source == "rest" && driver.record().bid == Price(text: "99.9"))
        #expect(driver.desk.staleSymbols(.book, now: driver.now).map(\.name) == ["BTCUSDT"])
        #expect(driver.desk.unknownSymbols(.book, now: driver.now) == 0)
        driver.now = driver.now + .milliseconds(1)
        _ = driver.book(update: 6)
        _ = driver.mark("BTCUSDT", "100.06", time: 2_000_000_000_000)
        #expect(driver.record().source == "stream" && driver.record().isFresh)
        driver.pass(seconds: 1)
        #expect(driver.desk.reasons(now: driver.now).isEmpty)
    }

    @Test("a quiet market is no dead stream: REST that says the same leaves the socket alone")
    func quiet() {
        var driver = DeskDriver.streaming("DULLUSDT")
        _ = driver.book("DULLUSDT", "100", "100.1", update: 1)
        var events: [FeedNote.Event] = []
        for second in 1...300 {
            _ = driver.mark("DULLUSDT", time: Int64(second))
            driver.spoke(.mark)
            driver.pass(seconds: 1)
            let actions = driver.take()
            if !actions.asked.isEmpty { driver.answer("100", "100.1", "DULLUSDT") }
            events += actions.events
            #expect(actions.closed.isEmpty && actions.connected.isEmpty)
        }
        #expect(events == [.resubscribed, .quiet])
        #expect(driver.desk.reasons(now: driver.now).isEmpty)
        // It moved, and the stream said nothing: not quiet but dead.
        for _ in 0..<40 {
            driver.pass(seconds: 1)
            if !driver.take().asked.isEmpty { driver.answer("100", "100.2", "DULLUSDT") }
        }
        #expect(!driver.desk.reasons(now: driver.now).isEmpty)
    }

    /// The venue is gone: nothing is streamed, nothing answered. What the record in Redis says from
    /// there on, second by second.
    private func recordsAfterDeath(_ driver: inout DeskDriver, seconds: Int) -> [Bool?] {
        for number in driver.opened(.book) + driver.opened(.mark) { driver.close(number) }
        return (0..<seconds).map { _ in
            driver.pass(seconds: 1)
            let actions = driver.take()
            for number in actions.connected { driver.close(number) }
            return driver.writeRecords(actions)
        }
    }

    /// A spot venue's desk with one symbol whose book is streamed, then unchanged for a minute while
    /// REST says the same.
    private func quietOnSpot() -> DeskDriver {
        var configuration = FeedConfiguration()
        configuration.venue = .binanceSpot
        var driver = DeskDriver(configuration)
        driver.start()
        driver.open(.book)
        driver.desk.instrumentsLoaded(
            ExchangeInfo.listing(["DULLUSDT"]), now: driver.now, &driver.actions)
        driver.want("DULLUSDT")
        _ = driver.take()
        speakOnSpot(&driver, update: 1)
        for _ in 0..<60 {
            driver.spoke(.book)
            driver.pass(seconds: 1)
            let actions = driver.take()
            if !actions.asked.isEmpty { driver.answer("100.0", "100.1", "DULLUSDT") }
            _ = driver.writeRecords(actions + driver.take())
        }
        return driver
    }

    /// The stream says the same best prices by another update.
    private func speakOnSpot(_ driver: inout DeskDriver, update: Int) {
        let text =
            "{\"u\":\(update),\"s\":\"DULLUSDT\",\"b\":\"100.0\",\"B\":\"2.507\","
            + "\"a\":\"100.1\",\"A\":\"2.510\"}"
        #expect(driver.frame(.book, text).isChange)
        #expect(driver.writeRecords([.store(0)]) == true)
    }

    @Test("B3d: quiet by REST, whose answers end: its record says stale, once, and it counts as stale")
    func answersEnd() {
        var driver = quietOnSpot()
        #expect(driver.desk.staleSymbols(.book, now: driver.now).isEmpty)
        #expect(driver.record().isFresh)
        var told: [Bool] = []
        for _ in 0..<60 {
            driver.spoke(.book)
            driver.pass(seconds: 1)
            if let isFresh = driver.writeRecords(driver.take()) { told.append(isFresh) }
        }
        #expect(told == [false])
        #expect(driver.desk.staleSymbols(.book, now: driver.now).map(\.name) == ["DULLUSDT"])
        driver.answer("100.0", "100.1", "DULLUSDT")
        #expect(driver.writeRecords(driver.take()) == true)
    }

    @Test("B3d: a symbol that was quiet once, streams, and whose venue is gone: its record says stale")
    func deadAfterQuiet() {
        var driver = quietOnSpot()
        speakOnSpot(&driver, update: 2)
        driver.pass(seconds: 1)
        _ = driver.writeRecords(driver.take())
        let told = recordsAfterDeath(&driver, seconds: 60)
        #expect(told.compactMap { $0 } == [false], "\(told)")
        // REST is given the time for an answer, and no more.
        #expect((told.firstIndex(of: false) ?? 60) <= 16)
        #expect(driver.desk.staleSymbols(.book, now: driver.now).map(\.name) == ["DULLUSDT"])
    }

    @Test("B3d: a price that came by REST, whose answers end: its record says stale")
    func restEnds() {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.mark()
        _ = driver.book(update: 5)
        driver.pass(seconds: 12)
        _ = driver.writeRecords(driver.take())
        for second in 1...30 {
            _ = driver.mark("BTCUSDT", "100.05", time: 2_000_000_000_000 + Int64(second))
            driver.pass(seconds: 1)
            let actions = driver.take()
            if !actions.asked.isEmpty { driver.answer("99.9", second % 2 == 0 ? "100.2" : "100.3") }
            _ = driver.writeRecords(actions + driver.take())
        }
        #expect(driver.writeRecords([.store(0)]) == true)
        let told = recordsAfterDeath(&driver, seconds: 60)
        #expect(told.contains(false) && !told.contains(true), "\(told)")
        #expect((told.firstIndex(of: false) ?? 60) <= 11)
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

    @Test("T5: no minute sees more than five attempts, whatever the sockets do")
    func reconnectStorm() {
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: seed)
            var driver = DeskDriver(seed: seed)
            driver.start()
            driver.want("BTCUSDT")
            var attempts: [Instant] = []
            for _ in 0..<900 {
                let actions = driver.take()
                for number in actions.closed { driver.close(number) }
                for number in actions.connected {
                    attempts.append(driver.now)
                    if Bool.random(using: &random) {
                        driver.desk.socketOpened(number, now: driver.now, &driver.actions)
                    }
                    if Int.random(in: 0..<4, using: &random) > 0 { driver.close(number) }
                }
                for number in driver.opened(.book) + driver.opened(.mark)
                where Int.random(in: 0..<5, using: &random) == 0 {
                    driver.close(number)
                }
                driver.pass(seconds: 1)
            }
            #expect(attempts.count > 30, "seed \(seed)")
            for (index, first) in attempts.enumerated() where index + 5 < attempts.count {
                #expect(attempts[index + 5] - first >= .seconds(60), "seed \(seed)")
            }
        }
    }

    @Test("T5: a host that fails once sees five attempts a minute, however many sockets are needed")
    func manySocketsDown() {
        var driver = DeskDriver()
        driver.start()
        driver.want((0..<1_000).map { "S\($0)USDT" })
        // All are needed at once, and nothing has failed: the first attempt of each is made.
        #expect(driver.take().connected.count == 10)
        driver.open(.book)
        driver.open(.mark)
        driver.pass(seconds: 61)
        _ = driver.take()
        for number in driver.opened(.book) + driver.opened(.mark) { driver.close(number) }
        var attempts: [Instant] = []
        for _ in 0..<240 {
            driver.pass(seconds: 1)
            for number in driver.take().connected {
                attempts.append(driver.now)
                driver.close(number)
            }
        }
        #expect(attempts.count >= 15)
        for (index, first) in attempts.enumerated() where index + 5 < attempts.count {
            #expect(attempts[index + 5] - first >= .seconds(60))
        }
    }

    @Test("T5: feeds that crash and start anew while the venue is away make five attempts a minute together")
    func stormOfFeeds() {
        for seed in UInt64(1)...20 {
            var random = SplitMix64(seed: seed)
            var feeds = (0..<3).map { DeskDriver(seed: seed &* 10 &+ $0) }
            // What the gate counts for all of them.
            var shared = AttemptLog(limit: 5)
            var made: [Instant] = []
            for place in feeds.indices { feeds[place].start() }
            shared.failed(now: feeds[0].now)
            for second in 0..<600 {
                for place in feeds.indices {
                    if Int.random(in: 0..<20, using: &random) == 0 {
                        let now = feeds[place].now
                        feeds[place] = DeskDriver(seed: seed &* 10_000 &+ UInt64(second))
                        feeds[place].now = now
                        feeds[place].start()
                    }
                    let now = feeds[place].now
                    for number in feeds[place].take().connected {
                        let isFirst = feeds[place].desk.isFirstAttempt(number)
                        if let next = shared.attempt(now: now, isFirst: isFirst) {
                            feeds[place].desk.attemptHeld(number, until: next)
                        } else {
                            made.append(now)
                            shared.failed(now: now)
                            feeds[place].close(number)
                        }
                    }
                    feeds[place].pass(seconds: 1)
                }
            }
            for (place, time) in made.enumerated() where place >= 5 {
                #expect(time - made[place - 5] >= .seconds(60), "seed \(seed)")
            }
            #expect(made.count >= 40, "seed \(seed): it is tried as often as it may be")
        }
    }

    @Test("a thousand symbols spread over sockets of 200 streams, in few control messages")
    func manySymbols() {
        var driver = DeskDriver()
        driver.start()
        driver.want((0..<1_000).map { "S\($0)USDT" })
        _ = driver.take()
        driver.open(.book)
        driver.open(.mark)
        let sent = driver.take()
        #expect(driver.opened(.book).count == 5 && driver.opened(.mark).count == 5)
        #expect(sent.sent(.book).count == 10 && sent.sent(.mark).count == 10)
        for number in driver.opened(.book) {
            let names = sent.sent(on: number).flatMap { $0.split(separator: "@bookTicker") }
            #expect(names.count - sent.sent(on: number).count == 200)
        }
        driver.pass(seconds: 1)
        #expect(driver.take().sent.isEmpty)
        driver.want((0..<1_100).map { "S\($0)USDT" })
        #expect(driver.desk.followedCount == 1_024)
        #expect(driver.take().events.contains(.symbolLimit))
    }

    @Test("a socket gets at most five control messages a second")
    func controlRate() {
        var configuration = FeedConfiguration()
        configuration.streamsPerMessage = 10
        var driver = DeskDriver(configuration)
        driver.start()
        driver.want((0..<200).map { "S\($0)USDT" })
        _ = driver.take()
        driver.open(.book)
        for _ in 0..<4 {
            #expect(driver.take().sent(.book).count == 5)
            driver.pass(seconds: 1)
        }
        #expect(driver.take().sent(.book).isEmpty)
    }

    @Test("a socket that never opens is closed, and one without streams leaves")
    func lifetimes() {
        var configuration = FeedConfiguration()
        configuration.streamsPerSocket = 1
        var driver = DeskDriver(configuration)
        driver.start()
        driver.open(.book)
        _ = driver.take()
        driver.pass(seconds: 16)
        #expect(driver.take().closed == driver.connecting(.mark))
        driver.want("BTCUSDT", "ETHUSDT")
        driver.open(.book)
        #expect(driver.opened(.book).count == 2)
        driver.want("BTCUSDT")
        for update in 1...60 {
            driver.speak(["BTCUSDT"], update: Int64(update))
            driver.pass(seconds: 1)
        }
        let closed = driver.take().closed
        let left = driver.opened(.book).filter { !closed.contains($0) }
        #expect(left == [driver.desk.symbols[0].streams[0].socket])
    }
}

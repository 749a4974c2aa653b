import Bounded
import Chronology
import Quotes
import Testing
import Trading

@testable import PriceFeedService

@Suite("Feed renewal")
struct FeedRenewalTests {
    private func renewing(_ names: String...) -> DeskDriver {
        var driver = DeskDriver.streaming(names[0], names[1])
        driver.now = driver.now + .seconds(23 * 3600)
        driver.speak(names, update: 1)
        driver.pass(seconds: 1)
        return driver
    }

    @Test("invariant 6: before its 24 hours are up a second socket overlaps, then the first closes")
    func overlaps() throws {
        var driver = renewing("BTCUSDT", "ETHUSDT")
        let old = driver.opened(.book)
        #expect(driver.take().connected.count == 2 && old.count == 1)
        driver.open(.book)
        let new = try #require(driver.opened(.book).first { $0 != old[0] })
        #expect(driver.take().sent(on: new)[0].contains("btcusdt@bookTicker"))
        // Both stream: what the second says again is no tick.
        #expect(driver.book(on: old[0], "BTCUSDT", update: 2).isChange)
        #expect(driver.book(on: new, "BTCUSDT", update: 2) == .duplicate(slot: 0))
        driver.pass(seconds: 1)
        #expect(driver.take().closed.isEmpty)
        #expect(driver.book(on: new, "ETHUSDT", update: 3).isChange)
        #expect(driver.book(on: old[0], "ETHUSDT", update: 3) == .duplicate(slot: 1))
        // The older is behind: what it says late is known, and no fault.
        #expect(driver.book(on: old[0], "ETHUSDT", update: 2) == .duplicate(slot: 1))
        driver.pass(seconds: 1)
        #expect(driver.take().closed == old)
        driver.close(old[0])
        #expect(driver.desk.symbols.allSatisfy { $0.streams[0].socket == new })
        #expect(driver.desk.duplicates == 3 && driver.desk.count(of: .timeBack) == 0)
        driver.pass(seconds: 5)
        #expect(!driver.take().sent(.book).contains { $0.contains("btcusdt") })
    }

    @Test("a symbol that stays silent on the second socket does not hold the renewal up")
    func silentSymbol() {
        var driver = renewing("BTCUSDT", "ETHUSDT")
        let old = driver.opened(.book)
        driver.open(.book)
        for _ in 0..<9 { driver.pass(seconds: 1) }
        #expect(driver.take().closed.isEmpty)
        driver.pass(seconds: 2)
        #expect(driver.take().closed == old)
    }

    @Test("a second socket that fails leaves the first at work, and is tried again")
    func failedSuccessor() throws {
        var driver = renewing("BTCUSDT", "ETHUSDT")
        let old = driver.opened(.book)
        driver.open(.book)
        let new = try #require(driver.opened(.book).first { $0 != old[0] })
        driver.close(new)
        #expect(driver.book(on: old[0], "BTCUSDT", update: 2).isChange)
        _ = driver.take()
        driver.pass(seconds: 29)
        #expect(driver.connecting(.book).isEmpty)
        driver.pass(seconds: 35)
        #expect(!driver.connecting(.book).isEmpty)
    }

    @Test("where the first dies meanwhile, the second has the streams at once")
    func failedPredecessor() throws {
        var driver = renewing("BTCUSDT", "ETHUSDT")
        let old = driver.opened(.book)
        driver.open(.book)
        let new = try #require(driver.opened(.book).first { $0 != old[0] })
        driver.close(old[0])
        #expect(driver.desk.symbols.allSatisfy { $0.streams[0].socket == new })
        #expect(driver.book(on: new, "BTCUSDT", update: 2).isChange)
    }

    @Test("no tick is missed and none doubled, whatever the two sockets' delays (200 seeds)")
    func property() throws {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            var driver = renewing("BTCUSDT", "ETHUSDT")
            let old = driver.opened(.book)[0]
            driver.open(.book)
            let new = try #require(driver.opened(.book).first { $0 != old })
            // Each socket says the same in the same order, at its own pace.
            var next = [old: Int64(2), new: Int64.random(in: 2...10, using: &random)]
            var taken: [Int64] = []
            var isOldOpen = true
            while taken.last ?? 0 < 200 {
                let number = isOldOpen && Bool.random(using: &random) ? old : new
                guard let update = next[number] else { break }
                next[number] = update + 1
                if driver.book(on: number, "BTCUSDT", update: update).isChange {
                    taken.append(update)
                }
                driver.now = driver.now + .milliseconds(Int64.random(in: 1...200, using: &random))
                driver.desk.secondPassed(now: driver.now, &driver.actions)
                if driver.take().closed.contains(old) {
                    isOldOpen = false
                    driver.close(old)
                    // A stream that is behind has to catch up with what is known.
                    next[new] = min(next[new] ?? 2, (taken.last ?? 1) + 1)
                }
            }
            #expect(taken == taken.sorted() && Set(taken).count == taken.count, "seed \(seed)")
            #expect(driver.desk.count(of: .timeBack) == 0, "seed \(seed)")
            #expect(!isOldOpen, "seed \(seed)")
        }
    }
}

extension FrameEffect {
    var isChange: Bool { if case .changed = self { true } else { false } }
}

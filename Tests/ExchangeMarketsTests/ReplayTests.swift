import Chronology
import ExchangeMarkets
import Foundation
import Matching
import Testing
import Trading

@Suite("Replay of a recording") struct ReplayTests {
    /// A small recording by hand: diffs before the snapshot, the snapshot, tops, trades, a stale top, a
    /// frame of another symbol and one of another kind.
    private static let small = """
        1000000000 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1,"T":1,\
        "s":"BTCUSDT","U":1,"u":10,"pu":0,"b":[["99.00","1.000"],["98.00","2.000"]],\
        "a":[["101.00","1.500"]]}}
        1010000000 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":11,"s":"BTCUSDT",\
        "b":"99.50","B":"0.500","a":"100.50","A":"0.700","T":1,"E":1}}
        1020000000 {"lastUpdateId":9,"E":1,"T":1,"bids":[["99.00","9.000"],["97.00","3.000"]],\
        "asks":[["101.00","9.000"],["102.00","4.000"]]}
        1030000000 {"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":12,"s":"ETHUSDT",\
        "b":"1.00","B":"1","a":"2.00","A":"1","T":1,"E":1}}
        1040000000 {"stream":"btcusdt@markPrice","data":{"e":"markPriceUpdate","E":1,\
        "s":"BTCUSDT","p":"1","i":"1","r":"0","T":1}}
        1050000000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT",\
        "t":77,"p":"100.50","q":"0.200","X":"MARKET","m":false}}
        1060000000 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1,"T":1,\
        "s":"BTCUSDT","U":11,"u":20,"pu":10,"b":[["99.50","0.000"],["98.00","0.000"]],\
        "a":[["100.50","0.300"],["103.00","1.000"]]}}
        1070000000 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":15,"s":"BTCUSDT",\
        "b":"99.50","B":"0.500","a":"100.50","A":"0.500","T":1,"E":1}}
        1080000000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT",\
        "t":78,"p":"99.00","q":"0.400","X":"INSURANCE_FUND","m":true}}
        1090000000 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":21,"s":"BTCUSDT",\
        "b":"100.60","B":"0.100","a":"101.00","A":"1.400","T":1,"E":1}}
        """

    private func started(_ text: String = small, loops: Bool = false) throws -> FloorFixture {
        var fixture = FloorFixture()
        let feed = try ReplayFeed(Array(text.utf8))
        #expect(feed.symbol.name == "BTCUSDT")
        let isAttached = fixture.floor.attach(feed, loops: loops)
        #expect(isAttached)
        return fixture
    }

    private func lines(_ fixture: FloorFixture, _ side: Side) -> [String] {
        fixture.floor.markets[0].book.depth(side).map { "\($0.price) \($0.quantity)" }
    }

    @Test("The book is what the frames say, in the order of their ids")
    func book() throws {
        var fixture = try started()
        fixture.run(.milliseconds(30))
        #expect(lines(fixture, .buy) == ["99.5 0.5", "99 1", "98 2", "97 3"])
        #expect(lines(fixture, .sell) == ["100.5 0.7", "101 1.5", "102 4"])
        fixture.run(.milliseconds(35))
        #expect(lines(fixture, .buy) == ["99 1", "97 3"])
        #expect(lines(fixture, .sell) == ["100.5 0.3", "101 1.5", "102 4", "103 1"])
        #expect(fixture.prints.map { "\($0.price) \($0.quantity)" } == ["100.5 0.2"])
        fixture.run(.milliseconds(40))
        #expect(lines(fixture, .buy) == ["100.6 0.1", "99 1", "97 3"])
        #expect(lines(fixture, .sell) == ["101 1.4", "102 4", "103 1"])
        #expect(fixture.floor.replayProgress(0)?.stale == 1)
        #expect(fixture.prints.count == 1)
        fixture.run(.seconds(10))
        #expect(fixture.floor.replayProgress(0)?.frames == 7)
    }

    private func limit(_ side: Side, _ quantity: String, at price: String) -> OrderTicket {
        OrderTicket(
            owner: OwnerID(1), side: side, type: .limit, quantity: decimal(quantity),
            limit: decimal(price))
    }

    @Test("Accounts trade against the recorded book; recorded trades and quotes reach their orders")
    func clients() throws {
        var fixture = try started()
        fixture.run(.milliseconds(30))
        var events: [MatchEvent] = []
        // It takes the recorded ask; the recording says later what rests there.
        _ = fixture.floor.place(limit(.buy, "0.6", at: "100.5"), 0, wall: fixture.wall, &events)
        #expect(fixture.floor.markets[0].book.position(of: OwnerID(1)) == decimal("0.6"))
        // It undercuts the recorded ask, so the recorded trade at 100.5 takes it first.
        _ = fixture.floor.place(limit(.sell, "0.15", at: "100.4"), 0, wall: fixture.wall, &events)
        fixture.run(.milliseconds(25))
        #expect(fixture.floor.markets[0].book.position(of: OwnerID(1)) == decimal("0.45"))
        fixture.run(.milliseconds(10))
        #expect(lines(fixture, .sell).first == "100.5 0.3")
        // A recorded bid above an account's ask trades with it.
        _ = fixture.floor.place(limit(.sell, "0.25", at: "100.55"), 0, wall: fixture.wall, &events)
        fixture.run(.milliseconds(40))
        #expect(fixture.floor.markets[0].book.position(of: OwnerID(1)) == decimal("0.35"))
        #expect(lines(fixture, .sell).first == "100.55 0.15")
        #expect(lines(fixture, .buy).first == "99 1")
    }

    @Test("A recording that loops begins again with an empty book, and accounts' orders stay")
    func loops() throws {
        var fixture = try started(loops: true)
        fixture.run(.milliseconds(50))
        var events: [MatchEvent] = []
        _ = fixture.floor.place(limit(.buy, "1", at: "90"), 0, wall: fixture.wall, &events)
        fixture.run(.milliseconds(500))
        #expect(lines(fixture, .buy) == ["90 1"])
        fixture.run(.milliseconds(570))
        #expect(lines(fixture, .buy) == ["99.5 0.5", "99 1", "98 2", "97 3", "90 1"])
    }

    @Test("What is no recording is refused with its line")
    func problems() {
        func reason(_ text: String) -> String? {
            do {
                _ = try ReplayFeed(Array(text.utf8))
                return nil
            } catch { return "\(error)" }
        }
        #expect(reason("") == "line 0: no bookTicker or trade frame to replay")
        #expect(reason("hello")?.hasPrefix("line 1: does not begin with a time") == true)
        #expect(reason("12 {\"e\":")?.hasPrefix("line 1: not a frame") == true)
        #expect(reason("99999999999999999999 {}") != nil)
    }

    @Test("The whole recording of 2024-08-08 leaves the book uncrossed, and its top is the recorded one")
    func recorded() throws {
        guard let url = Fixture.path("recordings/usdm_btcusdt_20240808.gz") else {
            Fixture.skip("recordings/usdm_btcusdt_20240808.gz")
            return
        }
        let bytes = try Fixture.unzipped(url)
        var feed = try ReplayFeed(bytes)
        var fixture = FloorFixture()
        let isAttached = fixture.floor.attach(feed, loops: false)
        #expect(isAttached)
        var frame = ReplayFrame()
        var depthID: Int64 = 0
        var (shown, stale, differences, crossed) = (0, 0, 0, 0)
        fixture.run(.zero)
        // The floor applies one frame an action; the same frames are read here beside it.
        var applied: Int64 = fixture.floor.replayProgress(0)!.frames
        var read: Int64 = 0
        while try feed.next(&frame) {
            read += 1
            while applied < read {
                fixture.now = fixture.floor.nextDue
                fixture.matched.removeAll(keepingCapacity: true)
                let wall = WallTime(milliseconds: fixture.wall)
                _ = fixture.floor.act(fixture.floor.nextDue, wall: wall, &fixture.matched)
                _ = fixture.floor.takeTold()
                applied = fixture.floor.replayProgress(0)!.frames
            }
            if applied > read { continue }
            let market = fixture.floor.markets[0]
            if let bid = market.book.best(.buy), let ask = market.book.best(.sell),
                bid.price >= ask.price
            {
                crossed += 1
            }
            if frame.kind == .depth { depthID = max(depthID, frame.updateID) }
            guard frame.kind == .ticker else { continue }
            if frame.updateID < depthID {
                stale += 1
                continue
            }
            shown += 1
            let ticker = market.ticker
            let isSame =
                ticker.bid == frame.bids[0].price && ticker.bidQuantity == frame.bids[0].quantity
                && ticker.ask == frame.asks[0].price && ticker.askQuantity == frame.asks[0].quantity
            if !isSame { differences += 1 }
        }
        #expect(crossed == 0)
        #expect(differences == 0, "of \(shown) shown, \(stale) stale")
        #expect(shown > 60_000, "\(stale) stale")
        #expect(read > 90_000)
        #expect(fixture.floor.markets[0].book.levelCount(.buy) > 500)
        print("replayed \(read) frames: \(shown) tops shown, \(stale) older than the depth by then")
    }
}

extension Fixture {
    static func unzipped(_ url: URL) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", url.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(data)
    }
}

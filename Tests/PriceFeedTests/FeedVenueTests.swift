import Bounded
import BusProtocol
import Bytes
import Chronology
import Quotes
import Testing
import Trading
import VenueProtocol

@testable import PriceFeedService

@Suite("Feed venues")
struct FeedVenueTests {
    private func streaming(_ venue: FeedVenue, _ names: String...) -> DeskDriver {
        var configuration = FeedConfiguration()
        configuration.venue = venue
        var driver = DeskDriver(configuration)
        driver.start()
        driver.want(names)
        driver.open(.book)
        return driver
    }

    @Test("Binance spot: bookTicker without event and times makes a quote without a mark")
    func binanceSpot() throws {
        var driver = streaming(.binanceSpot, "BTCUSDT")
        #expect(driver.take().sent == [
            "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@bookTicker\"],\"id\":1}"
        ])
        #expect(driver.connecting(.mark).isEmpty)
        let text =
            "{\"stream\":\"btcusdt@bookTicker\",\"data\":{\"u\":400900217,\"s\":\"BTCUSDT\","
            + "\"b\":\"25.35190000\",\"B\":\"31.21000000\",\"a\":\"25.36520000\",\"A\":\"40.66000000\"}}"
        #expect(driver.frame(.book, text).isChange)
        #expect(driver.desk.quote(at: 0).bid == Price(text: "25.3519"))
        #expect(driver.record().isFresh && driver.record().mark.isZero)
        #expect(driver.frame(.book, "{\"result\":null,\"id\":1}") == .other)
        #expect(driver.frame(.book, "{\"e\":\"serverShutdown\",\"E\":1}") == .other)
        #expect(driver.frame(.book, "<html>502</html>") == .refused(.badField))
    }

    @Test("MEXC: protobuf frames, 30 subscriptions a connection, no idle connection, its own ping")
    func mexc() throws {
        var driver = streaming(.mexcSpot)
        #expect(driver.take().connected.isEmpty)
        driver.want((0..<70).map { "S\($0)USDT" })
        #expect(driver.take().connected.count == 3)
        driver.open(.book)
        let sent = driver.take().sent
        #expect(sent.count == 3 && sent[0].contains("\"method\":\"SUBSCRIPTION\""))
        #expect(sent[0].contains("spot@public.aggre.bookTicker.v3.api.pb@100ms@S0USDT"))
        let slot = try #require(Symbol("S5USDT").flatMap { driver.desk.slot(of: $0) })
        var writer = MEXCPushWriter()
        let head = MEXCPushWriter.Head(
            channel: "spot@public.aggre.bookTicker.v3.api.pb@100ms@S5USDT", symbol: "S5USDT",
            createMilliseconds: 0, sendMilliseconds: 1_736_412_092_433)
        writer.bookTicker(
            head, bid: BookLevel(price: .whole(93), quantity: .whole(2)),
            ask: BookLevel(price: .whole(94), quantity: .whole(3)), version: 7)
        let bytes = writer.bytes
        let effect = driver.desk.frameReceived(.book, bytes.rawSpan, now: driver.now)
        #expect(effect == .changed(slot: slot, publish: true, store: true))
        #expect(driver.desk.quote(at: slot).ask == .whole(94))
        let reply = driver.desk.configuration.venue.controlReply(
            Array("{\"id\":0,\"code\":0,\"msg\":\"PONG\"}".utf8).rawSpan)
        #expect(reply?.error == nil && reply != nil)
        driver.pass(seconds: 20)
        #expect(driver.take().sent.count { $0 == "{\"method\":\"PING\"}" } == 3)
    }

    @Test("I3: bytes that are no message of the venue change nothing, whichever venue it is")
    func mutated() throws {
        for venue in FeedVenue.allCases {
            var driver = streaming(venue, "BTCUSDT")
            var random = SplitMix64(seed: 11)
            for _ in 0..<3_000 {
                let length = Int.random(in: 0..<200, using: &random)
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                for kind in venue.kinds {
                    let effect = driver.desk.frameReceived(kind, bytes.rawSpan, now: driver.now)
                    #expect(!effect.isChange)
                }
            }
            #expect(driver.desk.quote(at: 0) == Quote())
        }
    }
}

@Suite("Feed books")
struct FeedBookTests {
    private func depth(_ first: Int64, _ last: Int64, _ previous: Int64, bid: String = "99") -> String
    {
        "{\"e\":\"depthUpdate\",\"E\":1,\"T\":1,\"s\":\"BTCUSDT\",\"U\":\(first),\"u\":\(last),"
            + "\"pu\":\(previous),\"b\":[[\"\(bid)\",\"5\"]],\"a\":[[\"101\",\"2\"]]}"
    }

    private func snapshot(_ id: Int64) -> DepthChange {
        var change = DepthChange()
        change.firstID = id
        change.lastID = id
        for offset in Int64(1)...30 {
            change.bids.append(BookLevel(price: .whole(100 - offset), quantity: .whole(offset)))
            change.asks.append(BookLevel(price: .whole(100 + offset), quantity: .whole(offset)))
        }
        return change
    }

    private func following() throws -> (DeskDriver, Symbol) {
        let symbol = try #require(Symbol("BTCUSDT"))
        var driver = DeskDriver.streaming("BTCUSDT")
        driver.desk.demandReceived([], deep: [symbol], now: driver.now, &driver.actions)
        #expect(driver.take().connected.count == 1)
        driver.open(.depth)
        return (driver, symbol)
    }

    @Test("a watched book is a stream and a snapshot, and shows twenty levels")
    func comesUp() throws {
        var (driver, symbol) = try following()
        #expect(driver.take().sent == [
            "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@depth@100ms\"],\"id\":1}"
        ])
        #expect(driver.frame(.depth, depth(8, 11, 7)) == .waiting(slot: 0, isNews: true))
        driver.desk.booksDue(now: driver.now, &driver.actions)
        #expect(driver.take().asked == [symbol])
        #expect(driver.frame(.depth, depth(12, 14, 11)) == .waiting(slot: 0, isNews: false))
        driver.desk.depthAnswered(symbol, snapshot(10), now: driver.now, &driver.actions)
        #expect(driver.take() == [.publishDepth(0), .storeDepth(0)])
        driver.now = driver.now + .milliseconds(50)
        #expect(
            driver.frame(.depth, depth(15, 16, 14)) == .levels(slot: 0, publish: true, store: false))
        var out = ByteWriter()
        let name = Array("BTCUSDT".utf8)
        let isWritten = driver.desk.writeDepth(
            0, symbol: name.rawSpan, now: driver.now, wall: driver.wall, isStored: false, into: &out)
        #expect(isWritten)
        let (name2, message) = try DepthMessage.decode(out.rawSpan)
        #expect(name2 == "BTCUSDT" && message.lastID == 16)
        #expect(message.bids.count == 20 && message.asks.count == 20)
        #expect(message.bids[0] == BookLevel(price: .whole(99), quantity: .whole(5)))
    }

    @Test("a gap shows nothing until a new snapshot has come, which is asked for within its pauses")
    func gap() throws {
        var (driver, symbol) = try following()
        _ = driver.frame(.depth, depth(8, 11, 7))
        driver.desk.booksDue(now: driver.now, &driver.actions)
        driver.desk.depthAnswered(symbol, snapshot(10), now: driver.now, &driver.actions)
        _ = driver.take()
        driver.now = driver.now + .seconds(1)
        #expect(driver.frame(.depth, depth(20, 21, 19)) == .waiting(slot: 0, isNews: true))
        #expect(driver.desk.bookLosses == 1 && driver.desk.bookCounts.live == 0)
        driver.desk.booksDue(now: driver.now, &driver.actions)
        #expect(driver.take().asked == [symbol])
        driver.desk.depthFailed(symbol, reason: "x", now: driver.now, &driver.actions)
        driver.desk.booksDue(now: driver.now, &driver.actions)
        #expect(driver.take().asked.isEmpty)
        driver.now = driver.now + .seconds(1)
        driver.desk.booksDue(now: driver.now, &driver.actions)
        #expect(driver.take().asked == [symbol])
        driver.desk.depthAnswered(symbol, snapshot(20), now: driver.now, &driver.actions)
        #expect(driver.take().events == [.bookResynced] && driver.desk.bookCounts.live == 1)
    }

    /// A live book whose stream has been silent for eleven seconds, and has been asked for.
    private func silent() throws -> (DeskDriver, Symbol) {
        var (driver, symbol) = try following()
        _ = driver.frame(.depth, depth(8, 11, 7))
        driver.desk.booksDue(now: driver.now, &driver.actions)
        driver.desk.depthAnswered(symbol, snapshot(10), now: driver.now, &driver.actions)
        _ = driver.take()
        driver.pass(seconds: 11)
        return (driver, symbol)
    }

    @Test("a book's stream that is silent because nothing happens there is left alone, and stays fresh")
    func quietBook() throws {
        var (driver, symbol) = try silent()
        #expect(driver.take().filter { $0 == .ask(.depth, [symbol]) }.count == 1)
        // What the stream had changed since the first snapshot is in this one.
        var same = snapshot(11)
        driver.desk.book(at: 0).map { book in
            same.bids = ContiguousArray(book.levels(.buy, atMost: 30))
            same.asks = ContiguousArray(book.levels(.sell, atMost: 30))
        }
        driver.desk.depthAnswered(symbol, same, now: driver.now, &driver.actions)
        _ = driver.take()
        driver.pass(seconds: 50)
        let quiet = driver.take()
        #expect(quiet.sent(.depth).isEmpty && FeedBookTests.depthEvents(quiet).isEmpty)
        #expect(!quiet.contains(.ask(.depth, [symbol])) && quiet.contains(.storeDepth(0)))
        driver.pass(seconds: 12)
        #expect(driver.take().filter { $0 == .ask(.depth, [symbol]) }.count == 1)
    }

    @Test("T3, B3d: a book's stream that is dead is asked anew, moved, then left to REST, each told once")
    func deadBook() throws {
        var (driver, symbol) = try silent()
        driver.pass(seconds: 3)
        _ = driver.take()
        // REST shows other levels than the silent stream.
        var events: [FeedNote.Event] = []
        for round in 0..<60 {
            driver.desk.depthAnswered(
                symbol, snapshot(100 + Int64(round)), now: driver.now, &driver.actions)
            driver.open(.depth)
            // Other books of the socket are heard.
            driver.spoke(.depth)
            driver.pass(seconds: 1)
            events += FeedBookTests.depthEvents(driver.take())
        }
        for step in [FeedNote.Event.moved, .asked] {
            #expect(events.filter { $0 == step }.count == 1, "\(step)")
        }
        #expect(driver.desk.bookCounts.live == 1)
    }

    /// What was told of depth streams and their sockets.
    private static func depthEvents(_ actions: [FeedAction]) -> [FeedNote.Event] {
        actions.compactMap { action in
            guard case .note(let note) = action else { return nil }
            let isDepth = note.subject == "depth" || note.detail.hasPrefix("depth")
            return isDepth ? note.event : nil
        }
    }

    @Test("a silent book for which nobody vouches is no longer written to its key")
    func unvouched() throws {
        var (driver, _) = try silent()
        driver.pass(seconds: 1)
        _ = driver.take()
        driver.pass(seconds: 20)
        #expect(!driver.take().contains(.storeDepth(0)))
    }

    @Test("a book nobody watches any more leaves after its grace, its symbol stays")
    func leaves() throws {
        var (driver, symbol) = try following()
        driver.desk.demandReceived([symbol], now: driver.now, &driver.actions)
        _ = driver.take()
        driver.pass(seconds: 31)
        #expect(driver.take().sent(.depth).contains { $0.contains("UNSUBSCRIBE") })
        #expect(driver.desk.bookCounts.followed == 0 && driver.desk.followedCount == 1)
        #expect(driver.frame(.depth, depth(1, 2, 0)) == .refused(.unknownSymbol))
    }
}

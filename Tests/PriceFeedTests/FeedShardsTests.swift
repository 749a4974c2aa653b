import BusProtocol
import Bounded
import BusProtocol
import Chronology
import Quotes
import Testing
import Trading
import VenueProtocol

@testable import PriceFeedService

@Suite("Feed shards")
struct FeedShardsTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private let symbols = (0..<1_000).compactMap { Symbol("S\($0)USDT") }

    private func shards(_ name: String, _ members: [String]) -> FeedShards {
        var shards = FeedShards(name: name, timeToLive: .milliseconds(1_500))
        _ = shards.joined(members, asked: start)
        return shards
    }

    @Test("invariant 1: each symbol has exactly one owner, whoever asks, and shares are even")
    func owners() {
        for count in 1...6 {
            let names = (0..<count).map { "feed-\($0)" }
            let all = names.map { shards($0, names.shuffled()) }
            for symbol in symbols { #expect(all.count { $0.owns(symbol) } == 1) }
            for feed in all {
                let share = symbols.count { feed.owns($0) }
                #expect(share * count > 700 && share * count < 1_300, "\(share) of \(count)")
            }
        }
    }

    @Test("invariant 2: a member that comes or goes moves only what it owns")
    func smallMoves() {
        let before = ["a", "b", "c"].map { shards($0, ["a", "b", "c"]) }
        let after = ["a", "b"].map { shards($0, ["a", "b"]) }
        for symbol in symbols {
            for (old, new) in zip(before, after) where old.owns(symbol) { #expect(new.owns(symbol)) }
        }
    }

    @Test("invariant 3: a feed whose lease has lapsed is silent until it is renewed")
    func lapsed() {
        var feed = shards("a", ["a", "b"])
        #expect(feed.isHeld(now: start + .milliseconds(1_349)))
        #expect(!feed.isHeld(now: start + .milliseconds(1_350)))
        let isNews = feed.joined(["b", "a"], asked: start + .seconds(10))
        #expect(!isNews && feed.isHeld(now: start + .seconds(11)))
    }

    /// Two feeds of one venue, with all symbols wanted.
    private func pair() -> [DeskDriver] {
        ["a", "b"].map { name in
            var driver = DeskDriver(shard: name)
            driver.start()
            driver.open(.book)
            driver.open(.mark)
            driver.join(["a", "b"])
            driver.want(symbols.prefix(100).map(\.name))
            _ = driver.take()
            return driver
        }
    }

    private func speak(_ driver: inout DeskDriver, _ update: Int64) -> [String] {
        symbols.prefix(100).map(\.name).filter { name in
            if case .changed(_, true, _) = driver.book(name, update: update) { true } else { false }
        }
    }

    @Test("two feeds share the symbols, and the one left takes all of them when the other is gone")
    func takeover() throws {
        var feeds = pair()
        let first = feeds.map(\.desk.followedCount)
        #expect(first.reduce(0, +) == 100 && first.allSatisfy { $0 > 20 })
        let lost = speak(&feeds[1], 1)
        #expect(Set(speak(&feeds[0], 1)).isDisjoint(with: lost))
        feeds[0].now = feeds[0].now + .seconds(1)
        feeds[0].join(["a"])
        let actions = feeds[0].take()
        #expect(feeds[0].desk.followedCount == 100)
        #expect(lost.allSatisfy { name in
            actions.sent(.book).contains { $0.contains("\"\(name.lowercased())@bookTicker") }
        })
    }

    @Test("a feed that cannot reach the venue gives its symbols up, unless it is the only one")
    func unfit() {
        var feeds = pair()
        feeds[0].pass(seconds: 5)
        #expect(feeds[0].desk.isFit(now: feeds[0].now))
        feeds[0].close(.book)
        for _ in 0..<4 {
            feeds[0].now = feeds[0].now + .seconds(1)
            feeds[0].desk.watchReach(feeds[0].now)
        }
        #expect(!feeds[0].desk.isFit(now: feeds[0].now))
        feeds[0].join(["a"])
        #expect(feeds[0].desk.isFit(now: feeds[0].now))
    }

    @Test("a symbol that another feed takes is silent at once, and left after three seconds")
    func handover() throws {
        var feed = DeskDriver(shard: "a")
        feed.start()
        feed.open(.book)
        feed.join(["a"])
        feed.want(symbols.prefix(100).map(\.name))
        #expect(speak(&feed, 1).count == 100)
        feed.now = feed.now + .seconds(1)
        feed.join(["a", "b"])
        let kept = speak(&feed, 2)
        #expect(kept.count < 80 && feed.desk.followedCount == 100)
        _ = feed.take()
        feed.pass(seconds: 4)
        #expect(feed.desk.followedCount == kept.count)
        #expect(feed.take().sent(.book).contains { $0.contains("UNSUBSCRIBE") })
    }

    @Test("invariant 8: a symbol that comes back goes on above what the other can have given")
    func sequences() throws {
        var feed = DeskDriver(shard: "a")
        feed.start()
        feed.join(["a"])
        feed.want(symbols.prefix(100).map(\.name))
        feed.join(["a", "b"])
        let slot = try #require(feed.desk.symbols.indices.first { !feed.desk.symbols[$0].isOwned })
        let before = feed.desk.makeTick(slot, wall: feed.wall).sequence
        feed.wall = feed.wall + .seconds(2)
        feed.join(["a"])
        let after = feed.desk.makeTick(slot, wall: feed.wall).sequence
        #expect(after == feed.wall.milliseconds * 1_000 + 1 && after > before)
    }
}

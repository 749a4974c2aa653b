import Foundation
import Testing
import Trading

/// A spot venue that the feed serves, as the paper exchange has it.
struct SpotVenue: CustomTestStringConvertible {
    let name: String
    let kind: String
    /// The base path on the exchange's port.
    let base: String
    let symbol: String

    var testDescription: String { kind }

    static let all = [
        SpotVenue(name: "spot", kind: "binance-spot", base: "/spot", symbol: "BTCUSDT"),
        SpotVenue(name: "mexc", kind: "mexc-spot", base: "/mexc", symbol: "QRLUSDT"),
    ]
}

/// The feed on the spot venues, with both processes killed under way.
@Suite("price-feed on Binance spot and on MEXC, real processes", .serialized)
struct FeedVenuesTests {
    private let stage: ProcessStage

    init() throws { stage = try ProcessStage() }

    private func startFeed(_ venue: SpotVenue, port: Int) throws -> Process {
        try stage.start(
            "price-feed", [],
            [
                "PMS_VENUE": venue.name, "PMS_VENUE_KIND": venue.kind, "PMS_INSTANCE": "one",
                "PMS_VENUE_REST_URL": "http://127.0.0.1:\(port)\(venue.base)",
                "PMS_VENUE_WS_URL": "ws://127.0.0.1:\(port)\(venue.base)",
                "PMS_FEED_PUBLISH_MS": "0", "PMS_FEED_WRITE_MS": "0", "PMS_FEED_STALE_MS": "2000",
            ])
    }

    private func key(_ venue: SpotVenue, _ kind: String) -> String {
        "pms:{\(venue.name)}:\(kind):\(venue.symbol)"
    }

    /// The next ticks, each sound and one after the other; their last sequence number.
    private func followTicks(
        _ channel: ChannelReader, _ venue: SpotVenue, count: Int, after former: Int64 = 0
    ) throws -> Int64 {
        var last: Int64?
        var seen = 0
        let end = Date(timeIntervalSinceNow: Waiting.patience)
        while seen < count {
            let message = try #require(channel.message(until: end), "\(seen) ticks")
            let object = try JSONSerialization.jsonObject(with: Data(message.utf8))
            let tick = try #require(object as? [String: String])
            let sequence = try #require(tick["seq"].flatMap { Int64($0) })
            // What was on its way when a process died is from before.
            if sequence <= former { continue }
            if let last { #expect(sequence == last + 1) }
            last = sequence
            seen += 1
            let prices = try BestPrices(tick)
            #expect(tick["s"] == venue.symbol)
            #expect(prices.bid.isPositive && prices.bid < prices.ask)
            #expect(prices.bidQuantity.isPositive && prices.askQuantity.isPositive)
            #expect(tick["m"] == "0" && tick["i"] == "0")
        }
        return try #require(last)
    }

    private func state(_ venue: SpotVenue) -> [String] {
        stage.redis("HMGET", key(venue, "price"), "state", "source").split(separator: "\n")
            .map(String.init)
    }

    /// The levels of the book in its key, best first; nil where there is none.
    private func book(_ venue: SpotVenue) -> (bids: [[String]], asks: [[String]], time: Int64)? {
        let text = stage.redis("GET", key(venue, "depth"))
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
            let fields = object as? [String: Any], let bids = fields["b"] as? [[String]],
            let asks = fields["a"] as? [[String]], let time = fields["t"] as? String
        else { return nil }
        return (bids, asks, Int64(time) ?? 0)
    }

    private func checkBook(_ venue: SpotVenue) throws {
        // Kept as it is seen: its key may be gone at the next look.
        var seen: (bids: [[String]], asks: [[String]], time: Int64)?
        _ = stage.wait {
            seen = book(venue)
            return seen?.bids.count == 20
        }
        let held = try #require(seen, "\(stage.redis("KEYS", "*"))")
        #expect(held.bids.count == 20)
        #expect(held.asks.count == 20)
        let bids = try held.bids.map { try level($0) }
        let asks = try held.asks.map { try level($0) }
        #expect(zip(bids, bids.dropFirst()).allSatisfy { $0.bid > $1.bid })
        #expect(zip(asks, asks.dropFirst()).allSatisfy { $0.bid < $1.bid })
        #expect(try #require(bids.first).bid < #require(asks.first).bid)
        #expect((bids + asks).allSatisfy { $0.bid.isPositive && $0.bidQuantity.isPositive })
        #expect(stage.wait { (book(venue)?.time ?? 0) > held.time })
    }

    private func level(_ row: [String]) throws -> BestPrices {
        try #require(row.count == 2)
        return try BestPrices(["b": row[0], "B": row[1], "a": row[0], "A": row[1]])
    }

    @Test(
        "ticks, price records and books come, and come back after kill -9 of either one (T2, T5)",
        arguments: SpotVenue.all)
    func recovery(venue: SpotVenue) throws {
        let channel = try stage.listen(to: key(venue, "tick"))
        var (exchange, port) = try stage.startExchange()
        var feed = try startFeed(venue, port: port)
        stage.watch(venue.name, venue.symbol, isDeep: true)
        var last = try followTicks(channel, venue, count: 30)
        #expect(stage.wait { state(venue) == ["fresh", "stream"] }, "\(state(venue))")
        try checkBook(venue)

        ProcessStage.end(exchange)
        #expect(stage.wait { state(venue).first == "stale" }, "\(state(venue))")
        let known = stage.redis("HGET", key(venue, "price"), "seq")
        (exchange, port) = try stage.startExchange(port: port)
        last = try followTicks(channel, venue, count: 30, after: try #require(Int64(known)))
        #expect(stage.wait { state(venue) == ["fresh", "stream"] }, "\(state(venue))")
        try checkBook(venue)

        ProcessStage.end(feed)
        feed = try startFeed(venue, port: port)
        // Sequences rise over restarts, so that a reader knows the newer tick.
        _ = try followTicks(channel, venue, count: 30, after: last + 1_000)
        #expect(stage.wait { state(venue) == ["fresh", "stream"] }, "\(state(venue))")
        try checkBook(venue)
        #expect(!stage.log(of: feed).contains("frame dropped"))
    }
}

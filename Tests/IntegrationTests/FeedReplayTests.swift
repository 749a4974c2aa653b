import Foundation
import Testing

/// What a real price-feed publishes of a session that a real paper exchange replays, tick by tick.
@Suite("A replayed session through exchange, feed and Redis", .serialized)
struct FeedReplayTests {
    private static let seed: UInt64 = 20_240_808

    @Test("every best price of a session made up is published once, in order and exactly (I1, I2)")
    func madeUp() throws {
        try check(Recording(seed: Self.seed, count: 8_000), hastened: 2)
    }

    @Test(
        "every best price of the recorded BTCUSDT session is published once, in order and exactly",
        .disabled(if: Recording.file == nil, "no ../shared"))
    func recorded() throws {
        let file = try #require(Recording.file)
        try check(Recording(file, count: 16_000), hastened: 4)
    }

    /// - Parameter times: how much faster the session goes by than it was recorded.
    private func check(_ session: Recording, hastened times: Int64) throws {
        var recording = session
        recording.hasten(times, afterWaiting: 6)
        let expected = try recording.tops()
        try #require(expected.count > 1_000)
        let stage = try ProcessStage()
        try recording.write(to: "\(stage.folder)/session")
        let channel = try stage.listen(to: "pms:{usdm}:tick:BTCUSDT")
        stage.watch("usdm", "BTCUSDT")
        let (exchange, port) = try stage.startExchange(["--replay", "\(stage.folder)/session"])
        let feed = try stage.start(
            "price-feed", [],
            ["PMS_PAPER_PORT": "\(port)", "PMS_FEED_PUBLISH_MS": "0", "PMS_FEED_WRITE_MS": "0"])
        let ticks = try ticks(channel, until: expected, times: times, stage, feed)
        try compare(ticks, with: expected)
        #expect(exchange.isRunning && feed.isRunning)
        #expect(!stage.log(of: feed).contains("frame dropped"))
        #expect(!stage.log(of: feed).contains("\"alert\""))
    }

    /// Ticks from the first one on, until the session's last best prices have been told.
    private func ticks(
        _ channel: ChannelReader, until expected: [BestPrices], times: Int64,
        _ stage: ProcessStage, _ feed: Process
    ) throws -> [PublishedTick] {
        var ticks: [PublishedTick] = []
        var left: Int?
        while left != 0 {
            let end = Date(timeIntervalSinceNow: Waiting.patience)
            let message = try #require(
                channel.message(until: end), "\(stage.log(of: feed).suffix(2_000))")
            let tick = try PublishedTick(message)
            // Before the first book there may be a mark alone.
            guard let prices = tick.prices, prices != ticks.last?.prices else {
                if tick.prices != nil { ticks.append(tick) }
                continue
            }
            ticks.append(tick)
            if let more = left {
                left = more - 1
            } else {
                // It has to have begun near the start: the exchange waits for it there.
                let start = try #require(expected.prefix(expected.count / 2).firstIndex(of: prices))
                left = expected.count - start - 1
            }
        }
        return ticks
    }

    private func compare(_ ticks: [PublishedTick], with expected: [BestPrices]) throws {
        let first = try #require(ticks.first)
        let start = try #require(expected.firstIndex { $0 == first.prices })
        var place = start
        for (tick, next) in zip(ticks, ticks.dropFirst()) {
            #expect(next.sequence == tick.sequence + 1)
            #expect(next.isNews(after: tick), "told twice: \(next)")
            #expect(next.bookTime >= tick.bookTime && next.markTime >= tick.markTime)
            #expect(next.time >= tick.time)
            guard next.prices != tick.prices else { continue }
            place += 1
            try #require(
                next.prices == expected[place],
                "best prices \(place) of \(expected.count): \(next), not \(expected[place])")
        }
        #expect(place == expected.count - 1)
        // Marks come between them, one a second.
        #expect(Set(ticks.map(\.markTime)).count > 3)
    }
}

/// A tick as its subscribers get it, read by other means than ours.
private struct PublishedTick {
    let sequence: Int64
    /// Nil while the book is not known.
    let prices: BestPrices?
    let mark: String
    let index: String
    let bookTime: Int64
    let markTime: Int64
    let time: Int64

    init(_ message: String) throws {
        let object = try JSONSerialization.jsonObject(with: Data(message.utf8))
        let data = try #require(object as? [String: Any])
        func text(_ key: String) throws -> String { try #require(data[key] as? String) }
        func integer(_ key: String) throws -> Int64 { try #require(Int64(try text(key))) }
        #expect(try text("s") == "BTCUSDT")
        sequence = try integer("seq")
        prices = try text("b") == "0" ? nil : try BestPrices(data)
        mark = try text("m")
        index = try text("i")
        bookTime = try integer("tb")
        markTime = try integer("tm")
        time = try integer("t")
    }

    /// Whether it says anything that the one before did not.
    func isNews(after former: PublishedTick) -> Bool {
        prices != former.prices || bookTime != former.bookTime || markTime != former.markTime
            || mark != former.mark || index != former.index
    }
}

import Bytes
import CFloor
import Chronology
import Glibc
import Trading
import VenueProtocol

/// The feed's hot path in memory: a frame to exact decimals, and each kind of frame to the bytes of
/// PUBLISH, beside the same in plain C.
let feedBenchmark = Benchmark(name: "feed") {
    let tickers = FeedFrames(.bookTicker, count: 4_096, seed: 7)
    let parse = Measure.nanoseconds(perOperationOf: tickers.count) { FeedBench.parse(tickers) }
    let floor = Measure.nanoseconds(perOperationOf: tickers.count) {
        unsafe floor_scan_book_tickers(tickers.bytes, tickers.ends, tickers.count)
    }
    var figures = [Figure("feed.parse", parse, "ns", floor: floor)]
    for kind in FeedFrameKind.allCases { figures += try FeedBench.inMemory(kind) }
    figures.append(try FeedBench.coalesced())
    figures += try FeedBench.growth()
    figures += FeedCount.figures()
    figures += try FeedSocketBench.figures()
    return figures
}

/// A frame of the benchmark was not taken: the figures would not mean what they say.
struct FeedBenchProblem: Error, CustomStringConvertible {
    let description: String
}

enum FeedBench {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// Reads frames to decimals, and nothing more.
    @inline(never)
    static func parse(_ frames: FeedFrames) -> UInt64 {
        let span = frames.bytes.rawSpan
        var mixed: UInt64 = 0
        var start = 0
        for end in frames.ends {
            guard let frame = try? BookTickerFrame(span.extracting(start..<Int(end))) else {
                return 0
            }
            mixed ^= UInt64(truncatingIfNeeded: frame.bid.units ^ frame.bidQuantity.units)
            mixed ^= UInt64(truncatingIfNeeded: frame.ask.units ^ frame.askQuantity.units)
            mixed ^= UInt64(bitPattern: frame.updateID ^ frame.eventMilliseconds)
            start = Int(end)
        }
        return mixed
    }

    /// Every frame of a kind published; rounds of both alternate, so that whatever else the machine
    /// does falls on both alike.
    static func inMemory(_ kind: FeedFrameKind) throws -> [Figure] {
        let frames = FeedFrames(kind, count: kind == .depth ? 1_024 : 4_096, seed: 7)
        var now = start
        var pipeline = FeedPipeline(publishing: .zero, now: now)
        let floor = try FloorFeed(["BTCUSDT"])
        var (own, base) = (Double.infinity, Double.infinity)
        for _ in 0..<30 {
            own = min(
                own,
                Measure.nanoseconds(perOperationOf: frames.count, rounds: 2) {
                    pipeline.run(frames, &now)
                })
            base = min(
                base,
                Measure.nanoseconds(perOperationOf: frames.count, rounds: 2) {
                    floor.run(frames)
                })
        }
        guard pipeline.published == 60 * frames.count, floor.published == 60 * frames.count else {
            throw FeedBenchProblem(description: "a \(kind) frame was not taken")
        }
        let name = "feed.\(kind.rawValue)"
        let before = floor_allocations()
        Measure.sink(pipeline.run(frames, &now))
        let allocated = Double(floor_allocations() - before) / Double(frames.count)
        return [
            Figure(name, 1e9 / own, "frames/s", floor: 1e9 / base),
            Figure("\(name).allocations", allocated, "per frame"),
        ]
    }

    /// One tick in 50 ms of 5,000 frames a second.
    static func coalesced() throws -> Figure {
        let frames = FeedFrames(.bookTicker, count: 4_096, seed: 7)
        var now = start
        var pipeline = FeedPipeline(publishing: .milliseconds(50), now: now)
        let time = Measure.nanoseconds(perOperationOf: frames.count) { pipeline.run(frames, &now) }
        guard pipeline.published > 0 else {
            throw FeedBenchProblem(description: "nothing was published")
        }
        return Figure("feed.coalesced", 1e9 / time, "frames/s")
    }

    /// What a frame costs by the number of symbols that frames come for in turn.
    static func growth() throws -> [Figure] {
        try [10, 100, 1_000].map { count in
            let symbols = (0..<count).map { "S\($0)USDT" }
            let frames = FeedFrames(.bookTicker, count: 8_000, seed: 7, symbols: symbols)
            var now = start
            var pipeline = FeedPipeline(publishing: .zero, symbols: symbols, now: now)
            let floor = try FloorFeed(symbols)
            let time = Measure.nanoseconds(perOperationOf: frames.count) {
                pipeline.run(frames, &now)
            }
            let base = Measure.nanoseconds(perOperationOf: frames.count) { floor.run(frames) }
            guard pipeline.published > 0, floor.published > 0 else {
                throw FeedBenchProblem(description: "a frame of \(count) symbols was not taken")
            }
            return Figure("feed.symbols-\(count)", time, "ns", floor: base)
        }
    }
}

/// The feed in plain C.
@safe final class FloorFeed {
    private let feed: OpaquePointer

    init(_ symbols: [String]) throws {
        let names = unsafe symbols.map { unsafe strdup($0) }
        defer { unsafe names.forEach { unsafe free($0) } }
        let list = unsafe names.map { unsafe UnsafePointer($0!) }
        unsafe feed = floor_feed_create(list, list.count)
    }

    deinit { unsafe floor_feed_destroy(feed) }

    var published: Int { unsafe Int(floor_feed_published(feed)) }

    func run(_ frames: FeedFrames) -> UInt64 {
        unsafe floor_feed_run(feed, frames.kind.code, frames.bytes, frames.ends, frames.count)
    }
}

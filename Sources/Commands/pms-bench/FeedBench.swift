import Bounded
import BusProtocol
import Bytes
import CFloor
import Chronology
import PriceFeedService
import Quotes
import RedisLink
import Trading
import VenueProtocol

/// The feed's hot path: a bookTicker frame in memory to exact decimals, and to the bytes of PUBLISH.
let feedBenchmark = Benchmark(name: "feed") {
    let frames = BookFrames(count: 4_096, seed: 7)
    var pipeline = FeedPipeline(publishing: .zero)
    var coalescing = FeedPipeline(publishing: .milliseconds(50))
    let parse = Measure.nanoseconds(perOperationOf: frames.count) { frames.parse() }
    let floor = Measure.nanoseconds(perOperationOf: frames.count) {
        unsafe floor_scan_book_tickers(frames.bytes, frames.ends, frames.count)
    }
    let publish = Measure.nanoseconds(perOperationOf: frames.count) { pipeline.run(frames) }
    let coalesce = Measure.nanoseconds(perOperationOf: frames.count) { coalescing.run(frames) }
    guard pipeline.published > 0, coalescing.published > 0 else { throw FeedBenchProblem() }
    return [
        Figure("feed.parse", parse, "ns", floor: floor),
        Figure("feed.frame-to-publish", 1e9 / publish, "frames/s"),
        Figure("feed.frame-to-publish.time", publish, "ns"),
        Figure("feed.coalesced", 1e9 / coalesce, "frames/s"),
    ]
        + Counted.figures("feed.parse", frames.count) { frames.parse() }
        + Counted.figures("feed.frame-to-publish", frames.count) { pipeline.run(frames) }
}

/// A frame of the benchmark was not taken: the figures would not mean what they say.
private struct FeedBenchProblem: Error {}

/// What a body costs that no clock disturbs: allocations, and instructions where the kernel permits.
enum Counted {
    static func figures(_ name: String, _ count: Int, _ body: () -> UInt64) -> [Figure] {
        let descriptor = floor_instructions_open()
        let instructions = floor_instructions_read(descriptor)
        let allocations = floor_allocations()
        Measure.sink(body())
        let allocated = floor_allocations() - allocations
        let executed = floor_instructions_read(descriptor) - instructions
        return [
            Figure("\(name).allocations", Double(allocated) / Double(count), "per frame"),
            Figure(
                "\(name).instructions",
                descriptor < 0 ? .nan : Double(executed) / Double(count), "per frame"),
        ]
    }
}

/// Frames in the recorded form, one after the other in memory: prices that walk by ticks around
/// 61,800, quantities with three decimals, ids and times that rise.
private struct BookFrames {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    var count: Int { ends.count }

    init(count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var bid = 618_002
        var update: Int64 = 5_123_107_839_020
        var time: Int64 = 1_723_161_256_313
        func padded(_ value: Int, _ places: Int, _ scale: Int) -> String {
            let digits = String(value % scale)
            let zeros = String(repeating: "0", count: places - digits.count)
            return "\(value / scale).\(zeros)\(digits)"
        }
        for _ in 0..<count {
            bid += Int.random(in: -3...3, using: &random)
            update += Int64.random(in: 1...2_000, using: &random)
            time += Int64.random(in: 0...20, using: &random)
            let sizes = (0..<2).map { _ in
                padded(Int.random(in: 1...25_000, using: &random), 3, 1_000)
            }
            let ask = padded((bid + Int.random(in: 1...5, using: &random)) * 10, 2, 100)
            let text =
                "{\"e\":\"bookTicker\",\"u\":\(update),\"s\":\"BTCUSDT\","
                + "\"b\":\"\(padded(bid * 10, 2, 100))\",\"B\":\"\(sizes[0])\",\"a\":\"\(ask)\","
                + "\"A\":\"\(sizes[1])\",\"T\":\(time),\"E\":\(time + 1)}"
            bytes.append(contentsOf: text.utf8)
            ends.append(UInt32(bytes.count))
        }
    }

    @inline(never) func parse() -> UInt64 {
        let span = bytes.rawSpan
        var mixed: UInt64 = 0
        var start = 0
        for end in ends {
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
}

/// The desk, the tick and the command, as the service strings them together, without the socket.
private struct FeedPipeline: ~Copyable {
    private var desk: FeedDesk
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private let wall = WallTime(milliseconds: 1_723_161_256_400)
    private let name = Array("BTCUSDT".utf8)
    private let channel = Array("pms:{usdm}:tick:BTCUSDT".utf8)
    private var payload = ByteWriter(capacity: 512)
    private var output = ByteWriter(capacity: 128 << 10)
    private(set) var published = 0

    init(publishing window: Interval) {
        var configuration = FeedConfiguration()
        configuration.publishWindow = window
        configuration.storeWindow = .seconds(3_600)
        desk = FeedDesk(configuration, seed: 1, startedAt: wall)
        var actions: [FeedAction] = []
        guard let symbol = Symbol("BTCUSDT") else { return }
        desk.demandReceived([symbol], now: now, &actions)
    }

    /// 5,000 frames a second of simulated time.
    @inline(never) mutating func run(_ frames: BookFrames) -> UInt64 {
        desk.sequenceRestarted(.book)
        let span = frames.bytes.rawSpan
        var start = 0
        for end in frames.ends {
            now = now + .microseconds(200)
            let frame = span.extracting(start..<Int(end))
            start = Int(end)
            guard
                case .changed(let slot, let publish, _) = desk.frameReceived(.book, frame, now: now)
            else { return 0 }
            if publish { send(slot) }
            if let due = desk.nextDeadline, due <= now, let slot = desk.popPublish(now: now) {
                send(slot)
            }
        }
        return UInt64(published)
    }

    @inline(__always)
    private mutating func send(_ slot: Int) {
        let tick = desk.makeTick(slot, wall: wall)
        FeedPipeline.encode(tick, name, channel, &payload, &output)
        published += 1
    }

    /// The command as `RedisClient.publish` writes it; what a socket would take is dropped.
    @inline(__always)
    private static func encode(
        _ tick: Tick, _ name: [UInt8], _ channel: [UInt8], _ payload: inout ByteWriter,
        _ output: inout ByteWriter
    ) {
        payload.removeAll()
        tick.write(symbol: name.rawSpan, into: &payload)
        if output.count > 100 << 10 { output.removeAll() }
        RESPWriter.command(3, into: &output)
        RESPWriter.argument("PUBLISH", into: &output)
        RESPWriter.argument(channel.rawSpan, into: &output)
        RESPWriter.argument(payload.rawSpan, into: &output)
    }
}

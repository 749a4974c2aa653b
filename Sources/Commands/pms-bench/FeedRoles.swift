import Bytes
import CFloor
import Chronology
import Glibc
import PriceFeedService
import Reactor
import RedisLink
import WebLink
import WebProtocol

/// What the processes of the feed's benchmark on sockets are told: this program started with
/// `--role NAME KIND PORT PATH FRAMES WINDOW SYMBOLS INTERVAL`.
struct FeedPlan {
    /// Where the commands go: a `sink` drops them, a `redis` answers them.
    enum Taker: String {
        case sink, redis
    }

    var taker = Taker.sink
    var port: Int32 = 0
    var path = ""
    var frames = 0
    /// Milliseconds between two ticks of a symbol; 0 publishes every frame.
    var window: Int64 = 0
    var symbols = 1
    /// Nanoseconds between two frames of a paced sender.
    var interval: Int64 = 200_000

    var names: [String] { symbols == 1 ? ["BTCUSDT"] : (0..<symbols).map { "S\($0)USDT" } }

    var arguments: [String] {
        [taker.rawValue, "\(port)", path, "\(frames)", "\(window)", "\(symbols)", "\(interval)"]
    }

    init() {}

    init?(_ arguments: [String]) {
        guard arguments.count == 7, let taker = Taker(rawValue: arguments[0]),
            let port = Int32(arguments[1]), let frames = Int(arguments[3]),
            let window = Int64(arguments[4]), let symbols = Int(arguments[5]),
            let interval = Int64(arguments[6])
        else { return nil }
        self.taker = taker
        self.port = port
        path = arguments[2]
        self.frames = frames
        self.window = window
        self.symbols = symbols
        self.interval = interval
    }
}

/// The processes by name.
enum FeedRole {
    /// Runs a role and returns the exit code; nil where the name is not one of these.
    static func run(_ arguments: [String]) -> Int32? {
        guard let name = arguments.first, name.hasPrefix("feed-") else { return nil }
        guard let plan = FeedPlan(Array(arguments.dropFirst())) else { return 2 }
        switch name {
        case "feed-sink": return unsafe floor_sink_run(plan.path)
        case "feed-sender": return FeedSender(plan, isPaced: false).run()
        case "feed-paced-sender": return FeedSender(plan, isPaced: true).run()
        case "feed-subscriber":
            return unsafe floor_feed_subscribe(
                plan.path, "pms:{usdm}:tick:BTCUSDT", plan.frames, plan.frames / 10)
        case "feed-c": return receiveInC(plan)
        case "feed-count", "feed-count-c": return FeedCount.run(plan, inC: name.hasSuffix("c"))
        case "feed-swift":
            EventLoop.process.post { FeedReceiver(plan).start() }
            EventLoop.process.run()
            return 0
        case _: return 2
        }
    }

    private static func receiveInC(_ plan: FeedPlan) -> Int32 {
        let names = unsafe plan.names.map { unsafe strdup($0) }
        defer { unsafe names.forEach { unsafe free($0) } }
        let list = unsafe names.map { unsafe UnsafePointer($0!) }
        return unsafe floor_feed_receive(
            plan.port, plan.path, plan.taker == .redis ? 1 : 0, list, list.count,
            UInt64(plan.frames), plan.window)
    }
}

/// The software's own way: its WebSocket client, the desk, and the commands as its Redis client
/// writes them.
@LoopActor private final class FeedReceiver: WebSocketBatchHandler {
    private let plan: FeedPlan
    private var pipeline: FeedPipeline
    private var socket: WebSocketClient?
    private var redis: RedisClient?
    private var timer: LoopTimer?
    private let sink: Int32
    private var taken = 0
    private var began = Instant.distantPast
    private var allocations: UInt64 = 0
    private var isFlushDue = false
    private static let loop = EventLoop.process

    init(_ plan: FeedPlan) {
        self.plan = plan
        pipeline = FeedPipeline(
            publishing: .milliseconds(plan.window), symbols: plan.names, now: Self.loop.now)
        sink = plan.taker == .sink ? unsafe floor_sink_connect(plan.path) : -1
    }

    func start() {
        timer = Self.loop.timer { self.due() }
        socket = WebSocketClient(
            loop: Self.loop, url: "ws://127.0.0.1:\(plan.port)/ws", seed: 1, handler: self)
        guard plan.taker == .redis else { return socket!.connect() }
        let client = RedisClient(
            loop: Self.loop, endpoint: RedisEndpoint(path: plan.path), name: "feed", jitterSeed: 2)
        redis = client
        client.onState = { state in
            if state == .up { self.socket?.connect() }
        }
        client.start()
    }

    func opened() {}

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        preconditionFailure("a frame of the benchmark comes whole")
    }

    func messagesReceived(_ messages: WebSocketMessages) {
        guard let now = socket?.readAt else { return }
        if taken == 0 {
            began = now
            allocations = floor_allocations()
        }
        precondition(pipeline.take(messages, now: now), "a frame was not taken")
        taken += messages.count
        if plan.window > 0, timer?.isArmed == false { arm() }
        if pipeline.output.count > 64 << 10 { handOver() }
        if !isFlushDue {
            isFlushDue = true
            Self.loop.soon { self.flush() }
        }
        if taken == plan.frames { finish() }
    }

    func closed(reason: WebSocketCloseReason) {
        if taken < plan.frames { HopRole.say("closed: \(reason)\n") }
        Self.loop.stop()
    }

    private func arm() {
        if let deadline = pipeline.nextDeadline { timer?.arm(at: deadline) }
    }

    private func due() {
        pipeline.sendDue(now: Self.loop.now)
        handOver()
        arm()
    }

    private func flush() {
        isFlushDue = false
        handOver()
    }

    private func handOver() {
        pipeline.handOver { commands in
            if let redis {
                precondition(redis.write(commands), "Redis refuses")
                return
            }
            let isWritten = unsafe commands.withUnsafeBytes { bytes in
                unsafe floor_sink_write(
                    sink, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), bytes.count)
            }
            precondition(isWritten == 1, "the sink is gone")
        }
    }

    private func finish() {
        handOver()
        let time = Self.loop.now - began
        let allocated = floor_allocations() - allocations
        HopRole.say(
            "\(taken) \(time.nanoseconds) \(pipeline.published) \(allocated) "
                + "\(floor_resident_kilobytes())\n")
        // What is still on its way to Redis leaves when this turn of the loop ends.
        if redis == nil { Self.loop.stop() }
    }
}

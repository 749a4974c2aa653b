import CFloor
import Glibc

/// The feed on sockets: frames from a sender in another process, through the WebSocket client and
/// the desk, to commands on the socket of a Redis, or of a stand-in that reads and drops them.
enum FeedSocketBench {
    static func figures() throws -> [Figure] {
        try throughput("feed.socket", frames: 4_000_000, window: 0)
            + throughput("feed.socket-coalesced", frames: 12_000_000, window: 50)
            + resident() + latency()
    }

    /// Rounds of both alternate; the better of each counts, since what disturbs only slows.
    private static let rounds = 3

    static func throughput(_ name: String, frames: Int, window: Int64) throws -> [Figure] {
        var plan = FeedPlan()
        plan.frames = frames
        plan.window = window
        plan.symbols = window == 0 ? 1 : 10
        var (own, base) = (0.0, 0.0)
        var allocations = 0.0
        for _ in 0..<rounds {
            base = max(base, try receive("feed-c", plan).rate)
            let result = try receive("feed-swift", plan)
            own = max(own, result.rate)
            allocations = result.allocations
        }
        return [
            Figure(name, own, "frames/s", floor: base),
            Figure("\(name).allocations", allocations, "per frame"),
        ]
    }

    /// What the desk and its sockets hold with a thousand symbols, each of which has had ticks.
    private static func resident() throws -> [Figure] {
        var plan = FeedPlan()
        plan.frames = 400_000
        plan.window = 50
        plan.symbols = 1_000
        let base = try receive("feed-c", plan).megabytes
        let own = try receive("feed-swift", plan).megabytes
        return [Figure("feed.resident-1000", own, "MB", floor: base)]
    }

    private static func receive(
        _ role: String, _ plan: FeedPlan
    ) throws -> (rate: Double, allocations: Double, megabytes: Double) {
        var plan = plan
        plan.path = "/tmp/pms-bench-sink-\(getpid())"
        unsafe unlink(plan.path)
        defer { unsafe unlink(plan.path) }
        let sink = BenchProgram(["--role", "feed-sink"] + plan.arguments)
        try sink.expect("r")
        let sender = BenchProgram(["--role", "feed-sender"] + plan.arguments)
        plan.port = Int32(try sender.numbers(1)[0])
        let receiver = BenchProgram(["--role", role] + plan.arguments)
        let numbers = try receiver.numbers(5)
        guard numbers[0] == Double(plan.frames), numbers[2] > 0 else {
            throw FeedBenchProblem(description: "\(role) lost frames")
        }
        return (
            numbers[0] / numbers[1] * 1e9, numbers[3] / numbers[0], numbers[4] * 1_024 / 1e6
        )
    }

    /// From the sender's clock to the subscriber's, at 5,000 frames a second, each published.
    static func latency() throws -> [Figure] {
        let redis = try HopRedis()
        var plan = FeedPlan()
        plan.taker = .redis
        plan.path = redis.path
        plan.frames = 10_000
        var (own, base): ([[Double]], [[Double]]) = ([], [])
        try withExtendedLifetime(redis) {
            for _ in 0..<rounds {
                base.append(try pass("feed-c", plan))
                own.append(try pass("feed-swift", plan))
            }
        }
        func middle(_ runs: [[Double]], _ index: Int) -> Double {
            runs.map { $0[index] / 1_000 }.sorted()[runs.count / 2]
        }
        return [
            Figure("feed.latency.p50", middle(own, 0), "us", floor: middle(base, 0)),
            Figure("feed.latency.p99", middle(own, 1), "us", floor: middle(base, 1)),
        ]
    }

    private static func pass(_ role: String, _ plan: FeedPlan) throws -> [Double] {
        var plan = plan
        let subscriber = BenchProgram(["--role", "feed-subscriber"] + plan.arguments)
        try subscriber.expect("r")
        let sender = BenchProgram(["--role", "feed-paced-sender"] + plan.arguments)
        plan.port = Int32(try sender.numbers(1)[0])
        let receiver = BenchProgram(["--role", role] + plan.arguments)
        return try withExtendedLifetime((receiver, sender)) { try subscriber.numbers(2) }
    }
}

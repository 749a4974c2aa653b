import CFloor
import Chronology
import Glibc

/// From a tick to the bytes of a signed order at the venue, next to the same hops in plain C in the same
/// run: a stand-in for the venue sends the tick, the feed publishes it over a Redis of its own, an
/// order desk in a process of its own answers with an order, and the stand-in stamps its last byte.
///
/// The desk is the gateway's: its state machine, pre-trade checks, dialect, signature and network clients,
/// with price, risk and the intent's confirmation at hand. Where they come from Redis, as in the
/// process itself, is measured as `saved`: the same with the intent's script before the order leaves.
let orderPathBenchmark = Benchmark(name: "tick-to-order") {
    try OrderPathBench.figures()
}

/// A process of the benchmark did not do what it should.
struct OrderPathProblem: Error, CustomStringConvertible {
    let description: String
}

/// What the processes are told.
struct OrderPathPlan {
    /// How orders leave.
    enum Way: String, CaseIterable {
        case rest, socket
    }

    var feed = FeedPlan()
    var way = Way.rest
    /// Whether the intent is saved in Redis, and confirmed, before the order leaves.
    var saves = false
    /// Where orders go.
    var orderPort: Int32 = 0
    /// Between two orders that are rehearsed while nothing else happens; nil where none is.
    var rehearsal: Interval?
    /// As the stack that scripts/run and compose start, in microseconds.
    static let pause: Int64 = 1_000

    /// Orders before the measurement begins.
    var warm: Int { feed.frames / 10 }

    var arguments: [String] {
        feed.arguments + [
            way.rawValue, saves ? "saved" : "plain", "\(orderPort)",
            "\((rehearsal?.nanoseconds ?? 0) / 1_000)",
        ]
    }

    init() {}

    init?(_ arguments: [String]) {
        guard arguments.count == 11, let feed = FeedPlan(Array(arguments.prefix(7))),
            let way = Way(rawValue: arguments[7]), let port = Int32(arguments[9]),
            let pause = Int64(arguments[10])
        else { return nil }
        self.feed = feed
        self.way = way
        saves = arguments[8] == "saved"
        orderPort = port
        rehearsal = pause > 0 ? .microseconds(pause) : nil
    }
}

enum OrderPathBench {
    /// Nanoseconds from end to end, to the desk, and of the desk's own part: median and 99th of a hundred.
    private struct Result {
        var whole: (Double, Double)
        var way: (Double, Double)
        var own: (Double, Double)
        /// Building and signing alone.
        var built: Double
    }

    /// Rounds of both alternate; the one in the middle counts.
    private static let rounds = 3

    static func figures() throws -> [Figure] {
        let redis = try HopRedis()
        return try withExtendedLifetime(redis) {
            var figures: [Figure] = []
            for way in OrderPathPlan.Way.allCases {
                for rate in [1_000, 200] {
                    figures += try measure(way, rate: Int64(rate), redis)
                }
            }
            var saved = OrderPathPlan()
            saved.saves = true
            let found = try run("order-swift", plan(saved, .rest, 1_000, redis))
            figures.append(
                Figure("tick-to-order.rest-1000.saved.p50", found.whole.0 / 1_000, "us"))
            for way in OrderPathPlan.Way.allCases {
                let cold = try run("order-swift", plan(OrderPathPlan(), way, 200, redis))
                figures.append(
                    Figure(
                        "tick-to-order.\(way.rawValue)-200.unrehearsed.p50",
                        cold.whole.0 / 1_000, "us"))
            }
            return figures
        }
    }

    private static func plan(
        _ base: OrderPathPlan, _ way: OrderPathPlan.Way, _ rate: Int64, _ redis: HopRedis
    ) -> OrderPathPlan {
        var plan = base
        plan.way = way
        plan.feed.taker = .redis
        plan.feed.path = redis.path
        plan.feed.interval = 1_000_000_000 / rate
        plan.feed.frames = rate == 1_000 ? 4_000 : 1_000
        return plan
    }

    private static func measure(
        _ way: OrderPathPlan.Way, rate: Int64, _ redis: HopRedis
    ) throws -> [Figure] {
        var plan = plan(OrderPathPlan(), way, rate, redis)
        plan.rehearsal = .microseconds(OrderPathPlan.pause)
        var (own, base): ([Result], [Result]) = ([], [])
        for _ in 0..<rounds {
            base.append(try run("order-c", plan))
            own.append(try run("order-swift", plan))
        }
        func middle(_ runs: [Result], _ part: (Result) -> Double) -> Double {
            runs.map { part($0) / 1_000 }.sorted()[runs.count / 2]
        }
        func figure(_ name: String, _ part: (Result) -> Double) -> Figure {
            Figure(
                "tick-to-order.\(way.rawValue)-\(rate).\(name)", middle(own, part), "us",
                floor: middle(base, part))
        }
        return [
            figure("p50") { $0.whole.0 }, figure("p99") { $0.whole.1 },
            figure("to-desk.p50") { $0.way.0 }, figure("to-desk.p99") { $0.way.1 },
            figure("desk.p50") { $0.own.0 }, figure("desk.p99") { $0.own.1 },
            figure("build-and-sign.p50") { $0.built },
            // What is left of the median: from the desk's socket to the venue's last byte.
            figure("to-venue.p50") { $0.whole.0 - $0.way.0 - $0.own.0 },
        ]
    }

    /// One run with desk and feed of one kind.
    private static func run(_ desk: String, _ wanted: OrderPathPlan) throws -> Result {
        var plan = wanted
        let receiver = BenchProgram(["--role", "order-receiver"] + plan.arguments)
        plan.orderPort = Int32(try receiver.numbers(1)[0])
        let orders = BenchProgram(["--role", desk] + plan.arguments)
        try orders.expect("r")
        let sender = BenchProgram(["--role", "feed-paced-sender"] + plan.feed.arguments)
        plan.feed.port = Int32(try sender.numbers(1)[0])
        let feed = BenchProgram(
            ["--role", desk == "order-c" ? "feed-c" : "feed-swift"] + plan.feed.arguments)
        return try withExtendedLifetime((sender, feed)) {
            let times = try orders.numbers(5)
            let whole = try receiver.numbers(2)
            return Result(
                whole: (whole[0], whole[1]), way: (times[0], times[1]), own: (times[2], times[3]),
                built: times[4])
        }
    }
}

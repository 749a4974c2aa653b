import BusProtocol
import CFloor
import Chronology
import Glibc
import Reactor
import RedisLink
import Trading

/// From an order's command on the bus to the order's bytes at the venue, through a real order-gateway with
/// feed, risk-engine and the paper exchange as processes around it. Between gateway and exchange stands a
/// relay that notes when the bytes come. The floor is one hop over the same Redis at the same pace, in
/// plain C.
///
/// `unrehearsed` is a gateway that never rehearses an order while it waits (`PMS_REHEARSAL_US=0`).
let commandBenchmark = Benchmark(name: "command-to-order") {
    try CommandBench.figures("command-to-order", rehearsal: OrderPathPlan.pause)
        + CommandBench.figures("command-to-order.unrehearsed", rehearsal: 0)
}

@LoopActor private final class CommandBench: RedisMessageHandler {
    /// Orders, and how far apart: within what the venue takes in ten seconds and in a minute.
    private static let count = 330
    private static let warm = 30
    private nonisolated static let interval = Interval.milliseconds(45)
    private static let symbol = Symbol("BTCUSDT")!
    private static let account = AccountID("demo")!

    private let loop = EventLoop.process
    private let keys = BusKeys(venue: VenueID("usdm")!)
    private let relay: BenchProgram
    private var programs: [BenchProgram]
    private let redis: RedisClient
    private let subscriber: RedisSubscriber
    private let path: String
    private var waiting: CheckedContinuation<Reply, Never>?

    nonisolated static func figures(_ name: String, rehearsal: Int64) throws -> [Figure] {
        let redis = try HopRedis(keepsFile: true)
        return try withExtendedLifetime(redis) {
            let hop = try shortTurns { try CommandBench.hop(redis) }
            let path = redis.path
            var samples = try LoopMeasure.onLoop {
                await CommandBench.outcome { () async throws -> [Int64] in
                    let bench = try CommandBench(path: path, rehearsal: rehearsal)
                    defer { bench.close() }
                    return try await bench.run()
                }
            }.get()
            return [("p50", 500, hop.median), ("p99", 990, hop.tail)].map { part, share, floor in
                let value = unsafe floor_percentile(&samples, samples.count, Int32(share))
                return Figure("\(name).\(part)", Double(value) / 1_000, "us", floor: floor)
            }
        }
    }

    /// Who receives, of the floor as of the orders, is woken like the gateway, which asks for short turns.
    private nonisolated static func shortTurns<Value>(_ spawn: () throws -> Value) rethrows -> Value {
        EventLoop.askForTurns(of: .microseconds(100))
        defer { EventLoop.askForTurns(of: nil) }
        return try spawn()
    }

    /// The same way once, publish to receipt, in plain C.
    nonisolated static func hop(_ redis: HopRedis) throws -> (median: Double, tail: Double) {
        var plan = HopPlan(batch: 30, batches: 11, warm: 1)
        plan.interval = interval.nanoseconds
        let pair = try HopPair(kind: "c", redis, plan)
        for _ in 0..<plan.batches { try pair.runBatch() }
        let result = try pair.finish()
        return (result.median, result.tail)
    }

    /// What a throwing body came to, as a value that crosses to the thread that waits.
    static func outcome<Value>(
        _ body: () async throws -> Value
    ) async -> Result<Value, HopProblem> {
        do {
            return .success(try await body())
        } catch {
            return .failure(HopProblem(description: "\(error)"))
        }
    }

    init(path: String, rehearsal: Int64) throws {
        self.path = path
        let port = 20_000 + (Int(getpid()) + (rehearsal > 0 ? 1 : 0)) % 8_000
        relay = CommandBench.shortTurns { BenchProgram(["--role", "command-relay", "\(port)"]) }
        let near = Int(try relay.numbers(1)[0])
        for (name, value) in [
            "PMS_REDIS_URL": "unix://\(path)", "PMS_HTTP_PORT": "0", "PMS_INSTANCE": "bench",
            "PMS_PAPER_PORT": "\(port)", "PMS_VENUE_REST_URL": "http://127.0.0.1:\(near)",
            "PMS_VENUE_WS_URL": "ws://127.0.0.1:\(port)", "PMS_PAPER_API_KEY": "k",
            "PMS_PAPER_API_SECRET": "s", "PMS_API_KEY": "k", "PMS_API_SECRET": "s",
            "PMS_LOG_LEVEL": "error", "PMS_GATEWAY_DATA": path + ".data",
            "PMS_REHEARSAL_US": "\(rehearsal)",
        ] {
            unsafe setenv(name, value, 1)
        }
        programs = try ["paper-exchange", "price-feed", "risk-engine", "order-gateway"].map {
            try BenchProgram(beside: $0)
        }
        let endpoint = RedisEndpoint(path: path)
        redis = RedisClient(loop: loop, endpoint: endpoint, name: "bench", jitterSeed: 1)
        subscriber = RedisSubscriber(loop: loop, endpoint: endpoint, name: "bench", jitterSeed: 2)
    }

    func close() {
        programs = []
        redis.close()
        subscriber.close()
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let reply = try? Reply.decode(payload) else { return }
        waiting?.resume(returning: reply)
        waiting = nil
    }

    func subscriptionEstablished(channel: String) {}

    func run() async throws -> [Int64] {
        subscriber.subscribe(keys.replyChannel("bench"), self)
        subscriber.start()
        redis.start()
        try await comeUp()
        try await trade()
        var samples: [Int64] = []
        for number in 0..<CommandBench.count {
            let price = try await restingPrice()
            let (began, reply) = await ask(
                "o\(number)", .orderPlace,
                [
                    "account": CommandBench.account.name, "symbol": CommandBench.symbol.name,
                    "type": "LIMIT", "tif": "IOC", "side": "BUY", "qty": "0.010",
                    "price": price.text,
                ])
            guard reply.isOK else { throw HopProblem(description: "\(reply.code) \(reply.reason)") }
            let arrived = Int64(try relay.numbers(1)[0])
            if number >= CommandBench.warm { samples.append(arrived - began.nanoseconds) }
            await pause(CommandBench.interval)
        }
        return samples
    }

    /// One order that is filled: the symbol is one that is traded.
    private func trade() async throws {
        let (_, reply) = await ask(
            "first", .orderPlace,
            [
                "account": CommandBench.account.name, "symbol": CommandBench.symbol.name,
                "type": "MARKET", "side": "BUY", "qty": "0.010",
            ])
        guard reply.isOK else { throw HopProblem(description: "\(reply.code) \(reply.reason)") }
        _ = try relay.numbers(1)
        await pause(.seconds(1))
    }

    /// Waits until the gateway leads and the account is there.
    private func comeUp() async throws {
        let start = loop.now
        while loop.now - start < .seconds(30) {
            await pause(.milliseconds(200))
            guard redis.isUp, await isReady("order-gateway"), await isReady("risk-engine") else {
                continue
            }
            let (_, reply) = await ask(
                "create", .accountCreate,
                ["account": CommandBench.account.name, "deposit": "20000"])
            guard reply.isOK else { throw HopProblem(description: "\(reply.code) \(reply.reason)") }
            let until = "\((loop.wallNow + .seconds(600)).milliseconds)"
            _ = await redis.send(["ZADD", keys.demand, until, CommandBench.symbol.name])
            return await pause(.seconds(4))
        }
        throw HopProblem(description: "the stack did not come up")
    }

    private func isReady(_ service: String) async -> Bool {
        let fields = await redis.send(["HGETALL", keys.heartbeat(service, "bench")]).value?.fields
        return (try? HeartbeatRecord(fields: fields ?? [:]))?.isReady == true
    }

    /// Far enough below the market not to be filled, and within the venue's band.
    private func restingPrice() async throws -> Price {
        let fields = await redis.send(["HGETALL", keys.price(CommandBench.symbol)]).value?.fields
        let price = try PriceRecord(fields: fields ?? [:])
        return Price(units: price.bid.units / 100 * 98).rounded(.down, to: .whole(1))
    }

    private func ask(
        _ id: String, _ kind: CommandKind, _ body: [String: String]
    ) async -> (began: Instant, Reply) {
        let command = Command(
            id: id, from: "bench",
            deadlineMilliseconds: (loop.wallNow + .seconds(3)).milliseconds, kind: kind.rawValue,
            body: body)
        let text = String(decoding: command.encoded(), as: UTF8.self)
        var began: Int64 = -1
        let reply = await withCheckedContinuation { continuation in
            waiting = continuation
            // By the floor's own publisher: the sender is the same in both.
            began = unsafe floor_publish(path, keys.commandChannel(.orderGateway), text)
        }
        precondition(began > 0, "the command is published")
        return (Instant(nanoseconds: began), reply)
    }

    private func pause(_ interval: Interval) async {
        await withCheckedContinuation { continuation in
            loop.timer { continuation.resume() }.arm(after: interval)
        }
    }
}

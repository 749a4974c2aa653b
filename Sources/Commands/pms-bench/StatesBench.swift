import BusProtocol
import CFloor
import Chronology
import Glibc
import OrderGatewayService
import Orders
import Reactor
import RedisLink
import Trading

/// Reading and decoding 10,000 order states from Redis, as order-gateway does when it takes over,
/// against hiredis and the numbers of the same hashes in plain C.
let statesBenchmark = Benchmark(name: "states") {
    let redis = try HopRedis()
    let program = BenchProgram(["--role", "states", redis.path, "10000", "15"])
    try program.expect("r")
    let floor = unsafe floor_read_states(redis.path, StatesRole.prefix, 10_000, 15)
    program.go()
    let own = try program.numbers(1)
    guard floor > 0 else { throw HopProblem(description: "the floor found no states") }
    return withExtendedLifetime(redis) {
        [Figure("states.10000", own[0] / 1e6, "ms", floor: Double(floor) / 1e6)]
    }
}

/// The process that writes the states, then reads them: `--role states SOCKET COUNT ROUNDS`.
enum StatesRole {
    static let prefix = "pms:{bench}:order:"

    static func run(_ arguments: [String]) -> Int32? {
        guard arguments.first == "states", arguments.count == 4, let count = Int(arguments[2]),
            let rounds = Int(arguments[3])
        else { return nil }
        let path = arguments[1]
        EventLoop.process.post { StatesReader(path, count, rounds).start() }
        EventLoop.process.run()
        return 0
    }
}

@LoopActor private final class StatesReader {
    private let redis: RedisClient
    private let count: Int
    private let rounds: Int

    init(_ path: String, _ count: Int, _ rounds: Int) {
        redis = RedisClient(
            loop: .process, endpoint: RedisEndpoint(path: path), name: "states", jitterSeed: 3)
        (self.count, self.rounds) = (count, rounds)
    }

    func start() {
        redis.onState = { [self] state in
            guard state == .up else { return }
            Task { @LoopActor in await measure() }
        }
        redis.start()
    }

    private func measure() async {
        for number in 0..<count { await write(number) }
        HopRole.say("r")
        var byte: UInt8 = 0
        _ = unsafe read(STDIN_FILENO, &byte, 1)
        let keys = (0..<count).map { "\(StatesRole.prefix)\($0)" }
        var least = Int64.max
        for _ in 0..<rounds {
            let begun = SystemTime().now
            let found = try? await OrderReader.read(keys, redis)
            let took = (SystemTime().now - begun).nanoseconds
            guard found?.compactMap(\.self).count == count else { return EventLoop.process.stop() }
            least = min(least, took)
        }
        HopRole.say("\(least)\n")
        EventLoop.process.stop()
    }

    /// An order that was filled in part.
    private func write(_ number: Int) async {
        guard let account = AccountID("demo"), let code = AccountCode("DEMO0001"),
            let symbol = Symbol("BTCUSDT")
        else { return }
        let intent = OrderIntent(
            clientOrderID: .derive(account: code, origin: .manual, intent: "\(number)"),
            account: account, symbol: symbol, side: .buy, type: .limit,
            timeInForce: .goodTillCancel, quantity: .whole(3), price: Price(text: "60123.4"),
            isReduceOnly: false)
        var record = OrderRecord(
            intent: intent, request: "request-\(number)", status: "partially_filled",
            intentMilliseconds: 1_795_267_758_654,
            stamp: RecordStamp(
                sequence: Int64(number), writer: "order-gateway:one",
                atMilliseconds: 1_795_267_758_700))
        record.executed = .whole(1)
        record.executedNotional = .whole(60_123)
        record.fees = .whole(30)
        record.feeAsset = "USDT"
        record.venueOrderID = 8_389_765_612_345
        record.tradeIDs = [271_828_182, 271_828_183]
        record.sentMilliseconds = 1_795_267_758_660
        let fields = record.fields.flatMap { [$0.0, $0.1] }
        _ = await redis.send(["HSET", "\(StatesRole.prefix)\(number)"] + fields)
    }
}

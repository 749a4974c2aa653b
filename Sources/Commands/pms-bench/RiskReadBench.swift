import BusProtocol
import CFloor
import Chronology
import Glibc
import Positions
import Trading

/// A real risk-engine with 1,000 accounts of ten positions under 200 ticks a second: reading an account
/// over HTTP beside the bare Redis read of its snapshot, and the way from a change of the books to a
/// readable snapshot beside the same in plain C. Needs the `risk-engine` program beside this one.
let riskReadBenchmark = Benchmark(name: "risk-read") {
    let redis = try HopRedis()
    return try withExtendedLifetime(redis) { try RiskReadBench(path: redis.path).figures() }
}

/// A connection of the benchmark's own.
@safe final class FloorRedis {
    private let handle: OpaquePointer
    private var waiting: Int32 = 0

    init(_ path: String) throws {
        guard let handle = unsafe floor_redis_open(path) else {
            throw HopProblem(description: "no connection to redis")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe floor_redis_close(handle) }

    func append(_ arguments: [String]) {
        let list = unsafe arguments.map { unsafe strdup($0) }
        defer { unsafe list.forEach { unsafe free($0) } }
        let constant = unsafe list.map { unsafe UnsafePointer($0) }
        unsafe floor_redis_append(handle, Int32(arguments.count), constant)
        waiting += 1
    }

    func flush() throws {
        defer { waiting = 0 }
        guard unsafe floor_redis_flush(handle, waiting) == 1 else {
            throw HopProblem(description: "redis refused a command")
        }
    }

    func send(_ arguments: String...) throws {
        append(arguments)
        try flush()
    }

    func hash(_ key: String) -> Int64 { unsafe floor_redis_hash(handle, key) }
    func wait(for text: String) -> Bool { unsafe floor_redis_await(handle, text) == 1 }
}

final class RiskReadBench {
    static let accounts = 1_000
    static let symbols = (0..<10).map { Symbol("BENCH\($0)USDT") }.compactMap { $0 }
    static let token = "bench"

    private let path: String
    private let redis: FloorRedis
    private let keys: BusKeys
    private var ledger = LedgerMachine(settlementAsset: "USDT")
    private var nextTrade: Int64 = 1
    /// Entries of the journal, once all that is appended is flushed.
    private var entries = 0
    private var nextTick: Int64 = 1
    private let clock = SystemTime()
    private var tickedAt: Instant

    init(path: String) throws {
        self.path = path
        redis = try FloorRedis(path)
        guard let venue = VenueID("usdm") else { throw HopProblem(description: "no venue") }
        keys = BusKeys(venue: venue)
        tickedAt = clock.now
    }

    static func account(_ number: Int) -> AccountID {
        let digits = "\(10_000 + number)".dropFirst()
        guard let account = AccountID("bench\(digits)") else {
            preconditionFailure("the benchmark's names are names")
        }
        return account
    }

    func figures() throws -> [Figure] {
        _ = ledger.resume()
        try fill()
        let floor = try chain()
        let engine = try Engine(path: path)
        return try withExtendedLifetime(engine) {
            let read = try reads(engine)
            let own = try snapshots(channel: keys.riskChannel, isChecked: true)
            return LoopMeasure.distribution("risk.read", read.http, floor: read.redis)
                + LoopMeasure.distribution("risk.book-to-snapshot", own, floor: floor)
        }
    }

    // MARK: the books

    private var now: Int64 { clock.wallNow.milliseconds }

    private func fill() throws {
        redis.append(["SCRIPT", "LOAD", LedgerScript.source])
        let rows =
            "[{\"notionalFloor\":0,\"notionalCap\":1000000000,\"maintMarginRatio\":0.005,\"cum\":0}]"
        for symbol in RiskReadBench.symbols { redis.append(["SET", keys.brackets(symbol), rows]) }
        for number in 0..<RiskReadBench.accounts {
            let account = RiskReadBench.account(number)
            redis.append(["SADD", keys.accounts, account.name])
            try change(account, .deposit(.whole(100_000)), nil, "deposit:\(number)")
            for symbol in RiskReadBench.symbols { try trade(account, symbol) }
            if number % 50 == 49 { try redis.flush() }
        }
        try redis.flush()
        try tick(all: true)
    }

    private func trade(_ account: AccountID, _ symbol: Symbol) throws {
        nextTrade += 1
        let fill = Fill(
            symbol: symbol, tradeID: nextTrade, orderID: nextTrade, clientOrderID: "",
            side: nextTrade % 3 == 0 ? .sell : .buy, price: .whole(100), quantity: .one,
            fee: .zero, feeAsset: "USDT", isMaker: false, timeMilliseconds: now)
        try change(account, .fill(fill, order: nil), symbol, "\(nextTrade)")
    }

    /// Appends the call of the ledger script that the change is.
    private func change(
        _ account: AccountID, _ subject: LedgerChange.Subject, _ symbol: Symbol?,
        _ identity: String
    ) throws {
        let change = LedgerChange(
            account: account, symbol: symbol, subject: subject, identity: identity, cause: "bench",
            atMilliseconds: now)
        guard case .apply(let command)? = ledger.submit(change).actions.first else {
            throw HopProblem(description: "the ledger takes no change")
        }
        _ = ledger.replied(command.token, .applied(sequence: 0))
        entries += command.legs.count
        let call = LedgerScript.call(
            command, keys: keys, fenceName: "gateway", fence: 1, writer: "bench:1",
            nowMilliseconds: now)
        redis.append(
            ["EVAL", LedgerScript.source, "\(call.keys.count)"] + call.keys + call.arguments)
    }

    /// A tick of the next symbol, or of each.
    private func tick(all: Bool = false) throws {
        for _ in 0..<(all ? RiskReadBench.symbols.count : 1) {
            nextTick += 1
            let symbol = RiskReadBench.symbols[Int(nextTick) % RiskReadBench.symbols.count]
            let mark = Price(units: 100_000_000_000_000 + Int128(nextTick % 50) * 10_000_000_000)
            let fields: [(String, String)] = [
                ("s", symbol.name), ("seq", "\(nextTick)"), ("b", mark.text), ("B", "1"),
                ("a", mark.text), ("A", "1"), ("m", mark.text), ("i", mark.text),
                ("tb", "\(now)"), ("tm", "\(now)"), ("t", "\(now)"),
            ]
            let text = String(decoding: FlatJSON.encode(fields), as: UTF8.self)
            redis.append(["PUBLISH", keys.tickChannel(symbol), text])
        }
        try redis.flush()
    }

    /// Ticks as they are due: 200 a second.
    private func keepTicking() throws {
        while clock.now - tickedAt > .milliseconds(5) {
            tickedAt = tickedAt + .milliseconds(5)
            try tick()
        }
    }

    // MARK: reading

    private func reads(_ engine: Engine) throws -> (http: [Int64], redis: [Int64]) {
        var samples: (http: [Int64], redis: [Int64]) = ([], [])
        tickedAt = clock.now
        for round in 0..<4_000 {
            try keepTicking()
            let account = RiskReadBench.account(round * 7 % RiskReadBench.accounts)
            let time = try engine.ask("/positions?account=\(account)")
            let bare = redis.hash(keys.risk(account))
            guard bare > 0 else { throw HopProblem(description: "no snapshot of \(account)") }
            if round < 400 { continue }
            samples.http.append(time)
            samples.redis.append(bare)
        }
        return samples
    }

    // MARK: from a change of the books to a readable record

    private func chain() throws -> [Int64] {
        let program = BenchProgram(["--role", "risk-chain", path, keys.ledgerChannel, "chain"])
        try program.expect("r")
        return try withExtendedLifetime(program) {
            try snapshots(channel: "chain", isChecked: false)
        }
    }

    private func snapshots(channel: String, isChecked: Bool) throws -> [Int64] {
        let listener = try FloorRedis(path)
        try listener.send("SUBSCRIBE", channel)
        var samples: [Int64] = []
        tickedAt = clock.now
        for round in 0..<1_200 {
            try keepTicking()
            let account = RiskReadBench.account(round * 3 % RiskReadBench.accounts)
            let symbol = RiskReadBench.symbols[round % RiskReadBench.symbols.count]
            try trade(account, symbol)
            // The changed account is evaluated first by this number of the journal.
            let text =
                isChecked ? "\"ledger_seq\":\"\(entries)\"" : "\"trade_id\":\"\(nextTrade)\""
            let start = clock.now
            try redis.flush()
            guard listener.wait(for: text) else {
                throw HopProblem(description: "nothing was told of a change")
            }
            if round >= 200 { samples.append((clock.now - start).nanoseconds) }
        }
        return samples
    }
}

/// The program under measurement, and a kept-alive connection to it.
private final class Engine {
    private let program: BenchProgram
    private var socket: Int32 = -1

    init(path: String) throws {
        let port = UInt16(20_000 + Int(getpid()) % 20_000)
        for (name, value) in [
            "PMS_REDIS_URL": "unix://\(path)", "PMS_HTTP_PORT": "\(port)",
            "PMS_HTTP_TOKEN": RiskReadBench.token, "PMS_LOG_LEVEL": "error",
            "PMS_INSTANCE": "bench",
        ] {
            unsafe setenv(name, value, 1)
        }
        var link = [CChar](repeating: 0, count: 4_096)
        let length = unsafe readlink("/proc/self/exe", &link, 4_095)
        let bytes = link.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        let own = String(decoding: bytes, as: UTF8.self)
        let folder = own.split(separator: "/").dropLast().joined(separator: "/")
        let engine = "/\(folder)/risk-engine"
        guard unsafe access(engine, X_OK) == 0 else {
            throw HopProblem(description: "no \(engine): build risk-engine too")
        }
        program = BenchProgram(program: [engine])
        for _ in 0..<1_000 {
            socket = floor_connect(port)
            if socket >= 0, (try? ask("/positions?account=bench0999")) != nil { return }
            if socket >= 0 { close(socket) }
            poll(nil, 0, 10)
        }
        throw HopProblem(description: "risk-engine does not answer")
    }

    deinit { if socket >= 0 { close(socket) } }

    /// Nanoseconds from the first byte sent to the last byte read.
    func ask(_ target: String) throws -> Int64 {
        let request = Array(
            ("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                + "\(RiskReadBench.token)\r\n\r\n").utf8)
        var reply = [CChar](repeating: 0, count: 16_384)
        let clock = SystemTime()
        let start = clock.now
        let held = unsafe request.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe floor_ask(socket, $0.baseAddress!, $0.count, &reply, reply.count)
            }
        }
        let time = (clock.now - start).nanoseconds
        let text = reply.prefix(max(0, Int(held))).map { UInt8(bitPattern: $0) }
        guard String(decoding: text, as: UTF8.self).contains("\"expired\":false") else {
            throw HopProblem(description: String(decoding: text.prefix(300), as: UTF8.self))
        }
        return time
    }
}

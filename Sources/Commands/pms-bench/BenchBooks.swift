import BusProtocol
import CFloor
import Chronology
import Glibc
import Positions
import RedisLink
import Trading

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
    /// False where it does not come within five seconds.
    func wait(for text: String) -> Bool { unsafe floor_redis_await(handle, text) == 1 }
    /// A whole number in a hash; -1 where there is none.
    func number(_ key: String, _ field: String) -> Int64 {
        unsafe floor_redis_number(handle, key, field)
    }
}

/// Books of many accounts in a Redis of the benchmark's own, changed by the ledger script as a gateway
/// does it, under 200 ticks a second.
final class BenchBooks {
    static let symbols = (0..<10).map { Symbol("BENCH\($0)USDT") }.compactMap { $0 }

    let accounts: Int
    let path: String
    let redis: FloorRedis
    let keys: BusKeys
    let clock = SystemTime()
    private var ledger = LedgerMachine(settlementAsset: "USDT")
    private let script = RedisScript(LedgerScript.source)
    private(set) var nextTrade: Int64 = 1
    /// Entries of the journal, once all that is appended is flushed.
    private(set) var entries = 0
    private var nextTick: Int64 = 1
    private var tickedAt: Instant

    init(path: String, accounts: Int) throws {
        self.path = path
        self.accounts = accounts
        redis = try FloorRedis(path)
        guard let venue = VenueID("usdm") else { throw HopProblem(description: "no venue") }
        keys = BusKeys(venue: venue)
        tickedAt = clock.now
        _ = ledger.resume()
    }

    func account(_ number: Int) -> AccountID {
        let digits = "\(100_000 + number % accounts)".dropFirst()
        guard let account = AccountID("bench\(digits)") else {
            preconditionFailure("the benchmark's names are names")
        }
        return account
    }

    private var now: Int64 { clock.wallNow.milliseconds }

    /// Every account gets its money and a position in each symbol.
    func fill() throws {
        try redis.send("SCRIPT", "LOAD", script.source)
        writeBrackets()
        for number in 0..<accounts {
            let account = account(number)
            redis.append(["SADD", keys.accounts, account.name])
            try change(account, .deposit(.whole(100_000)), nil, "deposit:\(number)")
            for symbol in BenchBooks.symbols { try trade(account, symbol) }
            if number % 50 == 49 { try redis.flush() }
        }
        try redis.flush()
        try tick(all: true)
    }

    private func writeBrackets() {
        let rows =
            "[{\"notionalFloor\":0,\"notionalCap\":1000000000,\"maintMarginRatio\":0.005,\"cum\":0}]"
        for symbol in BenchBooks.symbols { redis.append(["SET", keys.brackets(symbol), rows]) }
    }

    /// Brackets and a mark for every symbol, without any books.
    func mark() throws {
        writeBrackets()
        try tick(all: true)
    }

    /// Appends a trade of one.
    func trade(_ account: AccountID, _ symbol: Symbol) throws {
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
            ["EVALSHA", script.sha, "\(call.keys.count)"] + call.keys + call.arguments)
    }

    /// A tick of the next symbol, or of each.
    private func tick(all: Bool = false) throws {
        for _ in 0..<(all ? BenchBooks.symbols.count : 1) {
            nextTick += 1
            let symbol = BenchBooks.symbols[Int(nextTick) % BenchBooks.symbols.count]
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
    func keepTicking() throws {
        while clock.now - tickedAt > .milliseconds(5) {
            tickedAt = tickedAt + .milliseconds(5)
            try tick()
        }
    }

    /// Ticks until an account has a snapshot in Redis.
    func awaitSnapshot(of account: AccountID) throws {
        beginTicking()
        let end = clock.now + .seconds(10)
        while redis.hash(keys.risk(account)) <= 0 {
            guard clock.now < end else {
                throw HopProblem(description: "no snapshot of \(account) in Redis after 10 s")
            }
            try keepTicking()
        }
    }

    /// Ticks begin to be due now.
    func beginTicking() { tickedAt = clock.now }
}

import BusProtocol
import Chronology
import Glibc
import Trading

/// The memory of a real risk-engine with 10,000 accounts of 50,000 positions, each of which has been
/// valued and written. The records are put there as they stand, without a journal: only what is held is
/// of interest.
let riskMemoryBenchmark = Benchmark(name: "risk-memory") {
    let redis = try HopRedis()
    return try withExtendedLifetime(redis) {
        let books = try BenchBooks(path: redis.path, accounts: RiskMemoryBench.accounts)
        try RiskMemoryBench.fill(books)
        try books.mark()
        let engine = try BenchEngine(
            path: redis.path, last: books.account(RiskMemoryBench.accounts - 1))
        // Every account is valued and written at least once more.
        books.beginTicking()
        let start = books.clock.now
        while books.clock.now - start < .seconds(6) {
            try books.keepTicking()
            poll(nil, 0, 10)
        }
        return [
            Figure(
                "risk.memory.\(RiskMemoryBench.accounts)x\(RiskMemoryBench.positions)",
                ProcessUse.megabytes(of: engine.processID), "MB")
        ]
    }
}

private enum RiskMemoryBench {
    #if DEBUG
        static let accounts = 1_000
    #else
        static let accounts = 10_000
    #endif
    /// Of each account.
    static let positions = 5

    static func fill(_ books: BenchBooks) throws {
        let stamp = ["seq", "1", "writer", "bench:1", "at_ms", "1"]
        for number in 0..<accounts {
            let account = books.account(number)
            books.redis.append(["SADD", books.keys.accounts, account.name])
            books.redis.append(
                [
                    "HSET", books.keys.balance(account), "deposits", "100000", "realised", "0",
                    "fees", "0", "funding", "0", "wallet", "100000", "version", "1",
                ] + stamp)
            for place in 0..<positions {
                let symbol = BenchBooks.symbols[(number + place) % BenchBooks.symbols.count]
                books.redis.append(["SADD", books.keys.books, BusKeys.book(account, symbol)])
                books.redis.append(
                    [
                        "HSET", books.keys.position(account, symbol), "qty", "1.25", "entry",
                        "100.5", "realised", "0", "fees", "0", "version", "1",
                    ] + stamp)
            }
            if number % 100 == 99 { try books.redis.flush() }
        }
    }
}

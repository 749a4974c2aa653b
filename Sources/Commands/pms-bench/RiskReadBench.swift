import BusProtocol
import CFloor
import Chronology
import Trading

/// A real risk-engine with 1,000 accounts of ten positions under 200 ticks a second: reading an account
/// over HTTP beside the bare Redis read of its snapshot, and the way from a change of the books to a
/// readable snapshot beside the same in plain C, with Redis keeping its file (everysec).
let riskReadBenchmark = Benchmark(name: "risk-read") {
    let redis = try HopRedis(keepsFile: true)
    return try withExtendedLifetime(redis) {
        try RiskReadBench(BenchBooks(path: redis.path, accounts: RiskReadBench.accounts)).figures()
    }
}

/// No part of it takes longer than `patience`, whatever is measured.
private final class RiskReadBench {
    #if DEBUG
        static let accounts = 100
    #else
        static let accounts = 1_000
    #endif
    private static let patience = Interval.seconds(10)

    private let books: BenchBooks

    init(_ books: BenchBooks) { self.books = books }

    func figures() throws -> [Figure] {
        try books.fill()
        let floor = try chain()
        let engine = try BenchEngine(
            path: books.path, last: books.account(RiskReadBench.accounts - 1))
        return try withExtendedLifetime(engine) {
            let read = try reads(engine)
            let own = try snapshots(channel: books.keys.riskChannel, isChecked: true)
            return LoopMeasure.distribution("risk.read", read.http, floor: read.redis)
                + LoopMeasure.distribution("risk.book-to-snapshot", own, floor: floor)
        }
    }

    private func reads(_ engine: BenchEngine) throws -> (http: [Int64], redis: [Int64]) {
        var samples: (http: [Int64], redis: [Int64]) = ([], [])
        books.beginTicking()
        // The engine answers from memory before its first snapshots are written.
        try books.awaitSnapshot(of: books.account(RiskReadBench.accounts - 1))
        let end = books.clock.now + RiskReadBench.patience
        for round in 0..<4_000 where books.clock.now < end {
            try books.keepTicking()
            let account = books.account(round * 7)
            let time = try engine.ask("/positions?account=\(account)")
            let bare = books.redis.hash(books.keys.risk(account))
            guard bare > 0 else { throw HopProblem(description: "no snapshot of \(account)") }
            if round < 100 { continue }
            samples.http.append(time)
            samples.redis.append(bare)
        }
        guard samples.http.count >= 100 else {
            throw HopProblem(description: "reading an account took 50 ms and more")
        }
        return samples
    }

    private func chain() throws -> [Int64] {
        let program = BenchProgram([
            "--role", "risk-chain", books.path, books.keys.ledgerChannel, "chain",
        ])
        try program.expect("r")
        return try withExtendedLifetime(program) {
            try snapshots(channel: "chain", isChecked: false)
        }
    }

    private func snapshots(channel: String, isChecked: Bool) throws -> [Int64] {
        let listener = try FloorRedis(books.path)
        try listener.send("SUBSCRIBE", channel)
        var samples: [Int64] = []
        books.beginTicking()
        let end = books.clock.now + RiskReadBench.patience
        for round in 0..<1_200 where books.clock.now < end {
            try books.keepTicking()
            let symbol = BenchBooks.symbols[round % BenchBooks.symbols.count]
            try books.trade(books.account(round * 3), symbol)
            // The changed account is evaluated first by this number of the journal.
            let text =
                isChecked
                ? "\"ledger_seq\":\"\(books.entries)\"" : "\"trade_id\":\"\(books.nextTrade)\""
            let start = books.clock.now
            try books.redis.flush()
            guard listener.wait(for: text) else {
                throw HopProblem(description: "nothing was told of a change")
            }
            if round >= 50 { samples.append((books.clock.now - start).nanoseconds) }
        }
        guard samples.count >= 50 else {
            throw HopProblem(description: "a change took 100 ms and more to be readable")
        }
        return samples
    }
}

import BusProtocol
import CFloor
import Chronology
import Glibc
import Trading

/// A real risk-engine under 5,000 fills a second over 1,000 accounts of ten positions: whether it keeps
/// up, how soon a fill is readable, what it takes of a core and of Redis. The floor is the same load
/// without an engine.
let riskLoadBenchmark = Benchmark(name: "risk-load") {
    try RiskLoadBench().figures()
}

private struct RiskLoadBench {
    private static let accounts = 1_000
    /// Fills each five milliseconds.
    #if DEBUG
        private static let batch = 1
    #else
        private static let batch = 25
    #endif
    private static let pause = Interval.milliseconds(5)
    private static let seconds: Int64 = 8
    /// The same without a pause, for as long as this: the most there is.
    private static let flatOutSeconds: Int64 = 3

    /// What a time of load came to.
    private struct Load {
        var rate = 0.0
        var redis = 0.0
        var engine = 0.0
        /// Nanoseconds from a fill to its snapshot.
        var delays: [Int64] = []
        /// Until all was readable after the last fill.
        var drain = 0.0
    }

    func figures() throws -> [Figure] {
        let redis = try HopRedis(keepsFile: true)
        let (plain, load, most) = try withExtendedLifetime(redis) {
            let books = try BenchBooks(path: redis.path, accounts: RiskLoadBench.accounts)
            try books.fill()
            let plain = try run(books, redis, nil)
            let plainMost = try flatOut(books, nil)
            // Prices that are too old value nothing.
            try books.mark()
            let engine = try BenchEngine(
                path: redis.path, last: books.account(RiskLoadBench.accounts - 1))
            // It answers from memory before it has the lease and writes anything.
            try books.awaitSnapshot(of: books.account(RiskLoadBench.accounts - 1))
            let load = try run(books, redis, engine)
            return (plain, load, (own: try flatOut(books, engine), floor: plainMost))
        }
        guard !load.delays.isEmpty else { throw HopProblem(description: "nothing was measured") }
        let delays = LoopMeasure.distribution(
            "risk.load.fill-to-snapshot", load.delays, floor: load.delays)
        return [
            Figure("risk.load.fills", load.rate, "a second", floor: plain.rate),
            Figure("risk.load.drain", load.drain, "ms"),
            Figure("risk.load.most", most.own, "a second", floor: most.floor),
            Figure("risk.load.redis", load.redis, "% of a core", floor: plain.redis),
            Figure("risk.load.redis.snapshots", load.redis - plain.redis, "% of a core"),
            Figure("risk.load.engine", load.engine, "% of a core"),
        ] + delays.map { Figure($0.name, $0.value, $0.unit) }
    }

    private func run(
        _ books: BenchBooks, _ redis: HopRedis, _ engine: BenchEngine?
    ) throws -> Load {
        var load = Load()
        var fills = 0
        books.beginTicking()
        let before = (
            ProcessUse.seconds(of: redis.processID),
            engine.map { ProcessUse.seconds(of: $0.processID) } ?? 0
        )
        let start = books.clock.now
        var next = start
        var round = 0
        while next - start < .seconds(RiskLoadBench.seconds),
            books.clock.now - start < .seconds(20)
        {
            try books.keepTicking()
            for _ in 0..<RiskLoadBench.batch {
                fills += 1
                try books.trade(
                    books.account(fills * 7), BenchBooks.symbols[fills % BenchBooks.symbols.count])
            }
            let sent = books.clock.now
            try books.redis.flush()
            round += 1
            if engine != nil, round % 20 == 0 {
                try wait(books, fills)
                load.delays.append((books.clock.now - sent).nanoseconds)
            }
            next = max(next + RiskLoadBench.pause, books.clock.now - .milliseconds(100))
            let left = (next - books.clock.now).milliseconds
            if left > 0 { poll(nil, 0, Int32(left)) }
        }
        let ended = books.clock.now
        if engine != nil { try wait(books, fills) }
        load.drain = Double((books.clock.now - ended).nanoseconds) / 1e6
        let took = Double((ended - start).nanoseconds) / 1e9
        load.rate = Double(fills) / took
        load.redis = (ProcessUse.seconds(of: redis.processID) - before.0) / took * 100
        if let engine {
            load.engine = (ProcessUse.seconds(of: engine.processID) - before.1) / took * 100
        }
        return load
    }

    /// Fills a second, as many as can be made and, with an engine, read in snapshots.
    private func flatOut(_ books: BenchBooks, _ engine: BenchEngine?) throws -> Double {
        books.beginTicking()
        let start = books.clock.now
        var fills = 0
        while books.clock.now - start < .seconds(RiskLoadBench.flatOutSeconds) {
            try books.keepTicking()
            for _ in 0..<RiskLoadBench.batch {
                fills += 1
                try books.trade(
                    books.account(fills * 7), BenchBooks.symbols[fills % BenchBooks.symbols.count])
            }
            try books.redis.flush()
        }
        if engine != nil { try wait(books, fills) }
        return Double(fills) / (Double((books.clock.now - start).nanoseconds) / 1e9)
    }

    /// Until the last fill is in its account's snapshot.
    private func wait(_ books: BenchBooks, _ fills: Int) throws {
        let account = books.account(fills * 7)
        let end = books.clock.now + .seconds(10)
        while true {
            let read = books.redis.number(books.keys.risk(account), "ledger_seq")
            if read >= Int64(books.entries) { return }
            guard books.clock.now < end else {
                throw HopProblem(
                    description: "fill \(fills) is not in the snapshot of \(account) after 10 s: that "
                        + "is of journal entry \(read), the fill is \(books.entries)")
            }
        }
    }
}

import Foundation
import Testing

/// Two real risk-engines on one Redis, fed with ticks by hand: who of them writes.
@Suite("risk-engine's lease, real processes", .serialized)
struct RiskLeaseTests {
    private let stage: ProcessStage
    private let snapshot = "pms:{usdm}:risk:demo"

    /// A Redis with one account that is long one coin.
    init() throws {
        stage = try ProcessStage()
        let stamp = ["seq", "1", "writer", "test:1", "at_ms", "1"]
        let commands = [
            ["SADD", "pms:{usdm}:accounts", "demo"], ["SADD", "pms:{usdm}:books", "demo:BTCUSDT"],
            [
                "HSET", "pms:{usdm}:balance:demo", "deposits", "100000", "realised", "0", "fees", "0",
                "funding", "0", "wallet", "100000", "version", "1",
            ] + stamp,
            [
                "HSET", "pms:{usdm}:position:demo:BTCUSDT", "qty", "1", "entry", "100", "realised",
                "0", "fees", "0", "version", "1",
            ] + stamp,
        ]
        for command in commands { _ = stage.redis(as: "pms", command) }
    }

    private func startEngine(_ name: String) throws -> Process {
        try stage.start(
            "risk-engine", [],
            [
                "PMS_INSTANCE": name, "EVAL_MIN_INTERVAL_MS": "20",
                // Nobody is to be asked for prices.
                "PMS_VENUE_REST_URL": "http://127.0.0.1:9", "PMS_VENUE_WS_URL": "ws://127.0.0.1:9",
            ])
    }

    private var epoch: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// One more tick, each with a mark of its own.
    private func tick(_ number: inout Int64) {
        number += 1
        let now = epoch
        let mark = 100 + number % 50
        let text =
            "{\"s\":\"BTCUSDT\",\"seq\":\"\(number)\",\"b\":\"\(mark)\",\"B\":\"1\",\"a\":\"\(mark)\","
            + "\"A\":\"1\",\"m\":\"\(mark)\",\"i\":\"\(mark)\",\"tb\":\"\(now)\",\"tm\":\"\(now)\","
            + "\"t\":\"\(now)\"}"
        _ = stage.redis("PUBLISH", "pms:{usdm}:tick:BTCUSDT", text)
    }

    /// Publishes ticks until so many snapshots have been told of by an engine; the names of all that
    /// told of one meanwhile.
    private func writers(
        _ channel: ChannelReader, until count: Int, by name: String, _ ticks: inout Int64,
        _ isMore: () -> Bool = { false }
    ) throws -> Set<String> {
        var writers: Set<String> = []
        var told = 0
        let end = Date(timeIntervalSinceNow: Waiting.patience)
        while told < count || isMore() {
            try #require(Date() < end, "\(told) by \(name), \(writers): \(stage.logs)")
            tick(&ticks)
            guard let text = channel.message(until: Date(timeIntervalSinceNow: 0.1)) else { continue }
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
            let writer = try #require((object as? [String: String])?["writer"])
            writers.insert(writer)
            if writer == "risk-engine:\(name)" { told += 1 }
        }
        return writers
    }

    /// Whether an engine has shown a sign of life since then (epoch milliseconds).
    private func isAlive(_ name: String, since: Int64 = 0) -> Bool {
        let beat = stage.redis("HGET", "pms:{usdm}:heartbeat:risk-engine:\(name)", "at_ms")
        return (Int64(beat) ?? -1) > since
    }

    @Test("a risk-engine that was paused past its lease writes no snapshot while another holds it, and writes again once it holds it (P2)")
    func paused() throws {
        var ticks: Int64 = 0
        let channel = try stage.listen(to: "pms:{usdm}:risk")
        let first = try startEngine("one")
        #expect(
            try writers(channel, until: 3, by: "one", &ticks) == ["risk-engine:one"])
        let second = try startEngine("two")
        // It is read from, and writes nothing.
        let both = try writers(channel, until: 10, by: "one", &ticks) { !isAlive("two") }
        #expect(both == ["risk-engine:one"])

        kill(first.processIdentifier, SIGSTOP)
        _ = try writers(channel, until: 3, by: "two", &ticks)
        // They lie in the paused one's socket when it wakes, before it can look at its lease.
        for _ in 0..<20 { tick(&ticks) }
        let resumed = epoch
        kill(first.processIdentifier, SIGCONT)
        let after = try writers(channel, until: 20, by: "two", &ticks) {
            !isAlive("one", since: resumed)
        }
        #expect(after == ["risk-engine:two"])
        #expect(stage.redis("HGET", snapshot, "writer") == "risk-engine:two")

        ProcessStage.end(second)
        _ = try writers(channel, until: 3, by: "one", &ticks)
        #expect(stage.redis("HGET", snapshot, "writer") == "risk-engine:one")
        #expect(stage.redis("HGET", snapshot, "BTCUSDT:qty") == "1")
    }
}

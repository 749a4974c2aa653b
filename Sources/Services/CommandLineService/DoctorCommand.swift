import BusProtocol
import Chronology
import Reactor
import RedisLink
import Runtime
import WebLink

/// `pms doctor`: one line for each thing that must be right.
@LoopActor enum DoctorCommand {
    private enum Finding: String { case ok, warning, bad }

    private struct Report {
        var lines: [(finding: Finding, what: String, detail: String)] = []

        mutating func add(_ finding: Finding, _ what: String, _ detail: String) {
            lines.append((finding, what, detail))
        }
    }

    static func run(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var report = Report()
        report.add(.ok, "configuration", "valid")
        if let live = session.environment.liveProblem {
            report.add(.warning, "live trading", live.message)
        }
        await checkVenue(session, &report)
        do throws(CommandFailure) {
            try await checkRedis(session, &report)
            try await checkProcesses(session, &report)
        } catch {
            report.add(.bad, "redis", error.message)
        }
        var table = TextTable(["RESULT", "WHAT", "DETAIL"])
        for line in report.lines { table.append([line.finding.rawValue, line.what, line.detail]) }
        let records = report.lines.map {
            [("result", $0.finding.rawValue), ("what", $0.what), ("detail", $0.detail)]
        }
        session.show(records, empty: "") { table }
        let bad = report.lines.filter { $0.finding == .bad }.count
        guard bad == 0 else { throw CommandFailure(.error, "\(bad) thing(s) need attention") }
    }

    private static func checkRedis(
        _ session: Session, _ report: inout Report
    ) async throws(CommandFailure) {
        let before = session.loop.now
        try await session.send(["PING"])
        let tookMicroseconds = (session.loop.now - before).nanoseconds / 1000
        report.add(.ok, "redis", "\(session.redisName) answers in \(tookMicroseconds) µs")
        let server = info(try await session.send(["INFO", "server"]).text)
        report.add(.ok, "redis version", server["redis_version"] ?? "not told")
        let persistence = info(try await session.send(["INFO", "persistence"]).text)
        if persistence["aof_enabled"] == "1" {
            report.add(.ok, "persistence", "append-only file is on")
        } else {
            report.add(.bad, "persistence", "append-only file is off: set appendonly yes")
        }
        for name in [
            "aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status",
        ] {
            guard let status = persistence[name], status != "ok" else { continue }
            report.add(.bad, "persistence", "\(name) is \(status): is the disk full?")
        }
        let memory = info(try await session.send(["INFO", "memory"]).text)
        let policy = memory["maxmemory_policy"] ?? "not told"
        if policy == "noeviction" {
            report.add(.ok, "eviction", policy)
        } else {
            report.add(
                .bad, "eviction", "\(policy): keys may vanish; set maxmemory-policy noeviction")
        }
        report.add(.ok, "memory", memory["used_memory_human"] ?? "not told")
    }

    private static func checkProcesses(
        _ session: Session, _ report: inout Report
    ) async throws(CommandFailure) {
        var found: [String: HeartbeatRecord] = [:]
        for key in try await session.scan(session.keys.heartbeatPattern) {
            if let record = try await session.read(
                key, { fields throws(RecordError) in try HeartbeatRecord(fields: fields) })
            {
                found[record.service] = record
            }
        }
        for name in session.environment.venueProcesses where name != "paper-exchange" {
            guard let beat = found[name] else {
                report.add(.bad, name, "no heartbeat: not running")
                continue
            }
            let skew = beat.stamp.atMilliseconds - session.nowMilliseconds
            if skew > 1000 {
                report.add(.warning, name, "its clock is \(skew) ms ahead of this one")
            }
            if beat.isReady {
                report.add(.ok, name, "ready, pid \(beat.processID), build \(beat.build)")
            } else {
                report.add(.bad, name, "not ready: \(beat.reasons)")
            }
        }
    }

    private static func checkVenue(_ session: Session, _ report: inout Report) async {
        let base = session.environment.venueRESTURL
        let client = WebClient(loop: session.loop)
        let before = session.loop.now
        let outcome = await client.send(
            WebRequest(url: base + timePath(session.environment), deadline: .seconds(3)))
        let took = (session.loop.now - before).milliseconds
        switch outcome {
        case .response(let response) where response.status == 200:
            report.add(.ok, "venue", "\(base) answers in \(took) ms")
        case .response(let response):
            report.add(.bad, "venue", "\(base) answers with status \(response.status)")
        case .notSent(let error), .unknown(let error):
            report.add(.bad, "venue", "\(base) does not answer: \(error)")
        }
    }

    /// Where the venue tells its time.
    private static func timePath(_ environment: Environment) -> String {
        environment.text("PMS_VENUE_KIND") == "binance-usdm" ? "/fapi/v1/time" : "/api/v3/time"
    }

    /// `name:value` lines of INFO.
    private static func info(_ text: String?) -> [String: String] {
        var fields: [String: String] = [:]
        for line in (text ?? "").split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields[String(parts[0])] = String(parts[1].filter { $0 != "\r" })
        }
        return fields
    }
}

import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime

/// `pms allocate` and `pms allocations`.
@LoopActor enum AllocationCommands {
    /// Runs, or slices with `--slices`, that are listed by default.
    private static let listed: Int64 = 20

    static func allocate(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let isDry = arguments.has("--dry-run")
        let watcher = try await watcher(session, isWanted: arguments.has("--watch") && !isDry)
        defer { watcher?.close() }
        // A little longer than a run may take.
        let patience = session.environment.integer("TASK_TIMEOUT_SECONDS") + 5
        let reply = try await BusRequest(
            session, .allocationRun, id: arguments.value("--request-id") ?? session.requestID,
            seconds: try arguments.seconds("--timeout", patience), silence: .timeout,
            body: AllocationBody(isDry: isDry, waits: true).body, to: .allocator
        ).run()
        let fields = AllocationRecord.ordered(reply.body)
        if session.isJSON { return session.show(fields) }
        session.show(fields.filter { !$0.1.isEmpty && $0.0 != "kind" })
    }

    private static func watcher(
        _ session: Session, isWanted: Bool
    ) async throws(CommandFailure) -> RedisSubscriber? {
        guard isWanted else { return nil }
        _ = try await session.redis()
        let subscriber = RedisSubscriber(
            loop: session.loop, endpoint: try session.endpoint(), name: "pms-cli-watch",
            jitterSeed: 2)
        subscriber.subscribe(session.keys.allocations, SlicePrinter(session))
        subscriber.start()
        return subscriber
    }

    static func list(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let kind = arguments.has("--slices") ? "slice" : "run"
        let limit = try count(arguments)
        var found: [[(String, String)]] = []
        // A run whose last order ended after it is told twice: the newer line counts.
        var seen: Set<String> = []
        var end = "+"
        // Runs and slices stand in one stream: read back until there are enough of the kind.
        while found.count < limit {
            let reply = try await session.send([
                "XREVRANGE", session.keys.allocations, end, "-", "COUNT", "\(page)",
            ])
            let rows = reply.elements ?? []
            for row in rows {
                guard let parts = row.elements, parts.count == 2, let id = parts[0].text,
                    let fields = parts[1].fields
                else { throw CommandFailure(.error, "the history holds something else than runs") }
                end = "(" + id
                guard fields["kind"] == kind, found.count < limit,
                    seen.insert("\(fields["run"] ?? id)-\(fields["slice"] ?? "")").inserted
                else { continue }
                found.append(AllocationRecord.ordered(fields))
            }
            if rows.count < page { break }
        }
        session.show(found, empty: "no runs yet: pms allocate") {
            kind == "run" ? runs(found) : slices(found)
        }
    }

    private static let page = 200

    private static func count(_ arguments: Arguments) throws(CommandFailure) -> Int {
        guard let text = arguments.value("--limit") else { return Int(listed) }
        guard let count = Int(text), (1...10_000).contains(count) else {
            throw arguments.usage("--limit is not a number from 1 to 10000: \(text)")
        }
        return count
    }

    private static func runs(_ records: [[(String, String)]]) -> TextTable {
        var table = TextTable([
            "AT", "RUN", "STATUS", "REASON", "ACTION", "SLICES", "NOTIONAL", "COST BP", "BEFORE",
            "AFTER", "MS",
        ])
        for record in records {
            let fields = Dictionary(record) { _, last in last }
            table.append(
                [time(fields["started_ms"])]
                    + [
                        "run", "status", "reason", "action", "slices", "filled_notional",
                        "cost_bp", "imbalance_before", "imbalance_after", "elapsed_ms",
                    ].map { AllocationCommands.short($0, fields[$0] ?? "") })
        }
        return table
    }

    private static func slices(_ records: [[(String, String)]]) -> TextTable {
        var table = TextTable([
            "AT", "RUN", "N", "SIDE", "QTY", "PRICE", "TIF", "TTL MS", "STATUS", "EXECUTED",
            "AVERAGE", "COST BP", "LIVED MS",
        ])
        for record in records {
            let fields = Dictionary(record) { _, last in last }
            table.append(
                [time(fields["at_ms"])]
                    + [
                        "run", "slice", "side", "qty", "price", "tif", "ttl_ms", "status",
                        "executed", "average", "cost_bp", "lived_ms",
                    ].map { AllocationCommands.short($0, fields[$0] ?? "") })
        }
        return table
    }

    private static func time(_ text: String?) -> String {
        guard let milliseconds = text.flatMap({ Int64($0) }) else { return "" }
        return CivilTime(WallTime(milliseconds: milliseconds)).timeOfDay
    }

    /// What is not a price or an amount of coins, which are told to the last place.
    nonisolated private static let rounded: Set<String> = [
        "filled_notional", "cost_bp", "imbalance_before", "imbalance_after", "planned_slippage",
    ]

    /// A decimal cut to four places, for tables, where nothing hangs on the others.
    nonisolated static func short(_ name: String, _ text: String) -> String {
        guard rounded.contains(name), let point = text.firstIndex(of: ".") else { return text }
        let end = text.index(point, offsetBy: 5, limitedBy: text.endIndex) ?? text.endIndex
        return String(text[..<end])
    }
}

/// Prints each slice of a run in one line.
@LoopActor private final class SlicePrinter: RedisMessageHandler {
    private let session: Session

    init(_ session: Session) { self.session = session }

    func subscriptionEstablished(channel: String) {}

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let fields = try? FlatJSON.decode(payload), fields["kind"] == "slice" else { return }
        // The result goes to stdout; what happens on the way is for the person who watches.
        let shown = [
            "slice", "side", "qty", "price", "tif", "ttl_ms", "planned_slippage", "status",
            "executed", "average", "cost_bp", "lived_ms",
        ].compactMap { name in
            fields[name].flatMap {
                $0.isEmpty ? nil : "\(name)=\(AllocationCommands.short(name, $0))"
            }
        }
        session.note(shown.joined(separator: " "))
    }
}

import Algorithms
import BusProtocol
import Bytes
import Reactor
import Runtime
import Trading

/// Algorithms as people read them.
@LoopActor enum AlgoPages {
    static func table(_ records: [AlgoRecord]) -> TextTable {
        var table = TextTable([
            "ALGO", "ACCOUNT", "SYMBOL", "STATUS", "SIDE", "QTY", "FILLED", "PROGRESS", "AVERAGE",
            "SLIPPAGE BPS", "WHY",
        ])
        for record in records {
            table.append([
                record.id, record.account.name, record.symbol.name, record.status,
                record["side"], record["qty"], record["filled"], bar(record, 10) ?? "",
                record["average"], record["slippage_bps"], record.reason,
            ])
        }
        return table
    }

    /// One algorithm: a line a field, a bar of its progress, and what its layers are at.
    static func show(_ session: Session, _ record: AlgoRecord) {
        if session.isJSON { return session.show(record.fields) }
        var fields: [(String, String)] = [
            ("id", record.id), ("kind", record.kind), ("account", record.account.name),
            ("symbol", record.symbol.name), ("status", record.status), ("why", record.reason),
            ("detail", record.detail),
        ]
        if let bar = bar(record, 30) { fields.append(("progress", bar)) }
        for (name, value) in record.shown where name != "elapsed_ms" {
            fields.append((name, value))
        }
        fields.append(("running for", elapsed(record, session.nowMilliseconds)))
        session.show(fields.filter { !$0.1.isEmpty })
        for table in layers(record) { session.print("\n" + table.text) }
    }

    /// `[######....] 62 %`; nil where it has no end.
    static func bar(_ record: AlgoRecord, _ width: Int) -> String? {
        guard !record["left"].isEmpty, let filled = Quantity(text: record["filled"]),
            let whole = Quantity(text: record["qty"]), whole.isPositive
        else { return nil }
        let percent = Int(filled.units * 100 / whole.units)
        let full = min(width, max(0, percent * width / 100))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        return "[\(bar)] \(percent) %"
    }

    /// Up to now where it is not over: its record is written when something changes.
    private static func elapsed(_ record: AlgoRecord, _ now: Int64) -> String {
        let isOver = AlgoStatus(rawValue: record.status)?.isOver != false
        let since = isOver ? 0 : max(0, now - record.stamp.atMilliseconds)
        let seconds = ((Int64(record["elapsed_ms"]) ?? 0) + since) / 1_000
        return seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }

    /// The rungs of a scale or the slots of a scalper, from its state.
    private static func layers(_ record: AlgoRecord) -> [TextTable] {
        guard let state = try? JSONValue.parse(Array(record.state.utf8)) else { return [] }
        let lots = state["lots"]?.elements ?? []
        if let rungs = state["rungs"]?.elements, !rungs.isEmpty {
            var table = TextTable(["RUNG", "PRICE", "QTY", "FILLED", "REFUSALS", "GIVEN UP"])
            for (index, rung) in rungs.enumerated() {
                table.append([
                    "\(index + 1)", rung[0]?.text ?? "", rung[1]?.text ?? "",
                    lots.indices.contains(index) ? lots[index][1]?.text ?? "" : "",
                    "\(rung[2]?.integer ?? 0)", rung[3]?.text ?? "",
                ])
            }
            return [table]
        }
        guard let slots = state["slots"]?.elements, !slots.isEmpty else { return [] }
        var table = TextTable([
            "SLOT", "HOLDS", "OF", "ROUNDS", "REALISED", "AVERAGE PNL", "WIDTH", "WAITS MS",
            "PAUSED MS",
        ])
        // What was held when it ended was closed by an order of its own.
        let isFlattened = state["closing_lot"] != nil
        for (index, slot) in slots.enumerated() where lots.count > index * 2 + 1 {
            let opened = lots[index * 2][1]?.decimalUnits ?? 0
            // What was closed, and what the venue kept of it as its fee.
            let gone = (lots[index * 2 + 1][1]?.decimalUnits ?? 0) + (slot[10]?.decimalUnits ?? 0)
            let total = (lots[index * 2][0]?.decimalUnits ?? 0) - gone
            table.append([
                "\(index + 1)", isFlattened ? "-" : Quantity(units: opened - gone).text,
                Quantity(units: total).text, "\(slot[5]?.integer ?? 0)", slot[2]?.text ?? "",
                slot[3]?.text ?? "", slot[4]?.text ?? "", "\(slot[7]?.integer ?? 0)",
                "\(slot[8]?.integer ?? 0)",
            ])
        }
        return [table]
    }
}

extension AlgoRecord {
    /// What is shown under a name; empty where nothing is.
    subscript(name: String) -> String { shown.first { $0.name == name }?.value ?? "" }
}

package import Trading

/// The last comparison of the books with the venue, as it stands in `sync`.
package struct SyncRecord: Equatable, Sendable {
    /// How a comparison ended.
    package enum Result: String, CaseIterable, Sendable {
        /// Every symbol compared is equal.
        case equal
        /// Symbols differ; missed trades are being looked for, or the difference is being watched.
        case different
        /// Symbols differ in two snapshots, and no missed trade explains it.
        case mismatch
        /// The account is in a mode in which its positions cannot be compared.
        case refused
        /// The venue or Redis did not answer; nothing was concluded.
        case failed
    }

    package var result: Result
    /// What went wrong; empty otherwise.
    package var reason = ""
    /// Symbols compared.
    package var symbols: Int64 = 0
    /// Symbols left out, because something was in flight on them.
    package var busy: Int64 = 0
    /// Venue minus books, ascending by symbol.
    package var differences: [(symbol: Symbol, difference: Quantity)] = []
    /// Orders at the venue that are not open on record, and the other way round.
    package var ordersUnknown: Int64 = 0
    package var ordersMissing: Int64 = 0
    /// Missed trades applied since the process started.
    package var tradesApplied: Int64 = 0
    package var ledgerSequence: Int64 = 0
    package var stamp: RecordStamp

    package init(result: Result, stamp: RecordStamp) {
        self.result = result
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("sync", fields)
        result = try reader.choice("result")
        reason = try reader.text("reason")
        symbols = try reader.integer("symbols")
        busy = try reader.integer("busy")
        ordersUnknown = try reader.integer("orders_unknown")
        ordersMissing = try reader.integer("orders_missing")
        tradesApplied = try reader.integer("trades_applied")
        ledgerSequence = try reader.integer("ledger_seq")
        stamp = try RecordStamp(reader)
        for pair in try reader.text("differences").split(separator: ",") {
            let parts = pair.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let symbol = Symbol(parts[0]),
                let difference = Quantity(text: parts[1])
            else { throw reader.error("differences", "not SYMBOL:quantity: \(pair)") }
            differences.append((symbol, difference))
        }
    }

    package var fields: [(String, String)] {
        let listed = differences.map { "\($0.symbol):\($0.difference)" }.joined(separator: ",")
        return [
            ("result", result.rawValue), ("reason", reason), ("symbols", "\(symbols)"),
            ("busy", "\(busy)"), ("differences", listed), ("orders_unknown", "\(ordersUnknown)"),
            ("orders_missing", "\(ordersMissing)"), ("trades_applied", "\(tradesApplied)"),
            ("ledger_seq", "\(ledgerSequence)"),
        ] + stamp.fields
    }

    package static func == (a: SyncRecord, b: SyncRecord) -> Bool {
        a.fields.elementsEqual(b.fields, by: ==)
    }
}

import BusProtocol
import Reactor
import Trading

/// `pms why`: the chain from a decision or a request over an order and its trades to a book.
@LoopActor enum WhyCommand {
    /// Newest changes of a book that are shown.
    private static let shown = 20

    static func run(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let subject = arguments.word(0) ?? ""
        if let (account, symbol) = BusKeys.book(of: subject) {
            try await position(session, account, symbol)
        } else {
            try await order(session, subject)
        }
    }

    // MARK: a position

    private static func position(
        _ session: Session, _ account: AccountID, _ symbol: Symbol
    ) async throws(CommandFailure) {
        var entries: [LedgerEntry] = []
        try await JournalReading.forEach(session, session.keys.ledger) {
            fields throws(CommandFailure) in
            guard fields["account"] == account.name, fields["symbol"] == symbol.name else {
                return true
            }
            entries.append(try JournalReading.ledgerEntry(session, fields))
            if entries.count > shown { entries.removeFirst() }
            return true
        }
        guard !entries.isEmpty else {
            throw CommandFailure(
                .notFound, "the journal has no change of \(BusKeys.book(account, symbol))")
        }
        var records: [[(String, String)]] = []
        for entry in entries { records.append(try await link(session, entry)) }
        show(session, records)
    }

    /// A change of a book with what led to it.
    private static func link(
        _ session: Session, _ entry: LedgerEntry
    ) async throws(CommandFailure) -> [(String, String)] {
        var fields: [(String, String)] = [
            ("seq", "\(entry.sequence)"), ("at_ms", "\(entry.atMilliseconds)"),
            ("kind", entry.kind.rawValue), ("side", entry.side?.rawValue ?? ""),
            ("qty", entry.quantity.text), ("price", entry.price.text),
            ("position", entry.position.text), ("cause", entry.cause),
            ("trade", entry.tradeID == 0 ? "" : "\(entry.tradeID)"), ("order", entry.order),
            ("writer", entry.writer),
        ]
        if let order = try await Books.order(session, entry.order) {
            fields.append(("request", order.request))
            fields += try await decision(session, order.request)
        }
        return fields
    }

    // MARK: an order

    private static func order(
        _ session: Session, _ subject: String
    ) async throws(CommandFailure) {
        guard let order = try await OrderCommands.find(session, subject) else {
            throw CommandFailure(
                .notFound, "no order \(subject); a position is asked for as ACCOUNT:SYMBOL")
        }
        var records: [[(String, String)]] = []
        let decided = try await decision(session, order.request)
        if !decided.isEmpty { records.append([("kind", "decision")] + decided) }
        records.append([
            ("kind", "order"), ("order", order.intent.clientOrderID.text),
            ("request", order.request), ("at_ms", "\(order.intentMilliseconds)"),
            ("account", order.intent.account.name), ("symbol", order.intent.symbol.name),
            ("side", order.intent.side.rawValue), ("qty", order.intent.quantity.text),
            ("executed", order.executed.text), ("status", order.status), ("code", order.code),
            ("reason", order.reason),
        ])
        try await JournalReading.forEach(session, session.keys.ledger) {
            fields throws(CommandFailure) in
            if fields["order"] == order.intent.clientOrderID.text {
                let entry = try JournalReading.ledgerEntry(session, fields)
                records.append([
                    ("kind", entry.kind.rawValue), ("seq", "\(entry.sequence)"),
                    ("at_ms", "\(entry.atMilliseconds)"), ("trade", "\(entry.tradeID)"),
                    ("qty", entry.quantity.text), ("price", entry.price.text),
                    ("position", entry.position.text), ("cause", entry.cause),
                ])
            }
            return true
        }
        show(session, records)
    }

    /// risk-engine's decision that a request carries out; nothing where a person or an algo asked.
    private static func decision(
        _ session: Session, _ request: String
    ) async throws(CommandFailure) -> [(String, String)] {
        guard request.hasPrefix("dlv:") || request.hasPrefix("brk:") else { return [] }
        var found: [(String, String)] = []
        try await JournalReading.forEach(session, session.keys.decisions) {
            fields throws(CommandFailure) in
            guard fields["command"] == request, fields["kind"] != DecisionKind.outcome.rawValue
            else { return true }
            let names = [
                "seq", "tier", "margin_ratio", "equity", "maintenance", "held",
                "position_maintenance", "ledger_seq", "marks",
            ]
            found = names.map { ("decision " + $0, fields[$0] ?? "") }
            return false
        }
        return found
    }

    // MARK: output

    /// One line a link, `name=value`; with `--json` an array of objects.
    private static func show(_ session: Session, _ records: [[(String, String)]]) {
        if session.isJSON { return session.print(JSONOutput.array(records)) }
        for record in records {
            let line = record.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1)" }
            session.print(line.joined(separator: "  ") + "\n")
        }
    }
}

import BusProtocol
import Reactor
import RedisLink

/// Reading the journals page by page.
@LoopActor enum JournalReading {
    private static let page = 500

    /// Every entry of a stream in order, as fields; stops where `body` gives false.
    static func forEach(
        _ session: Session, _ stream: String,
        _ body: ([String: String]) throws(CommandFailure) -> Bool
    ) async throws(CommandFailure) {
        var start = "-"
        while true {
            let reply = try await session.send([
                "XRANGE", stream, start, "+", "COUNT", "\(page)",
            ])
            guard let rows = reply.elements else { return }
            for row in rows {
                guard let parts = row.elements, parts.count == 2, let id = parts[0].text,
                    let fields = parts[1].fields
                else { throw CommandFailure(.error, "\(stream) holds something else than entries") }
                start = "(" + id
                let isWanted = try body(fields)
                if !isWanted { return }
            }
            if rows.count < page { return }
        }
    }

    static func ledgerEntry(
        _ session: Session, _ fields: [String: String]
    ) throws(CommandFailure) -> LedgerEntry {
        do throws(RecordError) {
            return try LedgerEntry(fields: fields)
        } catch {
            throw CommandFailure(.error, "\(session.keys.ledger): \(error)")
        }
    }
}

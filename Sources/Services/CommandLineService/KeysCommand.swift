import BusProtocol
import Reactor

/// `pms keys`: the catalogue of the Redis contract.
enum KeysCommand {
    @LoopActor static func run(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let name = arguments.positional.first
        let found = name.map { KeyDescription.found($0, session.keys) } ?? KeyDescription.catalogue
        if let name, found.isEmpty {
            throw CommandFailure(.notFound, "no key or channel of that name: \(name)")
        }
        let titles = ["KEY OR CHANNEL", "TYPE", "LIFETIME", "WRITER", "HOLDS"]
        var table = TextTable(titles + (name == nil ? [] : ["FIELDS"]))
        var records: [[(String, String)]] = []
        for line in found {
            let key = session.keys.prefix + line.pattern
            let fields = line.fields.joined(separator: " ")
            records.append([
                ("key", key), ("type", line.kind), ("lifetime", line.lifetime),
                ("writer", line.writer), ("holds", line.holds), ("fields", fields),
            ])
            table.append(
                [key, line.kind, line.lifetime, line.writer, line.holds]
                    + (name == nil ? [] : [fields]))
        }
        session.show(records, empty: "") { table }
    }
}

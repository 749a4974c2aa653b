import BusProtocol
import Reactor

/// `pms keys`: the catalogue of the Redis contract.
enum KeysCommand {
    @LoopActor static func run(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        var table = TextTable(["KEY OR CHANNEL", "TYPE", "LIFETIME", "WRITER", "HOLDS"])
        var records: [[(String, String)]] = []
        for line in KeyDescription.catalogue {
            let name = session.keys.prefix + line.pattern
            records.append([
                ("key", name), ("type", line.kind), ("lifetime", line.lifetime),
                ("writer", line.writer), ("holds", line.holds),
            ])
            table.append([name, line.kind, line.lifetime, line.writer, line.holds])
        }
        session.show(records, empty: "") { table }
    }
}

import BusProtocol
import Reactor

/// `pms reconcile`: a round of position-sync now.
@LoopActor enum ReconcileCommand {
    static func run(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let isDry = arguments.has("--dry-run")
        let request = BusRequest(
            session, .reconcile, id: session.requestID,
            seconds: try arguments.seconds("--timeout", 60), silence: .timeout,
            body: ["dry_run": isDry ? "1" : "0"], to: .positionSync)
        let reply = try await request.run()
        let symbols = reply.body.keys.filter { $0 != "result" }.sorted()
        if session.isJSON {
            return session.show(
                [("result", reply.body["result"] ?? "")]
                    + symbols.map { ($0, reply.body[$0] ?? "") })
        }
        session.print((isDry ? "dry run: " : "") + (reply.body["result"] ?? "") + "\n")
        for symbol in symbols { session.print("\(symbol): \(reply.body[symbol] ?? "")\n") }
    }
}

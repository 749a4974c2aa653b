import BusProtocol
import Reactor
import Runtime
import Trading

/// `pms halt`, `reduce` and `resume`: the trading state of the venue or of one account.
@LoopActor enum StateCommands {
    static func halt(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await set(.halted, session, arguments)
    }

    static func reduce(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await set(.reducing, session, arguments)
    }

    static func resume(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await set(.active, session, arguments)
    }

    private static func set(
        _ state: TradingState, _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let account = try arguments.accountOption()
        let body = StateSetBody(
            state: state, account: account, why: arguments.value("--why") ?? "pms")
        let reply = try await BusRequest(
            session, .stateSet, id: session.requestID,
            seconds: try arguments.seconds("--timeout", 5), silence: .timeout, body: body.body
        ).run()
        let whose = account.map { "account \($0)" } ?? "venue \(session.keys.venue)"
        var text = "\(whose): \(state.rawValue)"
        if let cancelled = reply.body["cancelled"], let took = reply.body["took_ms"] {
            text += ", \(cancelled) orders cancelled, none left after \(took) ms"
        }
        session.print(text + "\n")
    }
}

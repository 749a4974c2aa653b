import BusProtocol
import Bytes
import Chronology
import Reactor
import Runtime
import WebLink

/// One command to order-gateway over HTTP, for when Redis is away: cancels, reduce-only orders, halt
/// and reduce (B7c).
@LoopActor struct CommandPost {
    let session: Session
    let command: Command

    /// Sends it once; nil where this is not set up (`PMS_COMMAND_TOKEN`), or not taken this way.
    ///
    /// - Throws: what stands in the way at the gateway; an outcome that is not known.
    func run() async throws(CommandFailure) -> Reply? {
        guard let token = session.environment.optionalText("PMS_COMMAND_TOKEN") else { return nil }
        guard isProtective else { return nil }
        session.note("pms: redis does not answer; asking order-gateway itself")
        let url = session.environment.text("PMS_GATEWAY_URL") + "/commands"
        let web = WebClient(loop: session.loop)
        defer { web.close() }
        let left = command.deadlineMilliseconds - session.nowMilliseconds
        let outcome = await web.send(
            WebRequest(
                method: WebRequest.post, url: url,
                headers: [
                    ("Authorization", "Bearer \(token)"), ("Content-Type", "application/json"),
                ], body: command.encoded(), deadline: .milliseconds(max(left, 1) + 500)))
        switch outcome {
        case .response(let response): return try read(response, url)
        case .notSent(let error):
            throw CommandFailure(
                .notRunning, "redis does not answer, nor does order-gateway at \(url): \(error)")
        case .unknown(let error):
            throw CommandFailure(
                .outcomeUnknown,
                "order-gateway at \(url) did not answer: \(error); repeating the request with "
                    + "--request-id \(command.id) is harmless")
        }
    }

    private var isProtective: Bool {
        switch CommandKind(rawValue: command.kind) {
        case .orderCancel: true
        case .orderPlace: command.body["reduce_only"] == "1"
        case .stateSet: command.body["state"] != TradingState.active.rawValue
        case .orderAmend, .accountCreate, .accountDeposit, .accountTransfer, .reconcile,
            .algoStart, .algoStop, .algoPause, .algoResume, .allocationRun, nil:
            false
        }
    }

    private func read(
        _ response: WebResponse, _ url: String
    ) throws(CommandFailure) -> Reply {
        do throws(RecordError) {
            if response.status == 200 { return try Reply.decode(response.body.rawSpan) }
        } catch {
            throw CommandFailure(.outcomeUnknown, "unreadable answer of \(url): \(error)")
        }
        let fields = try? FlatJSON.decode(response.body.rawSpan)
        let reason = fields?["error"] ?? "HTTP status \(response.status)"
        throw CommandFailure(.refused, "order-gateway at \(url): \(reason)")
    }
}

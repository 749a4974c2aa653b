import BusProtocol
import Bytes
import Orders
import Reactor
import Runtime
import Trading
import WebProtocol
import WebServer

/// Commands over the process's HTTP port, for when Redis is away: `POST /commands`.
///
/// 1. Only what takes risk off: cancels, orders that only reduce, halts and stricter states, and the end
///    or pause of an algorithm.
/// 2. Only with the bearer token `PMS_COMMAND_TOKEN`; without one set, never; never for a web page.
/// 3. Every request is answered, with the reply as it stands on the bus.
@LoopActor final class CommandPort {
    var onCommand: (@LoopActor (Command) -> Void)?
    private let token: String
    private var waiting: [String: WebExchange] = [:]
    private var number = 0
    /// Requests that wait for their reply; people and a desk's own tools send few.
    private static let limit = 1_000

    init(host: ServiceHost) {
        token = host.environment.optionalText("PMS_COMMAND_TOKEN") ?? ""
        host.http.add("POST", "/commands") { [weak self] request, exchange in
            guard let self else { return exchange.respond(status: 503, json: "{}") }
            received(request, exchange)
        }
    }

    private func received(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard !token.isEmpty, request.headers["Origin"] == nil else {
            return refuse(exchange, 403, "set PMS_COMMAND_TOKEN for order-gateway to use this")
        }
        guard CommandPort.isSame(request.headers["Authorization"] ?? "", "Bearer \(token)") else {
            return refuse(exchange, 401, "the token is not the gateway's PMS_COMMAND_TOKEN")
        }
        if waiting.count >= CommandPort.limit { waiting = waiting.filter { $0.value.isOpen } }
        guard let onCommand, waiting.count < CommandPort.limit else {
            return refuse(exchange, 503, "busy or starting")
        }
        do throws(RecordError) {
            let asked = try Command.decode(request.body.rawSpan)
            guard var command = CommandPort.protective(asked) else {
                return refuse(
                    exchange, 403,
                    "only cancels, reduce-only orders, halt, reduce, algo.stop and algo.pause are taken here")
            }
            number += 1
            command.from = "http-\(number)"
            waiting[command.from] = exchange
            onCommand(command)
        } catch {
            refuse(exchange, 400, error.description)
        }
    }

    /// Compares in a time that does not tell how much of it is right.
    private static func isSame(_ text: String, _ wanted: String) -> Bool {
        let (one, two) = (Array(text.utf8), Array(wanted.utf8))
        guard one.count == two.count else { return false }
        return zip(one, two).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The command as it is carried out from here; nil where it takes no risk off. A halt is not
    /// loosened: a state only counts where it is stricter than the present one.
    nonisolated static func protective(_ command: Command) -> Command? {
        guard isProtective(command) else { return nil }
        var command = command
        if CommandKind(rawValue: command.kind) == .stateSet { command.body["tighten"] = "1" }
        return command
    }

    private nonisolated static func isProtective(_ command: Command) -> Bool {
        switch CommandKind(rawValue: command.kind) {
        case .orderCancel, .algoStop, .algoPause: true
        case .orderPlace: (try? OrderPlaceBody(command.body))?.isReduceOnly ?? false
        case .stateSet: (try? StateSetBody(command.body)).map { $0.state != .active } ?? false
        case .orderAmend, .accountCreate, .accountDeposit, .accountTransfer, .reconcile,
            .algoStart, .algoResume, .allocationRun, nil:
            false
        }
    }

    /// False where the reply is for somebody on the bus.
    func answer(_ reply: Reply, to name: String) -> Bool {
        guard let exchange = waiting.removeValue(forKey: name) else {
            return name.hasPrefix("http-")
        }
        exchange.respond(status: 200, json: String(decoding: reply.encoded(), as: UTF8.self) + "\n")
        return true
    }

    private func refuse(_ exchange: WebExchange, _ status: Int, _ text: String) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("error", text)
        writer.endObject()
        exchange.respond(status: status, json: writer.text + "\n")
    }
}

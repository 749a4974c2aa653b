import Allocation
import BusProtocol
import Bytes
import Reactor
import RedisLink
import Runtime
import WebProtocol
import WebServer

/// The allocator over HTTP: `POST /tasks/allocation`, `GET /tasks/allocation`, `GET /allocations`; for
/// the holder of `PMS_HTTP_TOKEN` alone, and never for a web page.
@LoopActor final class AllocationPort {
    var onTrigger:
        (@LoopActor (AllocationTrigger, @escaping @LoopActor (TriggerAnswer) -> Void) -> Void)?
    /// The record of the run that goes on, or went on last.
    var last: (@LoopActor () -> [(String, String)])?

    private let host: ServiceHost
    private let token: [UInt8]?
    /// Lines of the history that are given.
    private static let history = 100

    init(host: ServiceHost) {
        self.host = host
        token = host.environment.optionalText("PMS_HTTP_TOKEN").map { Array($0.utf8) }
        host.http.add("POST", "/tasks/allocation") { [weak self] in self?.post($0, $1) }
        host.http.add("GET", "/tasks/allocation") { [weak self] in self?.show($0, $1) }
        host.http.add("GET", "/allocations") { [weak self] in self?.list($0, $1) }
    }

    private func isAdmitted(_ request: HTTPRequest, _ exchange: WebExchange) -> Bool {
        guard let token, request.headers["Origin"] == nil else {
            refuse(exchange, 403, "set PMS_HTTP_TOKEN for the allocator to be used over HTTP")
            return false
        }
        guard BearerToken.matches(request.headers["Authorization"], token) else {
            exchange.respond(
                status: 401,
                headers: [
                    "Content-Type": "application/json", "WWW-Authenticate": "Bearer realm=\"pms\"",
                ],
                body: Array(
                    AllocationPort.error("Authorization: Bearer TOKEN is missing or wrong").utf8))
            return false
        }
        return true
    }

    // MARK: requests

    private func post(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard isAdmitted(request, exchange) else { return }
        let wanted: RunRequest
        do throws(RunRequestProblem) {
            wanted = try RunRequest(query: request.query, body: request.body)
        } catch {
            return refuse(exchange, 400, error.description)
        }
        let key = request.headers["Idempotency-Key"] ?? ""
        guard key.isEmpty || Command.isIdentifier(key) else {
            return refuse(exchange, 400, "Idempotency-Key is not 1 to 64 of A-Z a-z 0-9 - _ . :")
        }
        guard let onTrigger else { return refuse(exchange, 503, "starting") }
        let trigger = AllocationTrigger(
            waiter: 0, by: "http", key: wanted.isDry ? "" : key, isDry: wanted.isDry,
            waits: wanted.isDry || wanted.waits)
        onTrigger(trigger) { answer in AllocationPort.respond(exchange, answer) }
    }

    private static func respond(_ exchange: WebExchange, _ answer: TriggerAnswer) {
        guard exchange.isOpen else { return exchange.abandon() }
        switch answer {
        case .accepted(let run):
            exchange.respond(
                status: 202, json: object([("run", run), ("status", AllocationRecord.running)]))
        case .over(let fields): exchange.respond(status: 200, json: object(fields))
        case .busy(let run):
            exchange.respond(
                status: 409, json: object([("error", "another run goes on"), ("run", run)]))
        case .refused(let code, let reason):
            exchange.respond(status: 503, json: object([("error", reason), ("code", code)]))
        }
    }

    private func show(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard isAdmitted(request, exchange) else { return }
        let fields = last?() ?? []
        guard !fields.isEmpty else { return refuse(exchange, 404, "no run yet") }
        exchange.respond(status: 200, json: AllocationPort.object(fields))
    }

    private func list(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard isAdmitted(request, exchange) else { return }
        let command = [
            "XREVRANGE", host.keys.allocations, "+", "-", "COUNT", "\(AllocationPort.history)",
        ]
        host.redis.send(command) { [weak self] outcome in
            guard let rows = outcome.value?.elements else {
                self?.refuse(exchange, 503, outcome.failure ?? "no history")
                return
            }
            var writer = JSONWriter(capacity: 16_384)
            writer.beginArray()
            for row in rows {
                guard let fields = row.elements?.last?.fields else { continue }
                FlatJSON.write(AllocationRecord.ordered(fields), into: &writer)
            }
            writer.endArray()
            exchange.respond(status: 200, json: writer.text + "\n")
        }
    }

    private static func object(_ fields: [(String, String)]) -> String {
        String(decoding: FlatJSON.encode(fields), as: UTF8.self) + "\n"
    }

    private static func error(_ text: String) -> String { object([("error", text)]) }

    private func refuse(_ exchange: WebExchange, _ status: Int, _ text: String) {
        exchange.respond(status: status, json: AllocationPort.error(text))
    }
}

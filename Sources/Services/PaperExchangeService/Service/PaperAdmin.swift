internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import Runtime
internal import WebProtocol
internal import WebServer

/// The operator's side of the exchange, on the admin port: faults and truth.
///
/// It answers loopback only, whatever address the port is bound to, and no web page: a request from
/// elsewhere, for another host's name, or with an `Origin`, is 403.
@LoopActor internal final class PaperAdmin {
    internal weak var server: PaperServer?

    /// Adds the paths to the process's HTTP port, before it listens.
    init(_ http: HealthServer) {
        add(http, "POST", "/paper/faults") { $0.addFaults($1, $2) }
        add(http, "GET", "/paper/faults") { $0.listFaults($1, $2) }
        add(http, "DELETE", "/paper/faults") { $0.clearFaults($1, $2) }
        add(http, "DELETE", "/paper/faults/{id}") { $0.removeFault($1, $2) }
        add(http, "GET", "/paper/kinds") { $0.listKinds($1, $2) }
        add(http, "GET", "/paper/truth") { $0.tellTruth($1, $2) }
        add(http, "GET", "/paper/state") { $0.tellState($1, $2) }
    }

    private typealias Answer =
        @LoopActor (PaperServer, HTTPRequest, WebExchange) -> Void

    private func add(
        _ http: HealthServer, _ method: String, _ path: String,
        _ answer: @escaping @LoopActor (PaperAdmin, HTTPRequest, WebExchange) -> Void
    ) {
        http.add(method, path) { [weak self] request, exchange in
            guard let self, self.server != nil else {
                return exchange.respond(status: 503, json: "{\"error\":\"starting\"}")
            }
            guard PaperAdmin.isLocal(request, exchange.remoteAddress) else {
                return exchange.respond(
                    status: 403,
                    json: "{\"error\":\"only for this machine: ask 127.0.0.1 from here\"}")
            }
            answer(self, request, exchange)
        }
    }

    /// Whether a request comes from this machine and from no web page.
    internal static func isLocal(_ request: HTTPRequest, _ remote: String) -> Bool {
        guard request.headers["Origin"] == nil else { return false }
        let isNear = remote == "::1" || remote.hasPrefix("127.") || remote.hasPrefix("::ffff:127.")
        guard isNear, let host = request.headers["Host"] else { return isNear }
        return WebAddress("http://\(host)")?.isLoopback ?? false
    }

    // MARK: faults

    private func addFaults(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard let server else { return }
        let names = server.houses.map(\.exchange.name)
        switch FaultReader.read(request.body, exchanges: names) {
        case .failure(let problems): refuse(400, problems.list, exchange)
        case .success(let specs):
            var added: [FaultPlan.Entry] = []
            do throws(FaultProblem) {
                for spec in specs { added.append(try server.addFault(spec)) }
            } catch {
                var problems = [error]
                if !added.isEmpty {
                    problems.append(
                        FaultProblem(
                            "faults[0..<\(added.count)]", "those before it are in force",
                            "see GET /paper/faults"))
                }
                return refuse(409, problems, exchange)
            }
            write(added, exchange)
        }
    }

    private func refuse(_ status: Int, _ problems: [FaultProblem], _ exchange: WebExchange) {
        var out = JSONWriter(capacity: 512)
        FaultProblem.write(problems, &out)
        exchange.respond(status: status, json: out.text + "\n")
    }

    private func write(_ entries: [FaultPlan.Entry], _ exchange: WebExchange) {
        guard let server else { return }
        var out = JSONWriter(capacity: 1_024)
        out.beginObject()
        out.key("faults")
        out.beginArray()
        for entry in entries { entry.write(now: server.loop.now, &out) }
        out.endArray()
        out.endObject()
        exchange.respond(status: 200, json: out.text + "\n")
    }

    private func listFaults(_ request: HTTPRequest, _ exchange: WebExchange) {
        server?.endFaults()
        write(server?.faults.entries ?? [], exchange)
    }

    private func clearFaults(_ request: HTTPRequest, _ exchange: WebExchange) {
        let count = server?.removeFaults() ?? 0
        exchange.respond(status: 200, json: "{\"removed\":\(count)}\n")
    }

    private func removeFault(_ request: HTTPRequest, _ exchange: WebExchange) {
        let text = exchange.parameters["id"] ?? ""
        guard let id = Int64(text), server?.removeFault(id) != nil else {
            let problem = FaultProblem(
                "id", "no fault in force has it: \(text.prefix(40))", "see GET /paper/faults")
            return refuse(404, [problem], exchange)
        }
        exchange.respond(status: 200, json: "{\"removed\":1}\n")
    }

    private func listKinds(_ request: HTTPRequest, _ exchange: WebExchange) {
        var out = JSONWriter(capacity: 4_096)
        out.beginObject()
        out.key("kinds")
        out.beginArray()
        for kind in FaultKind.allCases {
            out.beginObject()
            out.field("kind", kind.rawValue)
            out.field("does", kind.meaning)
            out.field("takes", kind.parameters)
            out.endObject()
        }
        out.endArray()
        out.endObject()
        exchange.respond(status: 200, json: out.text + "\n")
    }

    // MARK: truth

    private func tellTruth(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard let server else { return }
        let fields = try? FormFields(request.query)
        let unknown = fields?.fields.first { $0.name != "exchange" && $0.name != "part" }
        guard let fields, unknown == nil else {
            let problem = FaultProblem(
                "query", "unknown: \(unknown?.name ?? "not readable")",
                "give exchange=NAME or part=NAME, or nothing")
            return refuse(400, [problem], exchange)
        }
        var houses = server.houses
        if let name = fields["exchange"] { houses.removeAll { $0.exchange.name != name } }
        guard !houses.isEmpty else {
            let names = server.houses.map(\.exchange.name).joined(separator: ", ")
            let problem = FaultProblem("exchange", "unknown", "give one of: \(names)")
            return refuse(404, [problem], exchange)
        }
        var parts = TruthPart.allCases
        if let name = fields["part"] {
            guard let part = TruthPart(rawValue: name) else {
                let names = parts.map(\.rawValue).joined(separator: ", ")
                let problem = FaultProblem("part", "unknown", "give one of: \(names)")
                return refuse(404, [problem], exchange)
            }
            parts = [part]
        }
        let stream = exchange.startStream(contentType: "application/json")
        TruthStream(server, houses, parts, stream).go()
    }

    private func tellState(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard let server else { return }
        var out = JSONWriter(capacity: 1_024)
        out.beginObject()
        out.field("port", Int64(server.port ?? 0))
        out.field("faults", Int64(server.faults.entries.count))
        out.key("exchanges")
        out.beginArray()
        for house in server.houses {
            out.beginObject()
            out.field("exchange", house.exchange.name)
            out.field("time", server.wallNow(house).milliseconds)
            out.field("requests", Int64(house.counts.requests))
            out.field("refusals", Int64(house.counts.refusals))
            out.field("events", Int64(house.counts.events))
            out.field(
                "sockets", Int64(server.sockets.values.count { $0.house === house }))
            if let journal = house.journal { out.field("journal", journal.path) }
            for part in [TruthPart.balances, .positions, .openOrders] {
                out.key(part.rawValue)
                out.beginArray()
                _ = house.exchange.writeTruth(part, from: TruthCursor(), limit: 1_000, &out)
                out.endArray()
            }
            out.endObject()
        }
        out.endArray()
        out.endObject()
        exchange.respond(status: 200, json: out.text + "\n")
    }
}

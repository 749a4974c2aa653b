import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import WebLink

/// `pms paper …`: the operator's side of the paper exchange, asked on its admin port.
@LoopActor enum PaperCommands {
    private static let patience = Interval.seconds(60)

    // MARK: asking

    /// The body of a good answer; anything else ends the command with the exit code that fits.
    private static func ask(
        _ session: Session, _ method: String, _ path: String, body: String = ""
    ) async throws(CommandFailure) -> String {
        let environment = Environment(
            process: "paper-exchange", variables: Environment.processVariables)
        let port = environment.httpPort
        var limits = WebClientLimits.standard
        limits.responseBytes = 1 << 30
        let client = WebClient(loop: session.loop, limits: limits)
        let request = WebRequest(
            method: method, url: "http://127.0.0.1:\(port)\(path)",
            headers: body.isEmpty ? [] : [("Content-Type", "application/json")],
            body: Array(body.utf8), deadline: patience)
        switch await client.send(request) {
        case .response(let response):
            guard response.status == 200 else { throw failure(response) }
            return response.text
        case .notSent(let error):
            throw CommandFailure(
                .notRunning,
                "paper-exchange does not answer on port \(port): \(error); "
                    + "start it with scripts/run or pms up")
        case .unknown(let error):
            throw CommandFailure(.timeout, "no answer on port \(port): \(error)")
        }
    }

    private static func failure(_ response: WebResponse) -> CommandFailure {
        let status: ExitStatus =
            switch response.status {
            case 400: .usage
            case 404: .notFound
            case 403, 409: .refused
            case 503: .notRunning
            case _: .error
            }
        let value = try? JSONValue.parse(response.body)
        let lines = (value?["errors"]?.elements ?? []).map { error in
            let (place, what, remedy) = (
                error["where"]?.text, error["what"]?.text, error["do"]?.text
            )
            return "\n  \(place ?? "-"): \(what ?? "-"); \(remedy ?? "-")"
        }
        guard !lines.isEmpty else {
            return CommandFailure(status, "status \(response.status): \(response.text)")
        }
        return CommandFailure(status, "the exchange refused:\(lines.joined())")
    }

    // MARK: faults

    static func faults(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let rest = arguments.positional.dropFirst()
        switch arguments.word(0) ?? "list" {
        case "list":
            guard rest.isEmpty else { throw arguments.usage("list takes nothing") }
            show(session, try await ask(session, "GET", "/paper/faults"))
        case "kinds":
            guard rest.isEmpty else { throw arguments.usage("kinds takes nothing") }
            showKinds(session, try await ask(session, "GET", "/paper/kinds"))
        case "add":
            let body = try fault(Array(rest), arguments)
            show(session, try await ask(session, "POST", "/paper/faults", body: body))
        case "clear":
            guard rest.count <= 1 else { throw arguments.usage("clear takes one number or none") }
            let path = rest.first.map { "/paper/faults/\($0)" } ?? "/paper/faults"
            if let id = rest.first, Int64(id) == nil {
                throw arguments.usage("not a fault's number: \(id)")
            }
            session.print(try await ask(session, "DELETE", path))
        case let other: throw arguments.usage("list, kinds, add or clear, not \(other)")
        }
    }

    /// `KIND name=value …`, where a value that reads as JSON is taken so, and `target.` names fields
    /// of the target; or one word of JSON.
    private static func fault(
        _ words: [String], _ arguments: Arguments
    ) throws(CommandFailure) -> String {
        guard let kind = words.first else {
            throw arguments.usage("a kind is missing; see pms paper faults kinds")
        }
        if kind.hasPrefix("{") || kind.hasPrefix("[") { return kind }
        var own: [(String, String)] = []
        var target: [(String, String)] = []
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw arguments.usage("not name=value: \(word)")
            }
            let (name, value) = (String(parts[0]), String(parts[1]))
            if name.hasPrefix("target.") {
                target.append((String(name.dropFirst(7)), value))
            } else {
                own.append((name, value))
            }
        }
        return json([("kind", kind)] + own, target: target)
    }

    /// An object of texts, which the exchange reads as numbers and flags where it wants them.
    private static func json(
        _ fields: [(String, String)], target: [(String, String)] = []
    ) -> String {
        var out = JSONWriter()
        out.beginObject()
        for (name, value) in fields {
            out.key(name)
            out.value(value)
        }
        if !target.isEmpty {
            out.key("target" as StaticString)
            out.beginObject()
            for (name, value) in target {
                out.key(name)
                out.value(value)
            }
            out.endObject()
        }
        out.endObject()
        return out.text
    }

    private static func show(_ session: Session, _ body: String) {
        if session.isJSON { return session.print(body) }
        let faults = (try? JSONValue.parse(Array(body.utf8)))?["faults"]?.elements ?? []
        var table = TextTable(["ID", "KIND", "TARGET", "CHANCE", "SEEN", "HITS", "ENDS"])
        for fault in faults {
            let target = (fault["target"]?.members ?? []).map { member in
                "\(member.key)=\(member.value.text ?? "")"
            }
            let ends =
                fault["active"]?.boolean == false
                ? "over" : fault["ends_in_ms"]?.integer.map { "\($0) ms" }
            table.append([
                cell(fault["id"]), cell(fault["kind"]), target.joined(separator: " "),
                cell(fault["probability"]), cell(fault["seen"]), cell(fault["hits"]), ends ?? "",
            ])
        }
        if table.isEmpty { session.note("no faults") } else { session.print(table.text) }
    }

    private static func showKinds(_ session: Session, _ body: String) {
        if session.isJSON { return session.print(body) }
        let kinds = (try? JSONValue.parse(Array(body.utf8)))?["kinds"]?.elements ?? []
        var table = TextTable(["KIND", "DOES", "TAKES"])
        for kind in kinds {
            table.append([cell(kind["kind"]), cell(kind["does"]), cell(kind["takes"])])
        }
        session.print(table.text)
    }

    private static func cell(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text)?, .number(let text)?: text
        case .boolean(let flag)?: flag ? "yes" : "no"
        case nil, .null?, .array?, .object?: ""
        }
    }

    // MARK: truth

    static func truth(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var path = "/paper/truth"
        var fields: [String] = []
        for name in ["exchange", "part"] {
            guard let value = arguments.value("--\(name)") else { continue }
            guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"&=#%+".utf8.contains($0) })
            else { throw arguments.usage("--\(name) is not a name: \(value)") }
            fields.append("\(name)=\(value)")
        }
        if !fields.isEmpty { path += "?" + fields.joined(separator: "&") }
        let body = try await ask(session, "GET", path)
        if session.isJSON { return session.print(body) }
        var limits = JSONScanner.Limits()
        limits.size = 1 << 30
        let value = try? JSONValue.parse(Array(body.utf8).rawSpan, limits: limits)
        for exchange in value?["exchanges"]?.elements ?? [] { showTruth(session, exchange) }
    }

    /// A table for each part that has anything, titled by the fields of its first element.
    private static func showTruth(_ session: Session, _ exchange: JSONValue) {
        for part in exchange.members ?? [] {
            guard let rows = part.value.elements else { continue }
            session.print("\(cell(exchange["exchange"])) \(part.key): \(rows.count)\n")
            guard let titles = rows.first?.members?.map(\.key), !titles.isEmpty else { continue }
            var table = TextTable(titles.map { $0.uppercased() })
            for row in rows {
                table.append(titles.map { title in
                    let list = row[title]?.elements
                    return list.map { $0.map(cell).joined(separator: ",") } ?? cell(row[title])
                })
            }
            session.print(table.text)
        }
    }

    // MARK: trading

    static func trade(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let symbol = try arguments.symbol(0)
        let side = arguments.positional[1].uppercased()
        guard side == "BUY" || side == "SELL" else {
            throw arguments.usage("the side is buy or sell, not \(arguments.positional[1])")
        }
        var fields = [
            ("kind", arguments.has("--stranger") ? "stranger-order" : "trade"),
            ("symbol", symbol.name), ("side", side), ("quantity", arguments.positional[2]),
        ]
        if let price = arguments.value("--price") { fields.append(("price", price)) }
        try await operate(session, arguments, fields)
        session.print("done: \(side) \(arguments.positional[2]) \(symbol.name)\n")
    }

    static func move(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let symbol = try arguments.symbol(0)
        let seconds = arguments.value("--seconds") ?? "0"
        guard let time = Int64(seconds), (0...86_400).contains(time) else {
            throw arguments.usage("--seconds is not a number from 0 to 86400: \(seconds)")
        }
        try await operate(
            session, arguments,
            [
                ("kind", "move-price"), ("symbol", symbol.name),
                ("percent", arguments.positional[1]), ("ms", "\(time * 1_000)"),
            ])
        session.print("moving: \(symbol.name) by \(arguments.positional[1]) % in \(time) s\n")
    }

    private static func operate(
        _ session: Session, _ arguments: Arguments, _ fields: [(String, String)]
    ) async throws(CommandFailure) {
        let target = arguments.value("--exchange").map { [("exchange", $0)] } ?? []
        _ = try await ask(
            session, "POST", "/paper/faults", body: json(fields, target: target))
    }
}

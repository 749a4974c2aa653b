import Algorithms
import BusProtocol
import Bytes
import Chronology
import Reactor
import Runtime
import Trading

/// `pms algo …`: starting and changing algorithms.
@LoopActor enum AlgoCommands {
    /// A command for each kind, so that each explains its own parameters.
    nonisolated static let starts: [Subcommand] = AlgoKind.allCases.map { kind in
        let options = optional(kind)
        return Subcommand(
            "algo start \(kind.rawValue) \(subject(kind)) [--PARAMETER VALUE…] [--id ID] "
                + "[--request-id ID] [--timeout S]",
            "\(summary(kind)); --help explains every parameter",
            positional: subjectNames(kind).count...subjectNames(kind).count,
            options: options.filter { !isSwitch($0) }.map(optionName)
                + ["--id", "--request-id", "--timeout"],
            flags: options.filter(isSwitch).map(optionName), isReading: true,
            details: details(kind),
            run: { session, arguments throws(CommandFailure) in
                try await start(kind, session, arguments)
            })
    }

    private nonisolated static func summary(_ kind: AlgoKind) -> String {
        switch kind {
        case .chase: "follow the best price with a post-only order until it is filled"
        case .twap: "trade a quantity in slices over a length of time"
        case .scale: "a ladder of limit orders over a range of prices"
        case .scalper: "open and close small positions on both sides of the middle"
        }
    }

    /// What is given without a name.
    private nonisolated static func subjectNames(_ kind: AlgoKind) -> [String] {
        kind == .scalper ? ["symbol", "qty"] : ["symbol", "side", "qty"]
    }

    private nonisolated static func subject(_ kind: AlgoKind) -> String {
        kind == .scalper ? "SYM QTY" : "SYM buy|sell QTY"
    }

    private nonisolated static func optional(_ kind: AlgoKind) -> [ParameterSpec] {
        AlgoParameters.table(kind).filter { !subjectNames(kind).contains($0.name) }
    }

    private nonisolated static func optionName(_ spec: ParameterSpec) -> String {
        "--" + spec.name.map { $0 == "_" ? "-" : String($0) }.joined()
    }

    /// Whether it is off unless it is named.
    private nonisolated static func isSwitch(_ spec: ParameterSpec) -> Bool {
        spec.form == .flag && spec.standard == "0"
    }

    /// Every parameter with its unit, default and limits.
    private nonisolated static func details(_ kind: AlgoKind) -> String {
        var table = TextTable(["PARAMETER", "DEFAULT", "UNIT", "LIMITS", "MEANING"])
        for spec in AlgoParameters.table(kind) {
            let isNamed = !subjectNames(kind).contains(spec.name)
            let only = spec.name == "account" ? "the only book" : "must be given"
            table.append([
                isNamed ? optionName(spec) : spec.name == "symbol" ? "SYM" : spec.name.uppercased(),
                isSwitch(spec) ? "off" : spec.standard ?? only, spec.unit,
                isSwitch(spec) ? "no value" : spec.limits, spec.meaning,
            ])
        }
        return "\n" + table.text
    }

    /// The parameters of a command line by name, the account left out.
    nonisolated static func parameters(
        _ kind: AlgoKind, _ arguments: Arguments
    ) -> [String: String] {
        var body: [String: String] = [:]
        for (index, name) in subjectNames(kind).enumerated() {
            let word = arguments.positional[index]
            body[name] = name == "qty" ? word : word.uppercased()
        }
        for spec in optional(kind) {
            if let value = arguments.value(optionName(spec)) { body[spec.name] = value }
            if isSwitch(spec), arguments.has(optionName(spec)) { body[spec.name] = "1" }
        }
        return body
    }

    private static func start(
        _ kind: AlgoKind, _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        var body = parameters(kind, arguments)
        body["kind"] = kind.rawValue
        body["account"] = try await OrderCommands.account(session, arguments).name
        if let id = arguments.value("--id") { body["id"] = id }
        let given = body.filter { $0.key != "kind" && $0.key != "id" }
        do throws(ParameterFaults) {
            _ = try AlgoParameters(kind, given)
        } catch {
            let lines = error.all.map { "\n  \($0.description)" }.joined()
            throw CommandFailure(
                .usage, "parameters:\(lines)\nsee pms algo start \(kind.rawValue) --help")
        }
        let reply = try await BusRequest(
            session, .algoStart, id: arguments.value("--request-id") ?? session.requestID,
            seconds: try arguments.seconds("--timeout", 5), silence: .timeout, body: body
        ).run()
        try show(session, reply.body)
    }

    // MARK: changing

    static func stop(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await change(.algoStop, session, arguments)
    }

    static func pause(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await change(.algoPause, session, arguments)
    }

    static func resume(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        try await change(.algoResume, session, arguments)
    }

    private static func change(
        _ kind: CommandKind, _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        let id = arguments.positional[0]
        let body = AlgoNameBody(algo: id, isFlattening: arguments.has("--flatten"))
        let request = BusRequest(
            session, kind, id: session.requestID, seconds: try arguments.seconds("--timeout", 5),
            silence: .timeout, body: body.body)
        do {
            try show(session, try await request.run().body)
        } catch where error.code == ExitStatus.notFound.rawValue {
            // One that is over is on record for a while.
            guard let record = try await read(session, id) else { throw error }
            throw CommandFailure(
                .notFound, "\(id) does not run any more: it is \(record.status), \(record.reason)")
        }
    }

    private static func show(
        _ session: Session, _ fields: [String: String]
    ) throws(CommandFailure) {
        do throws(RecordError) {
            AlgoPages.show(session, try AlgoRecord(fields: fields))
        } catch {
            throw CommandFailure(.error, "order-gateway's answer: \(error)")
        }
    }

    // MARK: reading

    static func show(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let id = arguments.positional[0]
        guard let record = try await read(session, id) else {
            throw CommandFailure(.notFound, "no algo \(id): see pms algos")
        }
        AlgoPages.show(session, record)
    }

    static func list(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        guard arguments.has("--watch") else {
            let records = try await running(session)
            return session.show(
                records.map(\.fields), empty: "no algos run: pms algo start --help"
            ) { AlgoPages.table(records) }
        }
        var isOver = false
        for signal in [2, 15] as [Int32] { session.loop.onSignal(signal) { isOver = true } }
        let isTerminal = StandardStream.output.isTerminal
        while !isOver {
            let table = AlgoPages.table(try await running(session))
            let text = table.isEmpty ? "no algos run\n" : table.text
            session.print((isTerminal ? "\u{1B}[H\u{1B}[J" : "") + text + (isTerminal ? "" : "\n"))
            var waited = 0
            while !isOver, waited < 10 {
                await session.wait(.milliseconds(100))
                waited += 1
            }
        }
    }

    private static func running(_ session: Session) async throws(CommandFailure) -> [AlgoRecord] {
        var records: [AlgoRecord] = []
        for id in try await session.members(session.keys.algos) {
            if let record = try await read(session, id) { records.append(record) }
        }
        return records
    }

    private static func read(
        _ session: Session, _ id: String
    ) async throws(CommandFailure) -> AlgoRecord? {
        try await session.read(
            session.keys.algo(id)
        ) { fields throws(RecordError) in try AlgoRecord(fields: fields) }
    }
}

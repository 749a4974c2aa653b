import Reactor
import Runtime

/// `pms config …`: what the environment says.
@LoopActor enum ConfigCommands {
    static func check(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var problems = session.environment.problems
        if problems.isEmpty, let live = session.environment.liveProblem { problems.append(live) }
        guard problems.isEmpty else {
            let lines = problems.map { "\n  \($0)" }.joined()
            throw CommandFailure(.configuration, "the configuration is not valid:\(lines)")
        }
        session.note("the configuration is valid")
    }

    static func show(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let environment = session.environment
        var table = TextTable(["VARIABLE", "VALUE", "FROM", "MEANING"])
        var records: [[(String, String)]] = []
        for knob in KnobTable.all {
            let value = environment.shown(knob.name) ?? ""
            let origin = origin(environment.origin(knob.name))
            let unit = knob.unit
            records.append([
                ("variable", knob.name), ("value", value), ("from", origin), ("unit", unit),
                ("allowed", knob.allowed), ("meaning", knob.meaning),
            ])
            let shown = value.isEmpty || unit.isEmpty ? value : "\(value) \(unit)"
            table.append([knob.name, shown, origin, knob.meaning])
        }
        session.show(records, empty: "") { table }
        for problem in environment.problems { session.note("pms: \(problem)") }
    }

    private static func origin(_ origin: Environment.Origin?) -> String {
        switch origin {
        case nil: "not set"
        case .fallback: "default"
        case .variable(let name): name
        case .file(let path): path
        }
    }
}

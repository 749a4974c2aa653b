import Allocation
import Reactor
import Runtime

/// `pms config …`: what the environment says.
@LoopActor enum ConfigCommands {
    static func check(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let problems = problems(session.environment, Environment.processVariables)
        guard problems.isEmpty else {
            let lines = problems.map { "\n  \($0)" }.joined()
            throw CommandFailure(.configuration, "the configuration is not valid:\(lines)")
        }
        session.note("the configuration is valid")
    }

    /// What is wrong with the variables: as `pms` reads them, and, where the venue has an allocator, as
    /// that does, which looks at its knobs together too.
    nonisolated static func problems(
        _ environment: Environment, _ variables: [String: String]
    ) -> [ConfigurationProblem] {
        var problems = environment.problems
        if problems.isEmpty, let live = environment.liveProblem { problems.append(live) }
        guard environment.venueProcesses.contains("allocator") else { return problems }
        let own = Environment(process: "allocator", variables: variables)
        var found = own.problems
        if found.isEmpty, let knobs = AllocationKnobs(variables: { own.shown($0) }) {
            found = knobs.problems.map {
                ConfigurationProblem(variable: $0.knob, message: $0.message)
            }
        }
        return problems + found.filter { !problems.contains($0) }
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

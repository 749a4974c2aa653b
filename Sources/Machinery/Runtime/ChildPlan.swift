/// One process of a stack: what to run and with which variables.
package struct ChildPlan: Sendable {
    package let name: String
    package let path: String
    package let arguments: [String]
    package let variables: [String: String]

    package init(
        name: String, path: String, arguments: [String] = [], variables: [String: String]
    ) {
        self.name = name
        self.path = path
        self.arguments = arguments
        self.variables = variables
    }

    /// The plan of a Redis of the stack's own, set up by a configuration file; it gets no secret.
    package static func redis(configuration: String, variables: [String: String]) -> ChildPlan {
        ChildPlan(
            name: "redis", path: "redis-server", arguments: [configuration],
            variables: variables.filter { $0.key == "PATH" })
    }

    /// The plan of a process, with only those of the supervisor's variables it needs.
    ///
    /// A variable with another process's suffix is left out, one with its own wins (as `Environment`
    /// has it), and credentials go only to who uses them: position-sync gets none but those that are
    /// meant for it, because the plain ones may trade.
    package static func make(
        _ name: String, directory: String, variables: [String: String], parent: Int32,
        isTerminal: Bool
    ) -> ChildPlan {
        var own: [String: String] = [:]
        let suffix = "_" + KnobTable.suffix(of: name)
        let suffixes = (KnobTable.processes + ["pms"]).map { "_" + KnobTable.suffix(of: $0) }
        for (variable, value) in variables {
            guard !suffixes.contains(where: variable.hasSuffix) else { continue }
            if isWanted(variable, by: name) { own[variable] = value }
        }
        for (variable, value) in variables where variable.hasSuffix(suffix) {
            let plain = String(variable.dropLast(suffix.count))
            // One form of a secret replaces the other.
            own[plain.hasSuffix("_FILE") ? String(plain.dropLast(5)) : plain + "_FILE"] = nil
            own[plain] = value
        }
        own["PMS_PARENT_PID"] = "\(parent)"
        if isTerminal, own["PMS_LOG_FORMAT"] == nil { own["PMS_LOG_FORMAT"] = "text" }
        return ChildPlan(name: name, path: "\(directory)/\(name)", variables: own)
    }

    private static func isWanted(_ variable: String, by process: String) -> Bool {
        // One port for all of them can only be meant for none.
        if variable == "PMS_HTTP_PORT" || variable == "PMS_INSTANCE" { return false }
        let base = variable.hasSuffix("_FILE") ? String(variable.dropLast(5)) : variable
        guard let knob = KnobTable.knob(base) ?? KnobTable.knob(variable) else { return true }
        if case .secret = knob.kind {
            let isTradingKey = base == "PMS_API_KEY" || base == "PMS_API_SECRET"
            if isTradingKey { return process == "order-gateway" }
            return knob.users.isEmpty || knob.users.contains(process)
        }
        return true
    }
}

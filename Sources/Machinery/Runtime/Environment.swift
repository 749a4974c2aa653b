package import Chronology
package import Trading

/// The configuration of one process, read once from its environment variables and validated whole.
///
/// Every `PMS_…` name must be known; an empty value counts as not set. A variable may carry a
/// process's name at its end to be meant for that process alone (`PMS_HTTP_PORT_PRICE_FEED`), which
/// wins over the plain one. Secrets may come from a file (`PMS_API_KEY_FILE`). Reading a name that is
/// not in `KnobTable`, or as another type than its kind, is a bug of ours and traps.
package struct Environment: Sendable {
    /// Where a value came from, for `pms config show`.
    package enum Origin: Equatable, Sendable {
        case fallback
        case variable(String)
        case file(String)
    }

    private struct Entry: Sendable {
        var value: String
        var origin: Origin
    }

    /// The process this is the configuration of.
    package let process: String
    private var entries: [String: Entry] = [:]
    /// Everything that is wrong, in the order of the table, unknown names last; empty when valid.
    package private(set) var problems: [ConfigurationProblem] = []

    /// - Parameters:
    ///   - required: names that must have a value.
    ///   - readFile: the contents of a file, or the reason why it cannot be read.
    package init(
        process: String, variables: [String: String], required: [String] = [],
        readFile: (String) -> Result<String, FileProblem> = TextFile.read
    ) {
        self.process = process
        for knob in KnobTable.all {
            resolve(knob, variables, readFile)
            if required.contains(knob.name), entries[knob.name] == nil,
                !problems.contains(where: { $0.variable.hasPrefix(knob.name) })
            {
                problems.append(.missing(knob))
            }
        }
        for name in variables.keys.sorted()
        where name.hasPrefix("PMS_") && !Environment.isKnown(name) {
            problems.append(.unknown(name))
        }
    }

    private mutating func resolve(
        _ knob: Knob, _ variables: [String: String],
        _ readFile: (String) -> Result<String, FileProblem>
    ) {
        if let fallback = knob.fallback {
            entries[knob.name] = Entry(value: fallback, origin: .fallback)
        }
        let own = "_" + KnobTable.suffix(of: process)
        for suffix in [own, ""] {
            let plain = knob.name + suffix
            let file = knob.name + "_FILE" + suffix
            let value = Environment.nonEmpty(variables[plain])
            let path = knob.hasFileVariant ? Environment.nonEmpty(variables[file]) : nil
            if value != nil, path != nil {
                problems.append(
                    ConfigurationProblem(
                        variable: plain, message: "set together with \(file): only one may be"))
                return
            }
            if let value {
                store(knob, plain, value, .variable(plain))
                return
            }
            if let path {
                switch readFile(path) {
                case .success(let text): store(knob, file, Environment.trimmed(text), .file(path))
                case .failure(let problem):
                    problems.append(
                        ConfigurationProblem(
                            variable: file, message: "cannot read \(path): \(problem.reason)"))
                }
                return
            }
        }
    }

    private mutating func store(_ knob: Knob, _ name: String, _ value: String, _ origin: Origin) {
        guard knob.admits(value) else {
            problems.append(.notAllowed(name, knob, value))
            return
        }
        entries[knob.name] = Entry(value: value, origin: origin)
    }

    private static func nonEmpty(_ value: String?) -> String? {
        value.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let last = text.unicodeScalars.last, last.value <= 0x20 {
            text.unicodeScalars.removeLast()
        }
        return String(text)
    }

    /// Whether a name is in the table, as a `_FILE` variant or with a process's suffix.
    private static func isKnown(_ name: String) -> Bool {
        var bases = [name]
        for process in KnobTable.processes + ["pms"] {
            let suffix = "_" + KnobTable.suffix(of: process)
            if name.hasSuffix(suffix) { bases.append(String(name.dropLast(suffix.count))) }
        }
        return bases.contains { base in
            if KnobTable.knob(base) != nil { return true }
            guard base.hasSuffix("_FILE") else { return false }
            return KnobTable.knob(String(base.dropLast(5)))?.hasFileVariant ?? false
        }
    }

    // MARK: reading

    private func entry(_ name: String) -> (Knob, String)? {
        guard let knob = KnobTable.knob(name) else {
            preconditionFailure("\(name) is not in the table of configuration variables")
        }
        return entries[name].map { (knob, $0.value) }
    }

    private func present(_ name: String) -> (Knob, String) {
        guard let entry = entry(name) else {
            preconditionFailure(
                "\(name) has neither a value nor a default: require it or ask for nil")
        }
        return entry
    }

    /// The text of a variable that has a value or a default.
    package func text(_ name: String) -> String { present(name).1 }

    /// The text of a variable, nil where it is not set and has no default; also for secrets.
    package func optionalText(_ name: String) -> String? { entry(name)?.1 }

    /// A whole number.
    package func integer(_ name: String) -> Int64 {
        guard let value = Int64(text(name)) else { preconditionFailure("\(name) is not a number") }
        return value
    }

    /// A whole number, nil where it is not set and has no default.
    package func optionalInteger(_ name: String) -> Int64? { entry(name).flatMap { Int64($0.1) } }

    /// A length of time, by the unit of the table (`ms` or `s`).
    package func interval(_ name: String) -> Interval { present(name).0.interval(integer(name)) }

    /// An exact decimal.
    package func decimal<D: ExactDecimal>(_ name: String, as type: D.Type = D.self) -> D {
        guard let units = Knob.units(text(name)) else {
            preconditionFailure("\(name) is no decimal")
        }
        return D(units: units)
    }

    /// A secret that was required.
    package func secret(_ name: String) -> String { text(name) }

    /// Where the value came from, nil where there is none.
    package func origin(_ name: String) -> Origin? { entries[name]?.origin }

    /// The value as it may be shown to people, nil where there is none.
    package func shown(_ name: String) -> String? {
        entry(name).map { $0.0.redacted($0.1) }
    }
}

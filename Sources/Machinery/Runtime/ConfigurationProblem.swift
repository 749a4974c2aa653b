/// One thing wrong with the configuration: the variable, what it held, and what is allowed.
package struct ConfigurationProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let variable: String
    package let message: String

    /// - Parameter message: what is wrong, what it held, and what is allowed.
    package init(variable: String, message: String) {
        self.variable = variable
        self.message = message
    }

    package var description: String { "\(variable): \(message)" }

    static func notAllowed(_ variable: String, _ knob: Knob, _ value: String)
        -> ConfigurationProblem
    {
        ConfigurationProblem(
            variable: variable,
            message: "not allowed: \(knob.redacted(value)); allowed: \(knob.allowed)")
    }

    static func missing(_ knob: Knob) -> ConfigurationProblem {
        let file = knob.hasFileVariant ? ", or \(knob.name)_FILE with the path of a file" : ""
        return ConfigurationProblem(
            variable: knob.name, message: "missing; needed: \(knob.allowed)\(file)")
    }

    static func unknown(_ variable: String) -> ConfigurationProblem {
        let base = nearestName(to: variable)
        return ConfigurationProblem(
            variable: variable,
            message: "no such variable" + (base.map { "; the nearest known one: \($0)" } ?? ""))
    }

    /// The known name with the fewest changed letters, if those are few.
    private static func nearestName(to variable: String) -> String? {
        var best: (name: String, distance: Int)?
        for knob in KnobTable.all {
            for name in knob.hasFileVariant ? [knob.name, knob.name + "_FILE"] : [knob.name] {
                let distance = EditDistance.between(variable, name)
                if distance < best?.distance ?? .max { best = (name, distance) }
            }
        }
        guard let best, best.distance <= max(3, variable.utf8.count / 3) else { return nil }
        return best.name
    }
}

/// Levenshtein's distance, for naming what was probably meant.
package enum EditDistance {
    /// The least number of inserted, removed and changed bytes between two texts; O(n × m).
    package static func between(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8.prefix(128))
        let b = Array(b.utf8.prefix(128))
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let changed = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }

    /// The candidate nearest to the text, if few letters differ.
    package static func nearest(to text: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { ($0, between(text, $0)) }.min { $0.1 < $1.1 }
        guard let ranked, ranked.1 <= max(2, text.utf8.count / 3) else { return nil }
        return ranked.0
    }
}

/// The `--help` text of a process.
package enum Usage {
    /// - Parameters:
    ///   - name: the process, whose own variables are listed with the common ones.
    ///   - summary: one sentence.
    ///   - flags: arguments of the process's own; `details` is said before the variables.
    package static func text(
        name: String, summary: String, flags: [CommandFlag] = [], details: String = ""
    ) -> String {
        let own = flags.map { " [\($0.form)]" }.joined()
        let lines = flags.map { "  " + $0.form.padded(to: 14) + " " + $0.meaning + "\n" }.joined()
        let more = details.isEmpty ? "" : details + "\n\n"
        return """
        \(name) \(Build.version): \(summary)

        usage: \(name)\(own) [--check | --help | --version]
        \(lines)  --check    validate the configuration and exit (0 valid, 2 not)
          --help     this text
          --version  the version

        \(more)Configuration comes from the environment. Any variable may carry \
        _\(KnobTable.suffix(of: name)) at its end to be meant for this process alone.

        \(variables(of: name))
        exit codes: 0 stopped by a signal, 1 failed, 2 usage or configuration

        """
    }

    /// The variables a process reads, one block each.
    package static func variables(of process: String) -> String {
        var text = ""
        for knob in KnobTable.all where knob.users.isEmpty || knob.users.contains(process) {
            let fallback = knob.fallback.map { " (default \($0)\(unit(knob)))" } ?? ""
            let name = knob.hasFileVariant ? "\(knob.name), \(knob.name)_FILE" : knob.name
            text += "  \(name)\n      \(knob.meaning)\(fallback)\n      \(knob.allowed)\n"
        }
        return text
    }

    private static func unit(_ knob: Knob) -> String { knob.unit.isEmpty ? "" : " " + knob.unit }
}

extension String {
    /// The text with blanks behind it up to a width.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

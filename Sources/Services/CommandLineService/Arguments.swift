package import Trading

/// The arguments of one command, split into positional ones, options with a value, and flags.
package struct Arguments: Equatable, Sendable {
    package private(set) var positional: [String] = []
    private var values: [String: String] = [:]
    private var flags: Set<String> = []
    private let form: String

    /// Splits `arguments`; a usage failure names what is wrong and the right form.
    ///
    /// `--name value` and `--name=value` are the same; `--` ends the options; a word that begins with
    /// `-` and a digit is a number.
    package init(_ arguments: [String], for command: Subcommand) throws(CommandFailure) {
        form = command.form
        var rest = arguments[...]
        var areOptionsOver = false
        while let word = rest.popFirst() {
            if areOptionsOver || !Arguments.isOption(word) {
                positional.append(word)
            } else if word == "--" {
                areOptionsOver = true
            } else {
                try readOption(word, &rest, command)
            }
        }
        if positional.count < command.positional.lowerBound {
            throw usage("an argument is missing")
        }
        if positional.count > command.positional.upperBound {
            throw usage("one argument too many: \(positional[command.positional.upperBound])")
        }
    }

    private static func isOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word != "-" else { return false }
        return
            !(word.utf8.dropFirst().first.map { (0x30...0x39).contains($0) || $0 == 0x2E } ?? false)
    }

    private mutating func readOption(
        _ word: String, _ rest: inout ArraySlice<String>, _ command: Subcommand
    ) throws(CommandFailure) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if command.allFlags.contains(name) {
            guard parts.count == 1 else { throw usage("\(name) takes no value") }
            flags.insert(name)
        } else if command.options.contains(name) {
            guard values[name] == nil else { throw usage("\(name) is given twice") }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw usage("\(name) needs a value")
            }
            values[name] = value
        } else {
            let known = (command.options + command.allFlags).sorted()
            let nearest = EditDistanceHint.text(name, among: known)
            throw usage("unknown option: \(name)\(nearest)")
        }
    }

    /// A usage failure with the command's right form.
    package func usage(_ problem: String) -> CommandFailure {
        CommandFailure(.usage, "\(problem)\nusage: pms \(form)")
    }

    // MARK: reading

    package func has(_ flag: String) -> Bool { flags.contains(flag) }

    package func value(_ name: String) -> String? { values[name] }

    /// The positional argument at an index, nil where there is none.
    package func word(_ index: Int) -> String? {
        positional.indices.contains(index) ? positional[index] : nil
    }

    package func symbol(_ index: Int) throws(CommandFailure) -> Symbol {
        guard let word = word(index) else { throw usage("the symbol is missing") }
        guard let symbol = Symbol(word.uppercased()) else { throw usage("not a symbol: \(word)") }
        return symbol
    }

    package func account(_ text: String) throws(CommandFailure) -> AccountID {
        guard let account = AccountID(text) else {
            throw usage("not an account name (1 to 32 of A-Z a-z 0-9 - _ .): \(text)")
        }
        return account
    }

    package func accountOption() throws(CommandFailure) -> AccountID? {
        guard let text = value("--account") else { return nil }
        return try account(text)
    }

    package func decimal<D: ExactDecimal>(
        _ text: String, _ what: String, as type: D.Type = D.self
    ) throws(CommandFailure) -> D {
        guard let value = D(text: text) else { throw usage("\(what) is not a decimal: \(text)") }
        return value
    }

    /// A whole number of seconds from 1 to 3,600, or the fallback.
    package func seconds(_ name: String, _ fallback: Int64) throws(CommandFailure) -> Int64 {
        guard let text = value(name) else { return fallback }
        guard let seconds = Int64(text), (1...3600).contains(seconds) else {
            throw usage("\(name) is not a number of seconds from 1 to 3600: \(text)")
        }
        return seconds
    }
}

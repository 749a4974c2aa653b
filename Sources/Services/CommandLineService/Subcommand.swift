import Reactor
import Runtime

/// One command of `pms`: its words, its right form, what it takes, what it does.
package struct Subcommand: Sendable {
    package typealias Body =
        @Sendable @LoopActor (Session, Arguments) async throws(CommandFailure) -> Void

    /// `order place`.
    package let name: String
    /// `order place SYM buy|sell QTY [--limit P] …`.
    package let form: String
    package let summary: String
    package let positional: ClosedRange<Int>
    package let options: [String]
    package let flags: [String]
    /// Whether `--json` is known to it.
    package let isReading: Bool
    /// Whether a configuration that is not valid keeps it from running.
    package let needsConfiguration: Bool
    /// What `--help` says beyond the summary.
    package let details: String
    package let run: Body

    init(
        _ form: String, _ summary: String, positional: ClosedRange<Int> = 0...0,
        options: [String] = [], flags: [String] = [], isReading: Bool = false,
        needsConfiguration: Bool = true, details: String = "", run: @escaping Body
    ) {
        self.form = form + (isReading ? " [--json]" : "")
        name = form.split(separator: " ")
            .prefix { word in word.utf8.allSatisfy { (0x61...0x7A).contains($0) } }
            .joined(separator: " ")
        self.summary = summary
        self.positional = positional
        self.options = options
        self.flags = flags
        self.isReading = isReading
        self.needsConfiguration = needsConfiguration
        self.details = details
        self.run = run
    }

    /// The flags it knows, the common ones included.
    package var allFlags: [String] { flags + (isReading ? ["--json"] : []) + ["--help"] }
}

/// A command with its arguments.
package struct Invocation: Sendable {
    package let command: Subcommand
    package let arguments: Arguments
}

/// Naming what was probably meant.
enum EditDistanceHint {
    /// ` (did you mean X?)`, or nothing where no candidate is near.
    static func text(_ word: String, among candidates: [String]) -> String {
        EditDistance.nearest(to: word, among: candidates).map { " (did you mean \($0)?)" } ?? ""
    }
}

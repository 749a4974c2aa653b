/// What the code does not call, and what it does instead.
enum BannedCalls {
    struct Rule {
        let pattern: [String]
        let message: String
        /// Rooms where the call is in its place.
        var exempt: Set<String> = []
        /// Tests keep the rule too; what supports them, and waits for real processes, does not.
        var bindsTests = false
    }

    static let rules: [Rule] = [
        Rule(
            pattern: ["try", "!"], message: "try!: throw, or catch and trap with a sentence",
            bindsTests: true),
        Rule(pattern: ["print", "("], message: "print: use the Log or an output sink"),
        Rule(pattern: ["debugPrint", "("], message: "debugPrint: use the Log or an output sink"),
        Rule(
            pattern: ["Date", "(", ")"],
            message: "Date(): take `now` or `wall` as an argument, from a TimeSource"),
        Rule(
            pattern: ["UUID", "(", ")"],
            message: "UUID(): derive the id from the intent, or draw from a seeded generator",
            exempt: ["Runtime"]),
        Rule(
            pattern: ["SystemRandomNumberGenerator"],
            message: "SystemRandomNumberGenerator: take a generator as an argument",
            exempt: ["Runtime"]),
        Rule(
            pattern: ["shuffled", "(", ")"], message: "shuffled(): name the generator (`using:`)"),
        Rule(
            pattern: ["randomElement", "(", ")"],
            message: "randomElement(): name the generator (`using:`)"),
        Rule(
            pattern: ["Task", ".", "sleep"], message: "Task.sleep: arm a timer of the loop",
            bindsTests: true),
        Rule(
            pattern: ["usleep", "("], message: "usleep: arm a timer of the loop", bindsTests: true),
        Rule(
            pattern: ["pthread_self", "("],
            message: "pthread_self: -O hoists it across actor hops; use CLinux's gettid"),
        Rule(
            pattern: ["fatalError", "(", ")"],
            message: "fatalError(): say in a sentence which rule was broken"),
        Rule(
            pattern: ["preconditionFailure", "(", ")"],
            message: "preconditionFailure(): say in a sentence which rule was broken"),
        Rule(
            pattern: ["import", "Foundation"],
            message:
                "import Foundation: use Glibc and Substrate; Foundation costs memory and start time"
        ),
    ]

    /// The rooms that hold money, where no binary fraction may be.
    static let moneyRooms: Set<String> = [
        "Trading", "Positions", "Orders", "Margin", "Matching", "Allocation",
    ]

    static func findings(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.isSource || file.path.hasPrefix("Tests/") else { return [] }
        let tokens = file.tokens
        return calls(file, tokens) + shortSentences(file, tokens) + binaryFractions(file, tokens)
    }

    private static func calls(_ file: SourceFile, _ tokens: [Token]) -> [Finding] {
        let binding = rules.filter { rule in
            (file.isSource || rule.bindsTests && !file.path.hasPrefix("Tests/Support/"))
                && !rule.exempt.contains(file.room) && !declares(rule.pattern, tokens)
        }
        let byFirstWord = Dictionary(grouping: binding) { $0.pattern[0] }
        return tokens.indices.flatMap { index in
            byFirstWord[tokens[index].text, default: []].filter {
                holds($0.pattern, tokens, at: index)
            }.map { Finding(path: file.path, line: tokens[index].line, message: $0.message) }
        }
    }

    private static func holds(_ pattern: [String], _ tokens: [Token], at index: Int) -> Bool {
        guard index + pattern.count <= tokens.count else { return false }
        for (place, text) in pattern.enumerated() {
            let token = tokens[index + place]
            if token.kind == .string || token.text != text { return false }
        }
        guard isFreeFunction(pattern), index > 0 else { return true }
        let before = tokens[index - 1]
        return !["func", "case", "."].contains(before.text)
    }

    /// Whether a pattern is the call of a free function, which a type may have a method of its own
    /// named like.
    private static func isFreeFunction(_ pattern: [String]) -> Bool {
        ["print", "debugPrint", "usleep", "fatalError"].contains(pattern[0])
    }

    /// Whether a type of the file has a method named like the free function.
    private static func declares(_ pattern: [String], _ tokens: [Token]) -> Bool {
        isFreeFunction(pattern)
            && tokens.indices.dropLast().contains {
                tokens[$0].text == "func" && tokens[$0 + 1].text == pattern[0]
            }
    }

    /// Traps whose text is too short to be a sentence.
    private static func shortSentences(_ file: SourceFile, _ tokens: [Token]) -> [Finding] {
        guard file.isSource else { return [] }
        return tokens.indices.dropLast(2).compactMap { index in
            guard ["fatalError", "preconditionFailure"].contains(tokens[index].text),
                tokens[index + 1].text == "(", tokens[index + 2].kind == .string,
                tokens[index + 2].text.split(separator: " ").count < 3
            else { return nil }
            return Finding(
                path: file.path, line: tokens[index].line,
                message: "\(tokens[index].text): say in a sentence which rule was broken")
        }
    }

    private static func binaryFractions(_ file: SourceFile, _ tokens: [Token]) -> [Finding] {
        guard moneyRooms.contains(file.room) else { return [] }
        return tokens.filter { token in
            token.kind == .word && ["Double", "Float", "Float32", "Float64"].contains(token.text)
        }.map {
            Finding(
                path: file.path, line: $0.line,
                message: "\($0.text) in a money room: use Price, Quantity, Money or Ratio")
        }
    }

    /// Notes to come back to: do it, or write an issue.
    static func notes(_ file: SourceFile) -> [Finding] {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        guard words.contains(where: file.text.contains) else { return [] }
        return file.lines.enumerated().flatMap { number, line in
            words.filter { word in
                line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
            }.map {
                Finding(
                    path: file.path, line: number + 1, message: "\($0): do it, or write an issue")
            }
        }
    }
}

/// What the package manifest says of its targets: enough of it for the layers and dead files.
struct Manifest {
    struct Target: Equatable {
        var name: String
        var path: String
        var imports: [String]
    }

    private(set) var targets: [Target] = []
    private var lists: [String: [String]] = [:]
    private let tokens: [Token]
    private var index = 0

    init(_ text: String) {
        tokens = SwiftLexer.tokens(of: text)
        while index < tokens.count {
            readNext()
            index += 1
        }
    }

    private func token(_ ahead: Int = 0) -> Token {
        index + ahead < tokens.count ? tokens[index + ahead] : Token(kind: .mark, text: "", line: 0)
    }

    private mutating func readNext() {
        switch (token().text, token(1).text) {
        case ("let", _) where token(2).text == "=":
            let name = token(1).text
            index += 3
            lists[name] = list()
            index -= 1
        case ("room", "(") where token(2).kind == .string: readCall(hasLayer: true, "Sources/")
        case ("command", "(") where token(2).kind == .string:
            readCall(hasLayer: false, "Sources/Commands/")
        case ("tests", "(") where token(2).kind == .string: readCall(hasLayer: false, "Tests/")
        case ("target", "("), ("systemLibrary", "("), ("executableTarget", "("),
            ("testTarget", "("):
            readTarget()
        case _: break
        }
    }

    /// Reads `room("Layer", "Name", list)` or `command("name", list)`.
    private mutating func readCall(hasLayer: Bool, _ folder: String) {
        let first = token(2).text
        let name = hasLayer ? token(4).text : first
        let path = hasLayer ? folder + first + "/" + name : folder + name
        index += hasLayer ? 6 : 4
        targets.append(Target(name: name, path: path, imports: list()))
    }

    /// Reads `.target(name: "Name", dependencies: list, path: "Path", ...)`; a target whose name is
    /// a variable is the body of `room`, `command` or `tests`.
    private mutating func readTarget() {
        guard token(2).text == "name", token(4).kind == .string else { return }
        var target = Target(name: token(4).text, path: "", imports: [])
        var depth = 1
        index += 2
        while index < tokens.count, depth > 0 {
            switch (token().text, token().kind) {
            case ("(", .mark): depth += 1
            case (")", .mark): depth -= 1
            case ("path", .word): target.path = token(2).text
            case ("dependencies", .word):
                index += 2
                target.imports = list()
                continue
            case _: break
            }
            index += 1
        }
        targets.append(target)
    }

    /// Reads lists and names of lists joined by `+`, and stops behind them.
    private mutating func list() -> [String] {
        var names: [String] = []
        while true {
            if token().text == "[", token().kind == .mark {
                index += 1
                while index < tokens.count, token().text != "]" {
                    if token().kind == .string { names.append(token().text) }
                    index += 1
                }
            } else {
                names += lists[token().text] ?? []
            }
            index += 1
            guard token().text == "+", token().kind == .mark else { return names }
            index += 1
        }
    }
}

/// The sizes never to pass, of style.md.
enum Sizes {
    static let file = 700
    static let function = 80
    /// `swift format` keeps code within 100; what it cannot break, comments and literals, may go a
    /// little beyond.
    static let column = 110

    static func findings(_ file: SourceFile) -> [Finding] {
        var found: [Finding] = []
        let lines = file.lines
        let count = lines.last == "" ? lines.count - 1 : lines.count
        if count > Self.file {
            found.append(
                Finding(
                    path: file.path, line: 0,
                    message: "\(count) lines, \(Self.file) at most: split it by concern"))
        }
        let tokens = file.tokens
        // A recorded frame or message is kept in one piece.
        let pieces = Set(tokens.filter { $0.kind == .string && $0.text.count > 70 }.map(\.line))
        // The exchange's listings are tables of one symbol a line.
        let isTable = file.path.contains("/Listings/Listing+")
        for (number, line) in lines.enumerated() where line.utf8.count > column && !isTable {
            guard line.count > column, !pieces.contains(number + 1) else { continue }
            found.append(
                Finding(
                    path: file.path, line: number + 1,
                    message: "\(line.count) columns, \(column) at most: break the line"))
        }
        for function in functions(tokens) where function.lines > Self.function {
            found.append(
                Finding(
                    path: file.path, line: function.line,
                    message:
                        "\(function.name) has \(function.lines) lines, \(Self.function) at most: "
                        + "split it by step"))
        }
        return found
    }

    struct Function: Equatable {
        var name: String
        var line: Int
        var lines: Int
    }

    /// Every function and initialiser that has a body, outer ones with the inner ones they hold.
    static func functions(_ tokens: [Token]) -> [Function] {
        tokens.indices.compactMap { index in
            let token = tokens[index]
            guard token.kind == .word,
                ["func", "init", "deinit", "subscript"].contains(token.text),
                index == 0 || ![".", "`"].contains(tokens[index - 1].text),
                let opening = body(tokens, after: index)
            else { return nil }
            let last = closing(tokens, of: opening)
            let name = token.text == "func" ? tokens[index + 1].text : token.text
            return Function(name: name, line: token.line, lines: last - token.line + 1)
        }
    }

    /// Where the body of a declaration opens; nil where it has none.
    private static func body(_ tokens: [Token], after start: Int) -> Int? {
        var depth = 0
        for index in tokens.indices[(start + 1)...] {
            let token = tokens[index]
            guard token.kind != .string else { continue }
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "}" where depth == 0: return nil
            case "func", "init", "var", "let", "subscript", "deinit", "case", "struct", "enum",
                "class",
                "extension":
                if depth == 0, token.kind == .word { return nil }
            case _: break
            }
            if depth < 0 { return nil }
        }
        return nil
    }

    /// The line on which the brace that opens at `opening` closes.
    private static func closing(_ tokens: [Token], of opening: Int) -> Int {
        var depth = 0
        for index in tokens.indices[opening...] where tokens[index].kind == .mark {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return tokens[index].line }
        }
        return tokens.last?.line ?? 0
    }
}

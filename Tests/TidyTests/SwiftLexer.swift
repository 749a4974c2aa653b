/// One token of Swift source: a word, a mark of one byte, or a string literal.
struct Token: Equatable {
    enum Kind: Equatable { case word, mark, string }

    var kind: Kind
    /// The word or mark; for a string literal what stands between its quotes.
    var text: String
    /// The line it begins on, from 1.
    var line: Int
}

/// Splits Swift source into tokens; comments are left out, and so is code in interpolations.
struct SwiftLexer {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    private init(_ text: String) { bytes = Array(text.utf8) }

    static func tokens(of text: String) -> [Token] {
        var lexer = SwiftLexer(text)
        var tokens: [Token] = []
        while let token = lexer.next() { tokens.append(token) }
        return tokens
    }

    private func byte(_ ahead: Int = 0) -> UInt8 {
        index + ahead < bytes.count ? bytes[index + ahead] : 0
    }

    private mutating func step() {
        if byte() == UInt8(ascii: "\n") { line += 1 }
        index += 1
    }

    private mutating func next() -> Token? {
        skipSpaceAndComments()
        guard index < bytes.count else { return nil }
        let start = index
        let startLine = line
        if isWord(byte()) {
            while isWord(byte()) { step() }
            return Token(kind: .word, text: text(from: start), line: startLine)
        }
        var hashes = 0
        while byte(hashes) == UInt8(ascii: "#") { hashes += 1 }
        if byte(hashes) == UInt8(ascii: "\"") {
            return Token(kind: .string, text: string(hashes: hashes), line: startLine)
        }
        step()
        return Token(kind: .mark, text: text(from: start), line: startLine)
    }

    private func text(from start: Int) -> String {
        String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        case _: false
        }
    }

    private mutating func skipSpaceAndComments() {
        while index < bytes.count {
            if byte() <= 0x20 {
                step()
            } else if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
                while index < bytes.count, byte() != UInt8(ascii: "\n") { step() }
            } else if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        while index < bytes.count {
            if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                step()
            } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                step()
            }
            step()
            if depth == 0 { return }
        }
    }

    /// Steps over a string literal and gives its inside.
    private mutating func string(hashes: Int) -> String {
        index += hashes
        let isLong = byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"")
        let quotes = isLong ? 3 : 1
        index += quotes
        let start = index
        while index < bytes.count {
            if isRun(of: UInt8(ascii: "\""), quotes, at: 0),
                isRun(of: UInt8(ascii: "#"), hashes, at: quotes)
            {
                let inside = text(from: start)
                index += quotes + hashes
                return inside
            }
            if byte() == UInt8(ascii: "\\"), isRun(of: UInt8(ascii: "#"), hashes, at: 1) {
                index += 1 + hashes
                if byte() == UInt8(ascii: "(") { skipInterpolation() } else { step() }
            } else if byte() == UInt8(ascii: "\n"), !isLong {
                return text(from: start)
            } else {
                step()
            }
        }
        return text(from: start)
    }

    private func isRun(of sought: UInt8, _ count: Int, at ahead: Int) -> Bool {
        (0..<count).allSatisfy { byte(ahead + $0) == sought }
    }

    private mutating func skipInterpolation() {
        var depth = 0
        while index < bytes.count {
            if byte() == UInt8(ascii: "\"") {
                _ = string(hashes: 0)
                continue
            }
            if byte() == UInt8(ascii: "(") { depth += 1 }
            if byte() == UInt8(ascii: ")") { depth -= 1 }
            step()
            if depth == 0 { return }
        }
    }
}

internal import Trading

/// One line of a table of listings, read word by word; a line that does not fit is our mistake.
internal struct ListingRow {
    private let line: Substring
    private var words: [Substring]

    init(_ line: Substring) {
        self.line = line
        words = line.split(separator: " ").reversed()
    }

    /// Reads every line of a table.
    static func table(_ text: String, _ read: (inout ListingRow) -> Listing) -> [Listing] {
        text.split(separator: "\n").map { line in
            var row = ListingRow(line)
            let listing = read(&row)
            precondition(row.words.isEmpty, "a listing's line is read to its end: \(line)")
            return listing
        }
    }

    mutating func word() -> Substring {
        guard let word = words.popLast() else {
            preconditionFailure("a listing's line has all its words: \(line)")
        }
        return word
    }

    mutating func decimal<Value: ExactDecimal>() -> Value {
        let word = word()
        guard let value = Value(text: String(word)) else {
            preconditionFailure("a listing's figure is a decimal: \(word) in \(line)")
        }
        return value
    }

    mutating func integer() -> Int {
        let word = word()
        guard let value = Int(word) else {
            preconditionFailure("a listing's figure is whole: \(word) in \(line)")
        }
        return value
    }

    mutating func symbol() -> Symbol {
        guard let symbol = Symbol(String(word())) else {
            preconditionFailure("a listing's symbol has a proper name: \(line)")
        }
        return symbol
    }

    mutating func pace() -> MarketPace {
        switch word() {
        case "busy": .busy
        case "steady": .steady
        case "quiet": .quiet
        case _: preconditionFailure("a listing's pace has a name: \(line)")
        }
    }

    mutating func brackets() -> [MarginBracket] {
        guard let table = MarginTiers.table(word()) else {
            preconditionFailure("a listing's margin table has a name: \(line)")
        }
        return table
    }

    func built(_ instrument: Instrument?) -> Instrument {
        guard let instrument else {
            preconditionFailure("a listing's filters make sense: \(line)")
        }
        return instrument
    }
}

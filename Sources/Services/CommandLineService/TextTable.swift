/// Rows of text in aligned columns; numbers stand right.
package struct TextTable: Equatable, Sendable {
    private let titles: [String]
    private var rows: [[String]] = []

    package init(_ titles: [String]) { self.titles = titles }

    package var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; an empty cell is shown as `-`.
    package mutating func append(_ cells: [String]) {
        precondition(cells.count == titles.count, "a row has a cell for each title")
        rows.append(cells.map { $0.isEmpty ? "-" : $0 })
    }

    /// The lines, titles first, without blanks at their ends.
    package var text: String {
        let widths = titles.indices.map { column in
            ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0
        }
        let isNumeric = titles.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { TextTable.isNumber($0[column]) }
        }
        var text = ""
        for cells in [titles] + rows {
            var line = ""
            for (column, cell) in cells.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                line +=
                    (column == 0 ? "" : "  ") + (isNumeric[column] ? blanks + cell : cell + blanks)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private static func isNumber(_ cell: String) -> Bool {
        cell == "-" || (cell.utf8.first.map { (0x30...0x39).contains($0) || $0 == 0x2D } ?? false)
    }
}

/// Lengths of time as people read them.
package enum Age {
    /// `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`; `-` for a time that is not known (0).
    package static func text(since milliseconds: Int64, now: Int64) -> String {
        guard milliseconds > 0 else { return "-" }
        let age = max(0, now - milliseconds)
        switch age {
        case ..<10_000: return "\(age / 1000).\(age % 1000 / 100) s"
        case ..<120_000: return "\(age / 1000) s"
        case ..<7_200_000: return "\(age / 60_000) min"
        case ..<172_800_000: return "\(age / 3_600_000) h"
        case _: return "\(age / 86_400_000) d"
        }
    }
}

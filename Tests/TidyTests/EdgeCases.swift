import Testing

/// The ids of the edge cases that order-gateway, position-sync, risk-engine and allocator answer for,
/// and whether a test names each.
enum EdgeCases {
    static let ids: [String] =
        (1...8).map { "S\($0)" } + (1...7).map { "C\($0)" } + (1...9).map { "F\($0)" }
        + (1...11).map { "R\($0)" } + (1...8).map { "P\($0)" } + (1...4).map { "I\($0)" }
        + ["T6", "T8", "T10"]

    /// The ids named in the names of tests: words of a string that follows `@Test(`, up to its end.
    static func named(in text: String) -> Set<String> {
        var found: Set<String> = []
        var rest = Substring(text)
        while let start = rest.firstRange(of: "@Test(") {
            rest = rest[start.upperBound...]
            guard let open = rest.firstIndex(of: "\"") else { break }
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: "\"") else { break }
            let words = rest[..<close].split { !($0.isLetter || $0.isNumber || $0 == "-") }
            found.formUnion(words.map(String.init))
            rest = rest[rest.index(after: close)...]
        }
        return found.intersection(ids)
    }
}

@Suite("Edge cases")
struct EdgeCasesTests {
    @Test("each of submit, cancel, fills, restart, processes, input and limits is named by a test")
    func all() {
        let files = Project.files.filter { $0.path.hasPrefix("Tests/") }
        let named = files.reduce(into: Set<String>()) { $0.formUnion(EdgeCases.named(in: $1.text)) }
        let missing = EdgeCases.ids.filter { !named.contains($0) }
        #expect(missing.isEmpty, "no test's name has \(missing)")
    }

    @Test("a range, a word in a body, or a longer word names nothing")
    func reading() {
        let text = """
            @Test("S1, S2: one thing; S4-S6, F10 and xC1")
            func x() { _ = "S7" }
            @Test(
                "P3: another")
            """
        #expect(EdgeCases.named(in: text) == ["S1", "S2", "P3"])
    }
}

// Trading: the vocabulary of the whole stack, as values that cannot hold nonsense.
// 1. A decimal is exact; nothing is rounded unless the call names the rounding.
// 2. An instrument has a tick and a step; a symbol and an account are never empty.
// 3. A client order id re-derives from its intent.

/// The name of a traded instrument at its venue (`BTCUSDT`): 1 to 32 bytes of printable UTF-8
/// without space, quote, colon, braces, brackets, backslash, `*` or `?`, so that it can stand in
/// keys, patterns and JSON.
package struct Symbol: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let text: ShortText

    /// Nil where the name breaks the rule above.
    package init?(_ name: String) {
        guard !name.isEmpty, let text = ShortText(name),
            name.unicodeScalars.allSatisfy(Symbol.isAllowed)
        else { return nil }
        self.text = text
    }

    package var name: String { text.string }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\0"..." ", "\u{7F}", "\"", ":", "{", "}", "[", "]", "\\", "*", "?": false
        case "!"..."~": true
        case _: isPrintable(scalar)
        }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator,
            .lineSeparator, .paragraphSeparator:
            false
        case _: true
        }
    }

    package var description: String { name }
    package static func < (a: Symbol, b: Symbol) -> Bool { a.text < b.text }
}

// Trading: the vocabulary of the whole stack, as values that cannot hold nonsense.
// 1. A decimal is exact; nothing is rounded unless the call names the rounding.
// 2. An instrument has a tick and a step; a symbol and an account are never empty.
// 3. A client order id re-derives from its intent.

/// The name of a traded instrument at its venue (`BTCUSDT`): 1 to 32 bytes of printable UTF-8
/// without space, quote, colon, braces or backslash, so that it can stand in keys and JSON.
package struct Symbol: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let name: String

    /// Nil where the name breaks the rule above.
    package init?(_ name: String) {
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(Symbol.isAllowed) else {
            return nil
        }
        self.name = name
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: ":"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "\\"), UInt8(ascii: "*"), UInt8(ascii: "?"):
            false
        case _: true
        }
    }

    package var description: String { name }
    package static func < (a: Symbol, b: Symbol) -> Bool { a.name < b.name }
}

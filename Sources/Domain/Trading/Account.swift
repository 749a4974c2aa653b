/// The name of a book: 1 to 32 of `A-Z a-z 0-9 - _ .`.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let text: ShortText

    /// Nil where the name breaks the rule above.
    package init?(_ name: String) {
        guard !name.isEmpty, let text = ShortText(name), name.utf8.allSatisfy(AccountID.isAllowed)
        else { return nil }
        self.text = text
    }

    private init(_ text: ShortText) { self.text = text }

    package var name: String { text.string }

    /// The book of what no other book is known to own.
    package static let external = AccountID(ShortText("external") ?? ShortText())

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        case _: false
        }
    }

    package var description: String { name }
    package static func < (a: AccountID, b: AccountID) -> Bool { a.text < b.text }
}

/// The eight characters that stand for an account in client order ids: `A-Z 0-9`.
package struct AccountCode: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil where the text is not eight of `A-Z 0-9`.
    package init?(_ text: String) {
        let isFit =
            text.utf8.count == 8
            && text.utf8.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
        guard isFit else { return nil }
        self.text = text
    }

    package var description: String { text }
    package static func < (a: AccountCode, b: AccountCode) -> Bool { a.text < b.text }
}

/// The name of a book: 1 to 32 of `A-Z a-z 0-9 - _ .`.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let name: String

    /// Nil where the name breaks the rule above.
    package init?(_ name: String) {
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(AccountID.isAllowed) else {
            return nil
        }
        self.name = name
    }

    private init(trusted name: String) { self.name = name }

    /// The book of what no other book is known to own.
    package static let external = AccountID(trusted: "external")

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
    package static func < (a: AccountID, b: AccountID) -> Bool { a.name < b.name }
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

import Bytes

/// Who asked for an order; the letter stands in its client order id.
package enum OrderOrigin: String, Sendable, CaseIterable {
    case manual = "m"
    case chase = "c"
    case twap = "t"
    case scale = "s"
    case scalper = "x"
    case risk = "r"
    case flatten = "f"
    case allocator = "a"

    fileprivate var letter: UInt8 { rawValue.utf8.first ?? 0 }
}

/// A client order id of ours: `PMS` + account code (8) + `_` + origin (1) + `_` + 16 characters
/// derived from the intent; 30 characters in all, within every venue's limit (36; 32 on MEXC).
///
/// The same account, origin and intent always give the same id, so that after a crash the order can
/// be looked up. The prefix alone proves nothing: compare with a record, or derive again.
package struct ClientOrderID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let spelling: ShortText

    package var text: String { spelling.string }

    /// A number that spreads ids evenly, for tables; derived ids are a digest's digits.
    package var spread: UInt64 { spelling.spread }

    /// Derives the id of an intent.
    /// - Parameter intent: what makes the intent unique for good: a request id, or algo id and
    /// number.
    package static func derive(
        account: AccountCode, origin: OrderOrigin, intent: String
    ) -> ClientOrderID {
        var hash = SHA256()
        account.text.withRawSpan { hash.update($0) }
        "|".withRawSpan { hash.update($0) }
        origin.rawValue.withRawSpan { hash.update($0) }
        "|".withRawSpan { hash.update($0) }
        intent.withRawSpan { hash.update($0) }
        let digest = hash.finish()
        var number: UInt128 = 0
        for index in 0..<16 { number = number << 8 | UInt128(digest.byte(index)) }
        var spelling = ShortText()
        var length = 0
        func put(_ text: String) {
            for byte in text.utf8 {
                spelling.put(byte, at: length)
                length += 1
            }
        }
        put("PMS")
        put(account.text)
        put("_")
        put(origin.rawValue)
        put("_")
        // Sixteen digits to the base 62, the least first, in two halves that fit 64 bits.
        let half: UInt64 = 218_340_105_584_896
        for _ in 0..<2 {
            var digits = UInt64(number % UInt128(half))
            number /= UInt128(half)
            for _ in 0..<8 {
                spelling.put(digit(UInt8(digits % 62)), at: length)
                digits /= 62
                length += 1
            }
        }
        return ClientOrderID(spelling)
    }

    /// The digit of a number below 62: `0-9`, `A-Z`, `a-z`.
    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<10: UInt8(ascii: "0") + value
        case 10..<36: UInt8(ascii: "A") + value - 10
        case _: UInt8(ascii: "a") + value - 36
        }
    }

    private init(_ spelling: ShortText) { self.spelling = spelling }

    /// Takes a text that has the form of our ids; nil where it has not.
    package init?(_ text: String) {
        guard let spelling = ShortText(text), ClientOrderID.isFit(spelling) else { return nil }
        self.spelling = spelling
    }

    /// The account code spelt in the id.
    package var accountCode: AccountCode? {
        AccountCode(String(decoding: (3..<11).map { spelling.byte($0) }, as: UTF8.self))
    }

    /// The origin spelt in the id.
    package var origin: OrderOrigin? { ClientOrderID.origin(of: spelling) }

    private static func origin(of spelling: ShortText) -> OrderOrigin? {
        OrderOrigin.allCases.first { $0.letter == spelling.byte(12) }
    }

    private static func isFit(_ spelling: ShortText) -> Bool {
        let separator = UInt8(ascii: "_")
        return spelling.count == 30 && spelling.byte(0) == UInt8(ascii: "P")
            && spelling.byte(1) == UInt8(ascii: "M") && spelling.byte(2) == UInt8(ascii: "S")
            && spelling.byte(11) == separator && spelling.byte(13) == separator
            && (3..<11).allSatisfy { isCode(spelling.byte($0)) } && origin(of: spelling) != nil
            && (14..<30).allSatisfy { isAlphanumeric(spelling.byte($0)) }
    }

    /// The account code and origin spelt in an id of our form, or nil for any other text.
    package static func parts(of text: String) -> (account: AccountCode, origin: OrderOrigin)? {
        guard let id = ClientOrderID(text), let account = id.accountCode, let origin = id.origin
        else { return nil }
        return (account, origin)
    }

    private static func isCode(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) && byte < UInt8(ascii: "a")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case _: false
        }
    }

    package var description: String { text }
    package static func < (a: ClientOrderID, b: ClientOrderID) -> Bool { a.spelling < b.spelling }
}

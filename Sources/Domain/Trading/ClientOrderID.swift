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
}

/// A client order id of ours: `PMS` + account code (8) + `_` + origin (1) + `_` + 16 characters
/// derived from the intent; 30 characters in all, within every venue's limit (36; 32 on MEXC).
///
/// The same account, origin and intent always give the same id, so that after a crash the order can
/// be looked up. The prefix alone proves nothing: compare with a record, or derive again.
package struct ClientOrderID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Derives the id of an intent.
    /// - Parameter intent: what makes the intent unique for good: a request id, or algo id and
    /// number.
    package static func derive(
        account: AccountCode, origin: OrderOrigin, intent: String
    ) -> ClientOrderID {
        let identity = "\(account.text)|\(origin.rawValue)|\(intent)"
        let digest = SHA256.digest(Array(identity.utf8))
        var number: UInt128 = 0
        for byte in digest.prefix(16) { number = number << 8 | UInt128(byte) }
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var unique: [UInt8] = []
        for _ in 0..<16 {
            unique.append(alphabet[Int(number % 62)])
            number /= 62
        }
        let tail = String(decoding: unique, as: UTF8.self)
        return ClientOrderID(trusted: "PMS\(account.text)_\(origin.rawValue)_\(tail)")
    }

    private init(trusted text: String) { self.text = text }

    /// Takes a text that has the form of our ids; nil where it has not.
    package init?(_ text: String) {
        guard ClientOrderID.parts(of: text) != nil else { return nil }
        self.text = text
    }

    /// The account code and origin spelt in an id of our form, or nil for any other text.
    package static func parts(of text: String) -> (account: AccountCode, origin: OrderOrigin)? {
        let bytes = Array(text.utf8)
        let separator = UInt8(ascii: "_")
        guard bytes.count == 30, bytes.starts(with: "PMS".utf8), bytes[11] == separator,
            bytes[13] == separator,
            let account = AccountCode(String(decoding: bytes[3..<11], as: UTF8.self)),
            let origin = OrderOrigin(rawValue: String(decoding: bytes[12..<13], as: UTF8.self)),
            bytes[14...].allSatisfy(isAlphanumeric)
        else { return nil }
        return (account, origin)
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
    package static func < (a: ClientOrderID, b: ClientOrderID) -> Bool { a.text < b.text }
}

package import ExchangeDoor
package import Runtime

/// Who may come in: the keys that the environment lists, and the accounts they reach.
package enum PaperAccounts {
    /// The main account's keys, and those of `PMS_PAPER_ACCOUNTS`.
    ///
    /// - Throws: where a key has no secret, a part of the list cannot be read, or a key is there twice.
    package static func keys(
        _ environment: Environment
    ) throws(PaperSettingsError) -> [ExchangeKey] {
        var keys: [ExchangeKey] = []
        let names: [(String, ExchangeKey.Role)] = [("API", .trade), ("READ", .read)]
        for (name, role) in names {
            guard let key = environment.optionalText("PMS_PAPER_\(name)_KEY") else { continue }
            guard let secret = environment.optionalText("PMS_PAPER_\(name)_SECRET") else {
                throw PaperSettingsError("PMS_PAPER_\(name)_SECRET is missing: its key is set")
            }
            keys.append(ExchangeKey(key: key, secret: secret, role: role))
        }
        if let list = environment.optionalText("PMS_PAPER_ACCOUNTS") { keys += try read(list) }
        for (place, key) in keys.enumerated()
        where keys[..<place].contains(where: { $0.key == key.key }) {
            throw PaperSettingsError("a key is there twice, of account \(key.account)")
        }
        return keys
    }

    /// Reads `NAME:KEY:SECRET` or `NAME:KEY:SECRET:read`, separated by commas. What is wrong is told
    /// without the text, which holds secrets.
    package static func read(_ list: String) throws(PaperSettingsError) -> [ExchangeKey] {
        var keys: [ExchangeKey] = []
        for (place, part) in list.split(separator: ",", omittingEmptySubsequences: false)
            .enumerated()
        {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
            let isWhole = words.count == 3 || words.count == 4 && words[3] == "read"
            guard isWhole, words.allSatisfy({ !$0.isEmpty }), isName(words[0]) else {
                throw PaperSettingsError(
                    "PMS_PAPER_ACCOUNTS: part \(place + 1) cannot be read: give NAME:KEY:SECRET or "
                        + "NAME:KEY:SECRET:read, with a name of 1 to 16 letters, digits, - and _")
            }
            keys.append(
                ExchangeKey(
                    key: String(words[1]), secret: String(words[2]),
                    role: words.count == 4 ? .read : .trade, account: String(words[0])))
        }
        return keys
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }
}

/// Settings that do not fit each other.
package struct PaperSettingsError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

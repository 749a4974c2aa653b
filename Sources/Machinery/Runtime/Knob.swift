import Bytes
import Chronology

/// One configuration variable: its name, what it may hold, and what it means.
package struct Knob: Sendable {
    /// What a variable may hold.
    package enum Kind: Sendable {
        /// Text that passes the check; `allowed` says in words what does.
        case text(allowed: String, isAllowed: @Sendable (String) -> Bool)
        /// A whole number within the bounds, counted in the knob's unit.
        case integer(ClosedRange<Int64>)
        /// An exact decimal within the bounds, given as plain text.
        case decimal(low: String, high: String)
        /// One of these words.
        case choice([String])
        /// An absolute URL with one of the schemes and a host.
        case url(schemes: [String])
        /// The address of a Redis server; a password in it is redacted.
        case redis
        /// A credential of 1 to 512 printable bytes; never shown, and readable from a file.
        case secret
    }

    package let name: String
    package let kind: Kind
    /// The value where the variable is not set; nil where there is none.
    package let fallback: String?
    /// What a number counts: `ms`, `s`, `USDT`…; empty for none.
    package let unit: String
    package let meaning: String
    /// The processes that read it; empty for all.
    package let users: [String]

    init(
        _ name: String, _ kind: Kind, _ fallback: String?, unit: String = "", _ meaning: String,
        users: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.unit = unit
        self.meaning = meaning
        self.users = users
    }

    /// Whether `NAME_FILE` may name a file that holds the value.
    package var hasFileVariant: Bool {
        switch kind {
        case .secret, .redis: true
        case .text, .integer, .decimal, .choice, .url: false
        }
    }

    /// In words, what the variable may hold.
    package var allowed: String {
        switch kind {
        case .text(let allowed, _): allowed
        case .integer(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
                + (unit.isEmpty ? "" : " (\(unit))")
        case .decimal(let low, let high):
            "a decimal from \(low) to \(high)" + (unit.isEmpty ? "" : " (\(unit))")
        case .choice(let words): "one of " + words.joined(separator: ", ")
        case .url(let schemes):
            schemes.map { "\($0)://host[:port][/path]" }.joined(separator: " or ")
        case .redis: "redis://[user:pass@]host:port/db or unix://[user:pass@]/path"
        case .secret: "1 to 512 printable characters without spaces"
        }
    }

    /// A value as it may be shown to people.
    package func redacted(_ value: String) -> String {
        switch kind {
        case .secret: "(secret, \(value.utf8.count) characters)"
        case .redis, .url: WebAddress.redacted(value)
        case .text, .integer, .decimal, .choice: value
        }
    }

    /// Whether the value is one the variable may hold.
    package func admits(_ value: String) -> Bool {
        switch kind {
        case .text(_, let isAllowed): isAllowed(value)
        case .integer(let range): Int64(value).map(range.contains) ?? false
        case .decimal(let low, let high):
            if let units = Knob.units(value), let low = Knob.units(low), let high = Knob.units(high)
            {
                units >= low && units <= high
            } else {
                false
            }
        case .choice(let words): words.contains(value)
        case .url(let schemes):
            WebAddress(value).map { schemes.contains($0.scheme) } ?? false
        case .redis: Knob.isRedisAddress(value)
        case .secret:
            (1...512).contains(value.utf8.count)
                && value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }

    /// `redis://[user:pass@]host[:port][/db]` with a database 0 to 1023, or
    /// `unix://[user:pass@]/path[?db=n]`.
    private static func isRedisAddress(_ text: String) -> Bool {
        if text.hasPrefix("unix://") {
            var path = text.dropFirst(7)
            // The path of a socket may hold an @ itself: a login ends before the first slash.
            if let at = path.prefix(while: { $0 != "/" }).lastIndex(of: "@") {
                path = path[path.index(after: at)...]
            }
            return path.hasPrefix("/") && path.utf8.count > 1
        }
        guard let address = WebAddress(text), address.scheme == "redis",
            let mark = text.firstRange(of: "://")
        else { return false }
        let path = text[mark.upperBound...].drop { $0 != "/" }.dropFirst()
        return path.isEmpty || UInt16(path).map { $0 < 1024 } ?? false
    }

    static func units(_ text: String) -> Int128? {
        var units: Int128?
        text.withRawSpan { bytes in units = try? DecimalText.parse(bytes) }
        return units
    }

    /// The interval a number of this knob's unit stands for; traps for other units.
    func interval(_ count: Int64) -> Interval {
        switch unit {
        case "ms": .milliseconds(count)
        case "s": .seconds(count)
        case _: preconditionFailure("\(name) does not count time")
        }
    }
}

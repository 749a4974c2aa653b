internal import Bytes
package import Chronology
package import Trading

/// One limit that a venue sets on the rate of calls.
package struct RateLimit: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case requestWeight
        case orders
        /// A kind from a newer venue (T12).
        case other(String)
    }

    package var kind: Kind
    package var window: Interval
    /// Greater than zero.
    package var limit: Int

    package init?(kind: Kind, window: Interval, limit: Int) {
        guard window > .zero, limit > 0 else { return nil }
        self.kind = kind
        self.window = window
        self.limit = limit
    }
}

/// What a venue trades and how often it may be asked.
package struct ExchangeInfo: Equatable, Sendable {
    /// A symbol that could not be understood, with the reason; it is left out of `instruments`.
    package struct Skipped: Equatable, Sendable {
        package var name: String
        package var reason: String

        package init(name: String, reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    package var instruments: [Instrument] = []
    package var rateLimits: [RateLimit] = []
    package var skipped: [Skipped] = []

    package init() {}
}

extension ExchangeInfo {
    /// Reads exchangeInfo. A symbol that breaks a rule is skipped and reported; only a document
    /// that is no JSON at all throws.
    init(_ bytes: RawSpan, _ dialect: VenueKind) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        var sawSymbols = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "rateLimits":
                try scanner.enterArray()
                while try scanner.nextElement() {
                    if let limit = try RateLimit.read(&scanner) { rateLimits.append(limit) }
                }
            case "symbols":
                sawSymbols = true
                try scanner.enterArray()
                while try scanner.nextElement() { add(try scanner.rawValue(), dialect) }
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard sawSymbols else {
            throw JSONError(.missingField, offset: scanner.offset, field: "symbols")
        }
    }

    private mutating func add(_ raw: RawSpan, _ dialect: VenueKind) {
        var draft = SymbolDraft(dialect)
        do throws(JSONError) {
            var scanner = JSONScanner(raw)
            try draft.read(&scanner)
            instruments.append(try draft.instrument())
        } catch {
            let reason = error.field.map { "\(error.code.rawValue): \($0)" } ?? error.code.rawValue
            skipped.append(Skipped(name: draft.name, reason: reason))
        }
    }
}

extension RateLimit {
    /// A limit with an unknown interval is left out: it cannot be kept.
    static func read(_ scanner: inout JSONScanner) throws(JSONError) -> RateLimit? {
        var kind = RateLimit.Kind.other("")
        var unit: Int64 = 0
        var count: Int64 = 1
        var limit: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "rateLimitType":
                switch try scanner.lenientText() {
                case "REQUEST_WEIGHT": kind = .requestWeight
                case "ORDERS": kind = .orders
                case let text: kind = .other(text)
                }
            case "interval": unit = seconds(in: try scanner.lenientText())
            case "intervalNum": count = try scanner.integer()
            case "limit": limit = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        guard (1...1_000_000).contains(count), let size = Int(exactly: limit) else { return nil }
        return RateLimit(kind: kind, window: .seconds(unit * count), limit: size)
    }

    private static func seconds(in unit: String) -> Int64 {
        switch unit {
        case "SECOND": 1
        case "MINUTE": 60
        case "HOUR": 3600
        case "DAY": 86_400
        case _: 0
        }
    }
}

package import Bytes
package import Trading

/// Why a record from Redis could not be read.
package struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
    package let record: String
    package let field: String
    package let problem: String

    package init(record: String, field: String, problem: String) {
        self.record = record
        self.field = field
        self.problem = problem
    }

    package var description: String { "record unreadable: \(record), field \(field): \(problem)" }
}

/// Typed reading of a flat record, with errors that name record and field.
package struct RecordFields: Sendable {
    package let record: String
    /// Values by name, or their places.
    private let fields: [String: String]
    private let columns: RecordColumns?
    private let values: [String]

    package init(_ record: String, _ fields: [String: String]) {
        self.record = record
        self.fields = fields
        columns = nil
        values = []
    }

    /// Values whose names many records share.
    /// - Parameter values: as many as there are columns.
    package init(_ record: String, _ columns: RecordColumns, _ values: [String]) {
        precondition(columns.count == values.count, "a value for each column")
        self.record = record
        fields = [:]
        self.columns = columns
        self.values = values
    }

    package func text(_ name: String) throws(RecordError) -> String {
        guard let text = optional(name) else { throw error(name, "missing") }
        return text
    }
    /// The text of a field that may be absent.
    package func optional(_ name: String) -> String? {
        guard let columns else { return fields[name] }
        return columns[name].map { values[$0] }
    }

    package func integer(_ name: String) throws(RecordError) -> Int64 {
        let text = try text(name)
        guard let value = Int64(text) else { throw error(name, "not a whole number: \(text)") }
        return value
    }
    package func flag(_ name: String) throws(RecordError) -> Bool {
        switch try text(name) {
        case "1", "true": return true
        case "0", "false": return false
        case let other: throw error(name, "not a flag: \(other)")
        }
    }
    package func decimal<Value: ExactDecimal>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(RecordError) -> Value {
        let text = try text(name)
        guard let value = Value(text: text) else { throw error(name, "not a decimal: \(text)") }
        return value
    }
    package func symbol(_ name: String) throws(RecordError) -> Symbol {
        let text = try text(name)
        guard let symbol = Symbol(text) else { throw error(name, "not a symbol: \(text)") }
        return symbol
    }
    package func account(_ name: String) throws(RecordError) -> AccountID {
        let text = try text(name)
        guard let account = AccountID(text) else { throw error(name, "not an account: \(text)") }
        return account
    }
    /// A value of an enum spelt by its raw value.
    package func choice<Choice: RawRepresentable<String>>(
        _ name: String, as type: Choice.Type = Choice.self
    ) throws(RecordError) -> Choice {
        let text = try text(name)
        guard let value = Choice(rawValue: text) else { throw error(name, "unknown: \(text)") }
        return value
    }

    package func error(_ field: String, _ problem: String) -> RecordError {
        RecordError(record: record, field: field, problem: problem)
    }
}

/// Where the fields of records of one form are.
package struct RecordColumns: Sendable {
    private let names: [String]
    private let places: [String: Int]

    package init(_ names: [String]) {
        self.names = names
        places = Dictionary(zip(names, names.indices)) { first, _ in first }
    }

    package var count: Int { names.count }
    subscript(name: String) -> Int? { places[name] }
    package func has(_ name: String) -> Bool { places[name] != nil }

    /// Whether these are the columns of such names; at once for the very same list.
    package func isOf(_ names: [String]) -> Bool { self.names == names }
}

/// Who wrote a record, when, and as which number of its own.
package struct RecordStamp: Equatable, Sendable {
    /// Counts up with each write of this writer or script.
    package var sequence: Int64
    /// `service:instance`.
    package var writer: String
    package var atMilliseconds: Int64

    package init(sequence: Int64, writer: String, atMilliseconds: Int64) {
        self.sequence = sequence
        self.writer = writer
        self.atMilliseconds = atMilliseconds
    }

    package init(_ reader: RecordFields) throws(RecordError) {
        sequence = try reader.integer("seq")
        writer = try reader.text("writer")
        atMilliseconds = try reader.integer("at_ms")
    }

    package var fields: [(String, String)] {
        [("seq", "\(sequence)"), ("writer", writer), ("at_ms", "\(atMilliseconds)")]
    }
}

/// Flat records as JSON objects of strings: what the channels carry.
package enum FlatJSON {
    /// The object with its fields in the given order, every value a string.
    package static func encode(_ fields: [(String, String)]) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(fields, into: &writer)
        return writer.bytes
    }

    package static func write(_ fields: [(String, String)], into writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in fields {
            writer.key(name)
            writer.value(value)
        }
        writer.endObject()
    }

    /// Reads an object whose values are strings, numbers, flags or null (left out); anything nested
    /// is kept as its JSON text.
    package static func decode(_ bytes: RawSpan) throws(JSONError) -> [String: String] {
        var limits = JSONScanner.Limits()
        limits.size = 1 << 20
        var scanner = JSONScanner(bytes, limits: limits)
        let fields = try decode(&scanner)
        try scanner.finish()
        return fields
    }

    @_lifetime(scanner: copy scanner)
    static func decode(_ scanner: inout JSONScanner) throws(JSONError) -> [String: String] {
        // Most objects of the bus are commands, ticks and records with some ten fields.
        var fields = [String: String](minimumCapacity: 12)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            guard let name = JSONText.unescaped(key) else {
                throw JSONError(.badString, offset: scanner.offset)
            }
            switch try scanner.nextKind() {
            case .string: fields[name] = try scanner.text()
            case .null: try scanner.skipValue()
            case .number, .boolean, .object, .array:
                fields[name] = String(try scanner.rawValue())
            }
        }
        return fields
    }
}

import Bytes

/// The name of a field, as what it is about and what of it is told (`BTCUSDT` and `:mark`).
package struct FieldName: Sendable {
    /// Empty for a field of the record itself.
    package let subject: String
    package let name: StaticString

    package init(_ name: StaticString, of subject: String = "") {
        self.subject = subject
        self.name = name
    }

    package var text: String { subject + "\(name)" }
}

/// Takes a record's fields one after the other, without a text for each.
package protocol RecordSink: ~Copyable {
    mutating func take(_ name: FieldName, text: String)
    mutating func take(_ name: FieldName, integer: Int64)
    /// - Parameter units: of 1e-12.
    mutating func take(_ name: FieldName, units: Int128)
}

extension RecordSink where Self: ~Copyable {
    mutating func take(_ name: FieldName, flag: Bool) { take(name, text: flag ? "1" : "0") }

    mutating func take(_ stamp: RecordStamp) {
        take(FieldName("seq"), integer: stamp.sequence)
        take(FieldName("writer"), text: stamp.writer)
        take(FieldName("at_ms"), integer: stamp.atMilliseconds)
    }
}

/// The fields as texts.
struct FieldTexts: RecordSink {
    var fields: [(String, String)] = []

    mutating func take(_ name: FieldName, text: String) { fields.append((name.text, text)) }
    mutating func take(_ name: FieldName, integer: Int64) { take(name, text: "\(integer)") }
    mutating func take(_ name: FieldName, units: Int128) {
        take(name, text: DecimalText.text(units))
    }
}

/// The fields as an object of strings, in reused memory: the form of `FlatJSON`.
package struct FieldObject: ~Copyable, RecordSink {
    private var writer = JSONWriter(capacity: 1_024)

    package init() {}

    package mutating func begin() {
        writer.removeAll()
        writer.beginObject()
    }

    package mutating func end() { writer.endObject() }

    /// From `begin` to `end`.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self) get { writer.rawSpan }
    }

    package mutating func take(_ name: FieldName, text: String) {
        key(name)
        writer.value(text)
    }

    package mutating func take(_ name: FieldName, integer: Int64) {
        // The decimal of a whole number is its text.
        take(name, units: Int128(integer) * DecimalText.unitsPerWhole)
    }

    package mutating func take(_ name: FieldName, units: Int128) {
        key(name)
        writer.value(units: units)
    }

    private mutating func key(_ name: FieldName) {
        if name.subject.isEmpty { writer.key(name.name) } else { writer.key(name.text) }
    }
}

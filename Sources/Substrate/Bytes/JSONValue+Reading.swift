extension JSONValue {
    /// The value of a key; nil where there is none, or this is no object.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The element at `index`; nil where there is none, or this is no array.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else {
            return nil
        }
        return elements[index]
    }

    /// The value of a key; throws `missingField` where there is none.
    package func field(_ key: String) throws(JSONError) -> JSONValue {
        guard let value = self[key] else {
            throw JSONError(.missingField, offset: 0, field: key)
        }
        return value
    }

    /// What `read` finds in the value of a key; throws where the key is missing or the value is of
    /// another kind: `try body.field("symbol", \.text)`.
    package func field<Value>(
        _ key: String, _ read: (JSONValue) -> Value?
    ) throws(JSONError) -> Value {
        guard let value = read(try field(key)) else {
            throw JSONError(.wrongType, offset: 0, field: key)
        }
        return value
    }

    package var isNull: Bool { self == .null }

    /// The text of a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A whole number, bare or quoted, in the range of `Int64`.
    package var integer: Int64? {
        var value: Int64?
        scalarText?.withRawSpan { value = IntegerText.parse($0) }
        return value
    }

    /// An exact decimal, bare or quoted, in units of 1e-12 (see `DecimalText`).
    package var decimalUnits: Int128? {
        var units: Int128?
        scalarText?.withRawSpan { units = try? DecimalText.parse($0) }
        return units
    }

    /// A flag: bare, or quoted in lower, upper or title case.
    package var boolean: Bool? {
        switch self {
        case .boolean(let flag): flag
        case .string("true"), .string("TRUE"), .string("True"): true
        case .string("false"), .string("FALSE"), .string("False"): false
        case .null, .number, .string, .array, .object: nil
        }
    }

    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    private var scalarText: String? {
        switch self {
        case .number(let text), .string(let text): text
        case .null, .boolean, .array, .object: nil
        }
    }

    /// Writes the tree as compact JSON.
    package func write(into writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .boolean(let flag): writer.value(flag)
        case .number(let text): text.withRawSpan { writer.value(json: $0) }
        case .string(let text): writer.value(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(into: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.key)
                member.value.write(into: &writer)
            }
            writer.endObject()
        }
    }

    /// The tree as compact JSON.
    package var json: String {
        var writer = JSONWriter()
        write(into: &writer)
        return writer.text
    }
}

/// A JSON text as an ordered tree, for requests and replies that are not in a hurry.
///
/// Numbers stay the text they were written in, so nothing is rounded. Members keep their order;
/// where a key is repeated the last one counts, as it does for a reader with `JSONScanner`.
package indirect enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// The number as it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One key and its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package let value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Reads one whole text; throws where it is malformed, not UTF-8, too large or too deep.
    package static func parse(
        _ bytes: RawSpan, limits: JSONScanner.Limits = .standard
    ) throws(JSONError) -> JSONValue {
        var scanner = JSONScanner(bytes, limits: limits)
        let value = try JSONValue(next: &scanner)
        try scanner.finish()
        return value
    }

    /// Reads one whole text.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try parse(bytes.rawSpan)
    }

    /// Reads the value that comes next in a text.
    package init(next scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.nextKind() {
        case .object: self = .object(try JSONValue.members(&scanner))
        case .array:
            var elements: [JSONValue] = []
            try scanner.enterArray()
            while try scanner.nextElement() { elements.append(try JSONValue(next: &scanner)) }
            self = .array(elements)
        case .string: self = .string(try scanner.text())
        case .boolean: self = .boolean(try scanner.boolean())
        case .null:
            _ = try scanner.skipNull()
            self = .null
        case .number: self = .number(String(try scanner.number()))
        }
    }

    private static func members(_ scanner: inout JSONScanner) throws(JSONError) -> [Member] {
        var members: [Member] = []
        try scanner.enterObject()
        while let raw = try scanner.nextKey() {
            guard let key = JSONText.unescaped(raw) else {
                throw JSONError(.badString, offset: scanner.offset)
            }
            members.append(Member(key: key, value: try JSONValue(next: &scanner)))
        }
        return members
    }
}

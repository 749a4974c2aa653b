/// A reply, decoded into values of its own.
package indirect enum RedisValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case status(String)
    case bytes([UInt8])
    case array([RedisValue])
    case error(String)

    /// The text of a status or of bytes; nil for anything else.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .null, .integer, .array, .error: nil
        }
    }

    /// The integer, also when sent as decimal text; nil for anything else.
    package var int: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes, .status: text.flatMap { Int64($0) }
        case .null, .array, .error: nil
        }
    }

    /// The elements of an array; nil for anything else.
    package var elements: [RedisValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    package var isNull: Bool { self == .null }

    package var isError: Bool {
        if case .error = self { return true }
        return false
    }

    /// The texts of an array of texts; an element that is none becomes nil.
    package var texts: [String?]? { elements.map { $0.map(\.text) } }

    /// A flat array of names and values (HGETALL, a stream entry) as a dictionary; nil when it is
    /// not one.
    package var fields: [String: String]? {
        guard let elements, elements.count % 2 == 0 else { return nil }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard let name = elements[index].text else { return nil }
            let value = elements[index + 1]
            guard let text = value.text ?? value.int.map({ String($0) }) else { return nil }
            fields[name] = text
        }
        return fields
    }
}

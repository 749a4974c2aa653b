package import Bytes

/// What a client asks of its stream socket: `{"method":…,"params":[…],"id":…}` (exchange-facts B2).
package struct StreamCommand: Equatable, Sendable {
    /// What a client's message may be: a SUBSCRIBE of 1,024 streams is under 48 KB.
    private static let limits = {
        var limits = JSONScanner.Limits()
        limits.size = 64 << 10
        limits.depth = 4
        return limits
    }()

    package private(set) var method: String?
    /// Nil where `params` is something else than an array.
    package private(set) var params: [JSONValue]? = []
    /// The id as it was written: it is echoed verbatim.
    package private(set) var id = RequestID.none

    package init(_ bytes: RawSpan) throws(JSONError) {
        var scanner = JSONScanner(bytes, limits: StreamCommand.limits)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "method" {
                method = try scanner.text()
            } else if key == "params" {
                params = try JSONValue(next: &scanner).elements
            } else if key == "id" {
                id = try RequestID(next: &scanner)
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.finish()
    }

    /// `{"result":…,"id":…}`.
    package func success(_ result: (inout JSONWriter) -> Void) -> [UInt8] {
        var out = JSONWriter(capacity: 64)
        out.beginObject()
        out.key("result")
        result(&out)
        out.key("id")
        out.value(json: id.raw.rawSpan)
        out.endObject()
        return out.bytes
    }

    /// `{"code":…,"msg":…}`, with the id where the message had one that can be told back.
    package static func failure(
        _ code: Int64, _ message: String, id: RequestID? = nil
    ) -> [UInt8] {
        var out = JSONWriter(capacity: 64)
        out.beginObject()
        out.field("code", code)
        out.field("msg", message)
        if let id {
            out.key("id")
            out.value(json: id.raw.rawSpan)
        }
        out.endObject()
        return out.bytes
    }
}

/// The id of a client's message as it was written: clients number in whole numbers, times or UUIDs.
package struct RequestID: Equatable, Sendable {
    /// The longest id that is told back, in bytes as written: a UUID has 38.
    private static let longest = 128

    package let raw: [UInt8]
    /// Whether it is a number, a text or null, and no longer than can be told back.
    package let isFit: Bool

    /// What stands for an id that was not given.
    package static let none = RequestID(raw: Array("null".utf8), isFit: true)

    private init(raw: [UInt8], isFit: Bool) {
        self.raw = raw
        self.isFit = isFit
    }

    /// Reads the value that comes next; one that is not fit is forgotten.
    init(next scanner: inout JSONScanner) throws(JSONError) {
        let kind = try scanner.nextKind()
        let start = scanner.offset
        let value: JSONValue
        switch kind {
        case .number, .string, .null: value = try JSONValue(next: &scanner)
        case .object, .array, .boolean:
            try scanner.skipValue()
            value = .boolean(false)
        }
        let bytes = scanner.bytes.extracting(start..<scanner.offset)
        let isFit = value.boolean == nil && bytes.byteCount <= RequestID.longest
        self = isFit ? RequestID(raw: [UInt8](bytes), isFit: true) : RequestID(
            raw: RequestID.none.raw, isFit: false)
    }
}

/// The fields of a query string or an `application/x-www-form-urlencoded` body.
///
/// The raw bytes stay reachable, because signatures are computed over them and not over a decoding.
package struct FormFields: Equatable, Sendable {
    /// One `name=value`, decoded, and where it lies in the raw bytes.
    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String
        /// The whole `name=value` in the raw bytes.
        package let range: Range<Int>
    }

    package let raw: [UInt8]
    package let fields: [Field]

    /// Decodes all fields; throws 400 on a bad escape, bytes that are not UTF-8, or more fields
    /// than the limit.
    package init(_ raw: [UInt8], limit: Int = 256) throws(HTTPError) {
        var fields: [Field] = []
        var start = 0
        while start < raw.count {
            let end = raw[start...].firstIndex(of: UInt8(ascii: "&")) ?? raw.count
            if end > start {
                guard fields.count < limit else { throw .malformed("too many form fields") }
                fields.append(try FormFields.field(raw, start..<end))
            }
            start = end + 1
        }
        self.raw = raw
        self.fields = fields
    }

    /// The first value under the name; names are case-sensitive.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// All values under the name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// The raw bytes without the fields of that name and their separators: what a signature covers.
    package func rawBytes(without name: String) -> [UInt8] {
        var result: [UInt8] = []
        for field in fields where field.name != name {
            if !result.isEmpty { result.append(UInt8(ascii: "&")) }
            result += raw[field.range]
        }
        return result
    }

    private static func field(_ raw: [UInt8], _ range: Range<Int>) throws(HTTPError) -> Field {
        let text = raw[range]
        let equals = text.firstIndex(of: UInt8(ascii: "=")) ?? range.upperBound
        guard let name = PercentCoding.decoded(text[..<equals], plusIsSpace: true),
            let value = PercentCoding.decoded(text[equals...].dropFirst(), plusIsSpace: true)
        else { throw .malformed("bad escape in a form field") }
        return Field(name: name, value: value, range: range)
    }
}

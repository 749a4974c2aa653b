/// Header fields in the order they came; names compare without regard to ASCII case.
package struct HTTPHeaders: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(_ pairs: [(String, String)]) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    package init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

    package var count: Int { fields.count }

    /// The first value under the name.
    package subscript(name: String) -> String? {
        fields.first { HTTPSyntax.equal($0.name, name) }?.value
    }

    /// All values under the name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { HTTPSyntax.equal($0.name, name) }.map(\.value)
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Whether a comma-separated list field holds the token, without regard to case.
    package func contains(_ token: String, in name: String) -> Bool {
        values(name).contains { HTTPSyntax.listHolds($0, token) }
    }
}

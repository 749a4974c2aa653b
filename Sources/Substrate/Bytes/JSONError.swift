/// What is wrong with a JSON text, and at which byte.
@usableFromInline
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    @usableFromInline
    package enum Code: String, Sendable {
        case unexpectedEnd = "text ends early"
        case unexpectedByte = "unexpected byte"
        case wrongType = "value of another type"
        case badNumber = "number cannot be held exactly"
        case badString = "malformed string"
        case tooDeep = "nested too deeply"
        case tooLarge = "text too large"
        case trailingBytes = "bytes after the value"
        case missingField = "field missing"
        case badValue = "value out of range"
    }

    package let code: Code
    /// The byte offset in the text at which the reading stopped.
    package let offset: Int
    /// The field at fault, where it is known.
    package let field: String?

    package init(_ code: Code, offset: Int, field: String? = nil) {
        self.code = code
        self.offset = offset
        self.field = field
    }

    @usableFromInline package var description: String {
        "json: \(code.rawValue) at byte \(offset)" + (field.map { ", field: \($0)" } ?? "")
    }
}

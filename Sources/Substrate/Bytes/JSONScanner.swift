/// A one-pass reader of JSON over borrowed bytes: it walks a known layout and skips the rest.
///
/// Nothing is allocated. Strings are returned as they lie, between the quotes; `text()` resolves
/// escapes. The text's size and nesting are limited, and every error says at which byte.
package struct JSONScanner: ~Copyable, ~Escapable {
    package struct Limits: Sendable {
        /// Largest text, in bytes: the largest recorded venue frame is 42 kB, a full exchangeInfo a few MB.
        package var size = 64 << 20
        /// Deepest nesting: venue messages nest at most 6 levels.
        package var depth = 32
        package static let standard = Limits()
        package init() {}
    }

    package let bytes: RawSpan
    package private(set) var offset = 0
    private var depth = 0
    private let limits: Limits
    /// Whether a value has been read in the innermost open container.
    private var needsComma = false

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, limits: Limits = .standard) {
        self.bytes = bytes
        self.limits = limits
    }

    // MARK: containers

    /// Steps into an object; then call `nextKey()` until it returns nil.
    @_lifetime(self: copy self)
    package mutating func enterObject() throws(JSONError) { try enter(UInt8(ascii: "{")) }

    /// Steps into an array; then call `nextElement()` until it returns false.
    @_lifetime(self: copy self)
    package mutating func enterArray() throws(JSONError) { try enter(UInt8(ascii: "[")) }

    @_lifetime(self: copy self)
    private mutating func enter(_ opening: UInt8) throws(JSONError) {
        if offset == 0, bytes.byteCount > limits.size { throw error(.tooLarge) }
        guard try peek() == opening else { throw error(.wrongType) }
        depth += 1
        guard depth <= limits.depth else { throw error(.tooDeep) }
        offset += 1
        needsComma = false
    }

    /// The next key of the open object as it lies, or nil at the object's end, which is stepped over.
    @_lifetime(copy self)
    package mutating func nextKey() throws(JSONError) -> RawSpan? {
        guard try advance(closing: UInt8(ascii: "}")) else { return nil }
        let key = try string()
        guard try peek() == UInt8(ascii: ":") else { throw error(.unexpectedByte) }
        offset += 1
        return key
    }

    /// Whether another element follows in the open array; at its end it is stepped over.
    @_lifetime(self: copy self)
    package mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"))
    }

    @_lifetime(self: copy self)
    private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
        let byte = try peek()
        if byte == closing {
            offset += 1
            depth -= 1
            needsComma = true
            return false
        }
        if needsComma {
            guard byte == UInt8(ascii: ",") else { throw error(.unexpectedByte) }
            offset += 1
            if try peek() == closing { throw error(.unexpectedByte) }
        }
        needsComma = true
        return true
    }

    // MARK: values

    /// A string's bytes between its quotes, escapes unresolved.
    @_lifetime(copy self)
    package mutating func string() throws(JSONError) -> RawSpan {
        guard try peek() == UInt8(ascii: "\"") else { throw error(.wrongType) }
        let start = offset + 1
        var index = start
        let end = bytes.byteCount
        while index < end {
            let byte = bytes.byte(index)
            if byte == UInt8(ascii: "\"") {
                offset = index + 1
                needsComma = true
                return bytes.extracting(start..<index)
            }
            if byte == UInt8(ascii: "\\") { index += 1 }
            if byte < 0x20 {
                offset = index
                throw error(.badString)
            }
            index += 1
        }
        offset = end
        throw error(.unexpectedEnd)
    }

    /// A string with its escapes resolved and malformed UTF-8 refused.
    @_lifetime(self: copy self)
    package mutating func text() throws(JSONError) -> String {
        let start = offset
        let raw = try string()
        guard let text = JSONText.unescaped(raw) else {
            throw JSONError(.badString, offset: start)
        }
        return text
    }

    /// The bytes of a number, a bare literal, or the inside of a quoted string.
    @_lifetime(copy self)
    private mutating func scalar() throws(JSONError) -> RawSpan {
        if try peek() == UInt8(ascii: "\"") { return try string() }
        let start = offset
        var index = start
        let end = bytes.byteCount
        scan: while index < end {
            switch bytes.byte(index) {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: " "),
                UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: ":"):
                break scan
            case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
                throw error(.wrongType)
            case _:
                index += 1
            }
        }
        guard index > start else { throw error(.unexpectedByte) }
        offset = index
        needsComma = true
        return bytes.extracting(start..<index)
    }

    /// A whole number, bare or quoted, in the range of `Int64`.
    @_lifetime(self: copy self)
    package mutating func integer() throws(JSONError) -> Int64 {
        let start = offset
        let digits = try scalar()
        guard let value = IntegerText.parse(digits) else {
            throw JSONError(.badNumber, offset: start)
        }
        return value
    }

    /// An exact decimal, bare or quoted, in units of 1e-12 (see `DecimalText`).
    @_lifetime(self: copy self)
    package mutating func decimalUnits() throws(JSONError) -> Int128 {
        let start = offset
        let digits = try scalar()
        do throws(DecimalText.Problem) {
            return try DecimalText.parse(digits)
        } catch {
            throw JSONError(.badNumber, offset: start)
        }
    }

    /// `true` or `false`, bare, or quoted in any case.
    @_lifetime(self: copy self)
    package mutating func boolean() throws(JSONError) -> Bool {
        let start = offset
        let word = try scalar()
        if word == "true" || word == "TRUE" || word == "True" { return true }
        if word == "false" || word == "FALSE" || word == "False" { return false }
        throw JSONError(.wrongType, offset: start)
    }

    /// Steps over `null` and says so; any other value is left in place.
    @_lifetime(self: copy self)
    package mutating func skipNull() throws(JSONError) -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        let start = offset
        guard try scalar() == "null" else { throw JSONError(.unexpectedByte, offset: start) }
        return true
    }

    /// The kind of the value that comes next, told by its first byte.
    @_lifetime(self: copy self)
    package mutating func nextKind() throws(JSONError) -> JSONKind {
        switch try peek() {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        case _: .number
        }
    }

    /// Steps over one value of any kind.
    @_lifetime(self: copy self)
    package mutating func skipValue() throws(JSONError) {
        switch try nextKind() {
        case .object:
            try enterObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try enterArray()
            while try nextElement() { try skipValue() }
        case .string, .boolean, .null, .number:
            _ = try scalar()
        }
    }

    /// One value of any kind as the bytes it is written in.
    @_lifetime(copy self)
    package mutating func rawValue() throws(JSONError) -> RawSpan {
        _ = try peek()
        let start = offset
        try skipValue()
        return bytes.extracting(start..<offset)
    }

    /// Checks that only white space follows.
    @_lifetime(self: copy self)
    package mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        if offset < bytes.byteCount { throw error(.trailingBytes) }
    }

    // MARK: bytes

    @_lifetime(self: copy self)
    @inline(__always)
    private mutating func peek() throws(JSONError) -> UInt8 {
        if offset < bytes.byteCount {
            let byte = bytes.byte(offset)
            if byte > 0x20 { return byte }
            skipWhiteSpace()
            if offset < bytes.byteCount { return bytes.byte(offset) }
        }
        throw error(.unexpectedEnd)
    }

    @_lifetime(self: copy self)
    private mutating func skipWhiteSpace() {
        while offset < bytes.byteCount {
            switch bytes.byte(offset) {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            case _: return
            }
        }
    }

    private func error(_ code: JSONError.Code) -> JSONError { JSONError(code, offset: offset) }
}

/// The kinds of JSON values.
package enum JSONKind: Sendable { case object, array, string, number, boolean, null }

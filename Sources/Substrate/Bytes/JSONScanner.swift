/// A one-pass reader of JSON over borrowed bytes: it walks a known layout and skips the rest.
///
/// 1. Nothing is allocated but by `text()`. Strings are returned as they lie, between the quotes.
/// 2. What is read or skipped obeys the grammar of RFC 8259, but that the UTF-8 of strings is
///    checked by `text()` only, and that numbers may be quoted where a number is asked for.
/// 3. Size and nesting are limited, and every error says at which byte. After an error the scanner
///    is not used again.
/// 4. The reader takes each value before it asks for the next key or element.
@usableFromInline
package struct JSONScanner: ~Copyable, ~Escapable {
    @usableFromInline
    package struct Limits: Sendable {
        /// Largest text, in bytes: the largest recorded venue frame is 42 kB, a full exchangeInfo a
        /// few MB.
        @usableFromInline package var size = 64 << 20
        /// Deepest nesting: venue messages nest at most 6 levels. A tree is read by recursion, and
        /// 32 levels of it take a few kB of stack.
        @usableFromInline package var depth = 32
        @usableFromInline package static let standard = Limits()
        package init() {}
    }

    @usableFromInline package let bytes: RawSpan
    @usableFromInline internal var position: Int
    @usableFromInline internal var depth = 0
    @usableFromInline internal let depthLimit: Int
    @usableFromInline internal let sizeLimit: Int
    /// Whether a value has been read in the innermost open container.
    @usableFromInline internal var needsComma = false

    @inlinable @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, limits: Limits = .standard) {
        self.bytes = bytes
        depthLimit = limits.depth
        sizeLimit = limits.size
        // A text that is too large is not begun: the first look at it fails.
        position = bytes.byteCount <= limits.size ? 0 : bytes.byteCount
    }

    /// The byte the reading stands at.
    @inlinable package var offset: Int { position }

    // MARK: containers

    /// Steps into an object; then call `nextKey()` until it returns nil.
    @inlinable @_lifetime(self: copy self)
    package mutating func enterObject() throws(JSONError) { try enter(UInt8(ascii: "{")) }

    /// Steps into an array; then call `nextElement()` until it returns false.
    @inlinable @_lifetime(self: copy self)
    package mutating func enterArray() throws(JSONError) { try enter(UInt8(ascii: "[")) }

    @inlinable @inline(__always) @_lifetime(self: copy self)
    internal mutating func enter(_ opening: UInt8) throws(JSONError) {
        guard try peek() == opening else { throw failure(.wrongType) }
        depth &+= 1
        guard depth <= depthLimit else { throw failure(.tooDeep) }
        position &+= 1
        needsComma = false
    }

    /// The next key of the open object as it lies, or nil at the object's end, which is stepped
    /// over.
    @inlinable @_lifetime(copy self)
    package mutating func nextKey() throws(JSONError) -> RawSpan? {
        guard try advance(closing: UInt8(ascii: "}")) else { return nil }
        let key = try string()
        guard try peek() == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
        position &+= 1
        return key
    }

    /// Whether another element follows in the open array; at its end it is stepped over.
    @inlinable @_lifetime(self: copy self)
    package mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"))
    }

    @inlinable @inline(__always) @_lifetime(self: copy self)
    internal mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
        let byte = try peek()
        if byte == closing {
            position &+= 1
            depth &-= 1
            needsComma = true
            return false
        }
        if needsComma {
            guard byte == UInt8(ascii: ",") else { throw failure(.unexpectedByte) }
            position &+= 1
            if try peek() == closing { throw failure(.unexpectedByte) }
        }
        needsComma = true
        return true
    }

    /// The kind of the value that comes next, told by its first byte.
    @inlinable @_lifetime(self: copy self)
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
        case .string: _ = try string()
        case .boolean: _ = try boolean()
        case .null: _ = try skipNull()
        case .number: _ = try number()
        }
    }

    /// One value of any kind as the bytes it is written in.
    @_lifetime(copy self)
    package mutating func rawValue() throws(JSONError) -> RawSpan {
        _ = try peek()
        let start = position
        try skipValue()
        return bytes.extracting(start..<position)
    }

    /// Checks that every container was read to its end and that only white space follows.
    @_lifetime(self: copy self)
    package mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        if depth != 0 { throw failure(.unexpectedEnd) }
        if position < bytes.byteCount { throw failure(.trailingBytes) }
    }

    // MARK: bytes

    /// The next byte that is not white space, left in place.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    internal mutating func peek() throws(JSONError) -> UInt8 {
        if position < bytes.byteCount {
            let byte = bytes.byte(position)
            if byte > 0x20 { return byte }
        }
        return try peekBehindWhiteSpace()
    }

    @usableFromInline @inline(never) @_lifetime(self: copy self)
    internal mutating func peekBehindWhiteSpace() throws(JSONError) -> UInt8 {
        if bytes.byteCount > sizeLimit {
            throw JSONError(.tooLarge, offset: sizeLimit)
        }
        skipWhiteSpace()
        guard position < bytes.byteCount else { throw failure(.unexpectedEnd) }
        return bytes.byte(position)
    }

    @_lifetime(self: copy self)
    private mutating func skipWhiteSpace() {
        while position < bytes.byteCount {
            switch bytes.byte(position) {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            case _: return
            }
        }
    }

    @usableFromInline @inline(never)
    internal func failure(_ code: JSONError.Code) -> JSONError {
        JSONError(code, offset: position)
    }
}

/// The kinds of JSON values.
@usableFromInline
package enum JSONKind: Sendable { case object, array, string, number, boolean, null }

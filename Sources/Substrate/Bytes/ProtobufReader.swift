/// What is wrong with a protobuf message, and at which byte.
package struct ProtobufError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unexpectedEnd = "message ends early"
        case badVarint = "number longer than ten bytes"
        case badTag = "field number of zero or out of range"
        case badWireType = "wire type unknown or out of use"
        case wrongType = "field of another type"
    }

    package let code: Code
    package let offset: Int

    package init(_ code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }

    package var description: String { "protobuf: \(code.rawValue) at byte \(offset)" }
}

/// A one-pass reader of one protobuf message over borrowed bytes (protobuf.dev, "Encoding").
///
/// 1. Nothing is allocated; texts and messages are given as the places they lie at.
/// 2. Fields may come in any order; what is not asked for is stepped over by `nextField`.
/// 3. Every length is checked against the message's end before it is believed.
@usableFromInline
package struct ProtobufReader: ~Copyable, ~Escapable {
    private let bytes: RawSpan
    private var position: Int
    private let end: Int
    private var wireType: UInt64 = 0
    private var isPending = false

    /// Reads all of the bytes.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
        position = 0
        end = bytes.byteCount
    }

    /// Reads the message that lies at a place within the bytes; places it gives are within them,
    /// too.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, in place: Range<Int>) {
        precondition(place.upperBound <= bytes.byteCount, "a message lies within its bytes")
        self.bytes = bytes
        position = place.lowerBound
        end = place.upperBound
    }

    /// The byte the reading stands at.
    package var offset: Int { position }

    /// The number of the next field, or nil at the end; a value that was not taken is stepped over.
    @_lifetime(self: copy self)
    package mutating func nextField() throws(ProtobufError) -> Int? {
        if isPending { try skip() }
        guard position < end else { return nil }
        let start = position
        let tag = try varint()
        let number = tag >> 3
        guard number >= 1, number < 1 << 29 else { throw ProtobufError(.badTag, offset: start) }
        wireType = tag & 7
        isPending = true
        return Int(number)
    }

    /// Whether the field just begun is a number, as `integer` takes it.
    package var isInteger: Bool { isPending && wireType == 0 }

    /// Whether the field just begun is a text, bytes or a message, as `place` takes it.
    package var isText: Bool { isPending && wireType == 2 }

    /// The value of an int32, int64, uint64, bool or enum field.
    @_lifetime(self: copy self)
    package mutating func integer() throws(ProtobufError) -> Int64 {
        try expect(0)
        return Int64(bitPattern: try varint())
    }

    /// The value of a bool field.
    @_lifetime(self: copy self)
    package mutating func boolean() throws(ProtobufError) -> Bool { try integer() != 0 }

    /// Where a string, a bytes field or a message within this one lies.
    @_lifetime(self: copy self)
    package mutating func place() throws(ProtobufError) -> Range<Int> {
        try expect(2)
        return try lengthDelimited()
    }

    @_lifetime(self: copy self)
    private mutating func expect(_ type: UInt64) throws(ProtobufError) {
        precondition(isPending, "a value is taken once, after its field's number")
        guard wireType == type else { throw ProtobufError(.wrongType, offset: position) }
        isPending = false
    }

    @_lifetime(self: copy self)
    private mutating func skip() throws(ProtobufError) {
        isPending = false
        switch wireType {
        case 0: _ = try varint()
        case 1: try advance(8)
        case 2: _ = try lengthDelimited()
        case 5: try advance(4)
        case _: throw ProtobufError(.badWireType, offset: position)
        }
    }

    @_lifetime(self: copy self)
    private mutating func lengthDelimited() throws(ProtobufError) -> Range<Int> {
        let length = try varint()
        guard length <= UInt64(end - position) else {
            throw ProtobufError(.unexpectedEnd, offset: end)
        }
        let start = position
        position += Int(length)
        return start..<position
    }

    @_lifetime(self: copy self)
    private mutating func advance(_ count: Int) throws(ProtobufError) {
        guard end - position >= count else { throw ProtobufError(.unexpectedEnd, offset: end) }
        position += count
    }

    @_lifetime(self: copy self)
    private mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        let start = position
        while position < end {
            let byte = bytes.byte(position)
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                // The tenth byte holds the one bit that is left.
                guard shift < 63 || byte <= 1 else {
                    throw ProtobufError(.badVarint, offset: start)
                }
                return value
            }
            shift += 7
            guard shift < 70 else { throw ProtobufError(.badVarint, offset: start) }
        }
        throw ProtobufError(.unexpectedEnd, offset: end)
    }
}

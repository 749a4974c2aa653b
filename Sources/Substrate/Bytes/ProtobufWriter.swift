/// Writes protobuf messages at the end of a byte buffer that is reused (protobuf.dev, "Encoding").
///
/// As proto3 writers do, a field of its default value (zero, empty, false) is left out. Lengths
/// are written in their shortest form.
package struct ProtobufWriter: ~Copyable {
    /// Where an open message began.
    package struct Mark: Sendable {
        fileprivate let start: Int
    }

    private var out: ByteWriter

    /// - Parameter capacity: bytes reserved at once.
    package init(capacity: Int = 256) { out = ByteWriter(capacity: capacity) }

    /// The bytes written so far.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self) get { out.rawSpan }
    }

    /// A copy of the bytes written so far.
    package var bytes: [UInt8] { [UInt8](out.rawSpan) }

    /// Forgets the bytes and keeps the memory.
    package mutating func removeAll() { out.removeAll() }

    /// An int32, int64, uint64 or enum field.
    package mutating func field(_ number: Int, _ value: Int64) {
        if value == 0 { return }
        tag(number, wireType: 0)
        varint(UInt64(bitPattern: value))
    }

    /// A bool field.
    package mutating func field(_ number: Int, _ value: Bool) { field(number, value ? 1 : 0) }

    /// A string field.
    package mutating func field(_ number: Int, _ text: String) {
        if text.isEmpty { return }
        tag(number, wireType: 2)
        varint(UInt64(text.utf8.count))
        out.append(text)
    }

    /// A string field that holds an exact decimal of units of 1e-12, as plain text.
    package mutating func field(_ number: Int, units: Int128) {
        let message = begin(number)
        DecimalText.write(units, into: &out)
        end(message)
    }

    /// Begins a message within this one; its fields follow, then `end`.
    package mutating func begin(_ number: Int) -> Mark {
        tag(number, wireType: 2)
        out.append(byte: 0)
        return Mark(start: out.count)
    }

    /// Ends the message that was begun last, which may be empty.
    package mutating func end(_ mark: Mark) {
        let length = out.count - mark.start
        var extra = 0
        while length >> (7 * (extra + 1)) > 0 { extra += 1 }
        out.insert(gap: extra, at: mark.start)
        for index in 0...extra {
            let more: UInt8 = index < extra ? 0x80 : 0
            let bits = UInt8(truncatingIfNeeded: length >> (7 * index)) & 0x7F
            out.overwrite(at: mark.start - 1 + index, with: bits | more)
        }
    }

    private mutating func tag(_ number: Int, wireType: UInt64) {
        precondition(number >= 1 && number < 1 << 29, "a field number is 1 to 2^29 - 1")
        varint(UInt64(number) << 3 | wireType)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            out.append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(byte: UInt8(truncatingIfNeeded: rest))
    }
}

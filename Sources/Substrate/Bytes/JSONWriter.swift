/// Writes one JSON text into a reused buffer; commas are its business.
package struct JSONWriter: ~Copyable {
    private var out: ByteWriter
    private var needsComma = false

    package init(capacity: Int = 256) { out = ByteWriter(capacity: capacity) }

    /// The text so far.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { out.rawSpan }
    }
    package var count: Int { out.count }
    /// A copy of the text as bytes.
    package var bytes: [UInt8] { [UInt8](out.rawSpan) }
    /// A copy of the text.
    package var text: String { String(out.rawSpan) }

    /// Starts anew in the same memory.
    package mutating func removeAll() {
        out.removeAll()
        needsComma = false
    }

    /// Takes out what was written, to go on behind it in the same memory.
    package mutating func removeWritten() { out.removeAll() }

    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    private mutating func open(_ byte: UInt8) {
        separate()
        out.append(byte: byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        out.append(byte: byte)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { out.append(byte: UInt8(ascii: ",")) }
        needsComma = true
    }

    /// Writes a key that needs no escaping.
    package mutating func key(_ name: StaticString) {
        separate()
        out.append(byte: UInt8(ascii: "\""))
        out.append(name)
        out.append("\":")
        needsComma = false
    }

    /// Writes a key of any text.
    package mutating func key(_ name: String) {
        separate()
        JSONText.write(name, into: &out)
        out.append(byte: UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func value(_ text: String) {
        separate()
        JSONText.write(text, into: &out)
    }
    package mutating func value(bytes: RawSpan) {
        separate()
        JSONText.write(bytes, into: &out)
    }
    package mutating func value(_ flag: Bool) {
        separate()
        out.append(flag ? "true" as StaticString : "false")
    }
    /// Writes a bare whole number.
    package mutating func value(_ number: Int64) {
        separate()
        out.append(integer: number)
    }
    /// Writes a quoted exact decimal from units of 1e-12, with at least `places` decimals.
    package mutating func value(units: Int128, places: Int = 0) {
        separate()
        out.append(byte: UInt8(ascii: "\""))
        DecimalText.write(units, minimumPlaces: places, into: &out)
        out.append(byte: UInt8(ascii: "\""))
    }
    /// Writes a bare exact decimal from units of 1e-12.
    package mutating func value(bareUnits units: Int128) {
        separate()
        DecimalText.write(units, into: &out)
    }
    package mutating func null() {
        separate()
        out.append("null")
    }
    /// Writes a value that is JSON already.
    package mutating func value(json: RawSpan) {
        separate()
        out.append(json)
    }

    package mutating func field(_ name: StaticString, _ text: String) {
        key(name)
        value(text)
    }
    package mutating func field(_ name: StaticString, _ number: Int64) {
        key(name)
        value(number)
    }
    package mutating func field(_ name: StaticString, _ flag: Bool) {
        key(name)
        value(flag)
    }
    package mutating func field(_ name: StaticString, units: Int128, places: Int = 0) {
        key(name)
        value(units: units, places: places)
    }
}

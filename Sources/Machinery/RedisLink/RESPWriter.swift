package import Bytes

/// Encodes commands as RESP arrays at the end of a writer; allocates only when the writer grows.
///
///     RESPWriter.command(3, into: &bytes)
///     RESPWriter.argument("HSET", into: &bytes) ...
package enum RESPWriter {
    /// PUBLISH of a payload on a channel: the command of every tick, in few steps.
    package static func publish(
        _ channel: RawSpan, _ payload: RawSpan, into writer: inout ByteWriter
    ) {
        // Bare literals would be taken for `String`, which is slower to write.
        let start: StaticString = "*3\r\n$7\r\nPUBLISH\r\n$"
        let between: StaticString = "\r\n$"
        writer.append(start)
        decimal(UInt64(channel.byteCount), into: &writer)
        lineEnd(into: &writer)
        writer.append(channel)
        writer.append(between)
        decimal(UInt64(payload.byteCount), into: &writer)
        lineEnd(into: &writer)
        writer.append(payload)
        lineEnd(into: &writer)
    }

    /// Begins a command of so many arguments, its name included.
    package static func command(_ arguments: Int, into writer: inout ByteWriter) {
        header(UInt8(ascii: "*"), arguments, into: &writer)
    }

    /// An argument of literal text.
    package static func argument(_ text: StaticString, into writer: inout ByteWriter) {
        header(UInt8(ascii: "$"), text.utf8CodeUnitCount, into: &writer)
        writer.append(text)
        lineEnd(into: &writer)
    }

    /// An argument of borrowed bytes.
    package static func argument(_ bytes: RawSpan, into writer: inout ByteWriter) {
        header(UInt8(ascii: "$"), bytes.byteCount, into: &writer)
        writer.append(bytes)
        lineEnd(into: &writer)
    }

    /// An argument of text.
    package static func argument(text: String, into writer: inout ByteWriter) {
        header(UInt8(ascii: "$"), text.utf8.count, into: &writer)
        writer.append(text)
        lineEnd(into: &writer)
    }

    /// A call of a script by its SHA (`EVALSHA`) or its source (`EVAL`).
    package static func script(
        _ name: StaticString, _ script: String, _ keys: [String], _ arguments: [String],
        into writer: inout ByteWriter
    ) {
        command(3 + keys.count + arguments.count, into: &writer)
        argument(name, into: &writer)
        argument(text: script, into: &writer)
        argument(integer: Int64(keys.count), into: &writer)
        for key in keys { argument(text: key, into: &writer) }
        for text in arguments { argument(text: text, into: &writer) }
    }

    /// An argument that is a whole number in decimal.
    package static func argument(integer: Int64, into writer: inout ByteWriter) {
        var length = integer < 0 ? 2 : 1
        var rest = integer.magnitude
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        header(UInt8(ascii: "$"), length, into: &writer)
        if integer < 0 { writer.append(byte: UInt8(ascii: "-")) }
        decimal(integer.magnitude, into: &writer)
        lineEnd(into: &writer)
    }

    /// An argument whose bytes the body appends; its length is filled in afterwards. Bodies of
    /// 10...99 bytes stay where they are, others are moved by a byte or more.
    package static func argument<Failure: Error>(
        into writer: inout ByteWriter, _ body: (inout ByteWriter) throws(Failure) -> Void
    ) throws(Failure) {
        writer.append("$00\r\n")
        let start = writer.count
        try body(&writer)
        let length = writer.count - start
        if length >= 10, length <= 99 {
            writer.overwrite(at: start - 4, with: UInt8(ascii: "0") + UInt8(length / 10))
            writer.overwrite(at: start - 3, with: UInt8(ascii: "0") + UInt8(length % 10))
        } else {
            relocate(start: start, length: length, &writer)
        }
        lineEnd(into: &writer)
    }

    /// Moves a body behind a length of other than two digits.
    private static func relocate(start: Int, length: Int, _ writer: inout ByteWriter) {
        var digits = 1
        var rest = length
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        let shift = digits - 2
        if shift < 0 {
            for index in start..<(start + length) { move(index, index - 1, &writer) }
            writer.truncate(to: writer.count - 1)
        } else {
            for _ in 0..<shift { writer.append(byte: 0) }
            for index in stride(from: start + length - 1, through: start, by: -1) {
                move(index, index + shift, &writer)
            }
        }
        var value = length
        for index in stride(from: start - 5 + digits, to: start - 5, by: -1) {
            writer.overwrite(at: index, with: UInt8(ascii: "0") + UInt8(value % 10))
            value /= 10
        }
        writer.overwrite(at: start - 4 + digits, with: 13)
        writer.overwrite(at: start - 3 + digits, with: 10)
    }

    private static func move(_ from: Int, _ to: Int, _ writer: inout ByteWriter) {
        let byte = writer.rawSpan.byte(from)
        writer.overwrite(at: to, with: byte)
    }

    @inline(__always)
    private static func header(_ kind: UInt8, _ count: Int, into writer: inout ByteWriter) {
        writer.reserve(24)
        writer.append(byte: kind)
        decimal(UInt64(count), into: &writer)
        lineEnd(into: &writer)
    }

    @inline(__always)
    private static func lineEnd(into writer: inout ByteWriter) {
        writer.append(byte: 13)
        writer.append(byte: 10)
    }

    @inline(__always)
    private static func decimal(_ value: UInt64, into writer: inout ByteWriter) {
        // Nearly all lengths are below 1000, and dividing by a variable is what would cost here.
        if value < 10 { return writer.append(byte: digit(value)) }
        if value < 1000 {
            if value >= 100 { writer.append(byte: digit(value / 100)) }
            writer.append(byte: digit(value / 10 % 10))
            return writer.append(byte: digit(value % 10))
        }
        writer.append(integer: value)
    }

    @inline(__always)
    private static func digit(_ value: UInt64) -> UInt8 { UInt8(ascii: "0") &+ UInt8(value) }

    /// The number of whole commands in encoded bytes; nil when they are not exactly that.
    static func commandCount(_ bytes: RawSpan) -> Int? {
        var position = 0
        var commands = 0
        while position < bytes.byteCount {
            guard var arguments = length(UInt8(ascii: "*"), bytes, &position), arguments > 0
            else { return nil }
            while arguments > 0 {
                guard let size = length(UInt8(ascii: "$"), bytes, &position),
                    bytes.byteCount - position >= size + 2
                else { return nil }
                position += size + 2
                arguments -= 1
            }
            commands += 1
        }
        return commands
    }

    private static func length(_ kind: UInt8, _ bytes: RawSpan, _ position: inout Int) -> Int? {
        guard position < bytes.byteCount, bytes.byte(position) == kind else { return nil }
        position += 1
        var value = 0
        while position < bytes.byteCount, bytes.byte(position) != 13 {
            let digit = bytes.byte(position) &- UInt8(ascii: "0")
            guard digit < 10, value < 1 << 40 else { return nil }
            value = value * 10 + Int(digit)
            position += 1
        }
        position += 2
        return position <= bytes.byteCount ? value : nil
    }
}

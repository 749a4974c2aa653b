package import Bytes

/// Writes journal lines: `<crc32, 8 hex digits> {"n":<line number>,"facts":[…]}`, so that what one
/// call changed is on file as a whole or not at all.
package struct JournalLines: Sendable {
    private var line: Int64 = 0
    private var bytes: [UInt8] = []

    package init() {}

    /// The bytes of lines not taken yet.
    package var count: Int { bytes.count }

    /// Begins a line; facts are written to `facts` until `finish`.
    package mutating func begin(_ facts: inout JSONWriter) {
        line += 1
        facts.removeAll()
        facts.beginObject()
        facts.field("n", line)
        facts.key("facts")
        facts.beginArray()
    }

    /// Ends the line that was begun.
    package mutating func finish(_ facts: inout JSONWriter) {
        facts.endArray()
        facts.endObject()
        let sum = CRC32.checksum(facts.rawSpan)
        for shift in stride(from: 28, through: 0, by: -4) {
            bytes.append(Hex.digit(UInt8(sum >> UInt32(shift) & 15)))
        }
        bytes.append(UInt8(ascii: " "))
        bytes += facts.bytes
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The lines written since the last call.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Starts over: the next line is number 1, and what was not taken is dropped.
    package mutating func restart() {
        bytes = []
        line = 0
    }

    /// Goes on after the lines of a file.
    package mutating func resume(after line: Int64) { self.line = line }

    /// The line that ends a snapshot in a file; it has no number. A file without it was cut short
    /// inside its snapshot, which no crash does.
    package static let snapshotEnd: [UInt8] = {
        let text = Array(#"{"snapshot":"whole"}"#.utf8)
        let sum = CRC32.checksum(text.rawSpan)
        let digits = stride(from: 28, through: 0, by: -4).map {
            Hex.digit(UInt8(sum >> UInt32($0) & 15))
        }
        return digits + [UInt8(ascii: " ")] + text + [UInt8(ascii: "\n")]
    }()

    /// The facts of one line without its end.
    ///
    /// - Throws: where the checksum, the number or the form is not as it was written.
    package static func facts(of bytes: [UInt8], line: Int) throws(JournalProblem) -> [JSONValue] {
        guard bytes.count > 9, bytes[8] == UInt8(ascii: " ") else {
            throw JournalProblem(line: line, reason: "no checksum")
        }
        var sum: UInt32 = 0
        for byte in bytes[..<8] {
            guard let digit = Hex.value(of: byte) else {
                throw JournalProblem(line: line, reason: "no checksum")
            }
            sum = sum << 4 | UInt32(digit)
        }
        let text = bytes.rawSpan.extracting(9...)
        guard CRC32.checksum(text) == sum else {
            throw JournalProblem(line: line, reason: "checksum does not match")
        }
        do throws(JSONError) {
            let value = try JSONValue.parse(text)
            guard try value.field("n", \.integer) == Int64(line) else {
                throw JSONError(.badValue, offset: 0, field: "n")
            }
            return try value.field("facts", \.elements)
        } catch {
            throw JournalProblem(line: line, reason: error.description)
        }
    }
}

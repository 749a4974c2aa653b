/// Bytes that arrived and are not consumed yet, taken off as lines or as counted runs.
struct HTTPLineBuffer: Sendable {
    private(set) var bytes: [UInt8] = []
    private var cursor = 0
    private var scanned = 0

    var isEmpty: Bool { cursor == bytes.count }

    mutating func append(_ span: RawSpan) {
        if cursor == bytes.count {
            discard()
        } else if cursor > 4_096 {
            bytes.removeSubrange(0..<cursor)
            scanned -= cursor
            cursor = 0
        }
        bytes.append(bytes: span)
    }

    /// The next line without its CR LF, or nil while it is incomplete. A line feed without a
    /// carriage return is refused, and so is a line over `limit` bytes, as soon as that is seen.
    /// The range is good until the next `append`.
    mutating func takeLine(limit: Int, _ tooLong: HTTPError) throws(HTTPError) -> Range<Int>? {
        while scanned < bytes.count {
            let length = scanned - cursor
            let byte = bytes[scanned]
            scanned += 1
            guard length <= limit || byte == 0x0A && length == limit + 1 else { throw tooLong }
            guard byte == 0x0A else { continue }
            guard length > 0, bytes[scanned - 2] == 0x0D else { throw .bareLineFeed }
            let line = cursor..<(scanned - 2)
            cursor = scanned
            return line
        }
        return nil
    }

    /// Moves at most `count` bytes to the end of `target`; returns how many there were.
    mutating func take(_ count: Int, to target: inout [UInt8]) -> Int {
        let taken = min(count, bytes.count - cursor)
        target.append(contentsOf: bytes[cursor..<(cursor + taken)])
        cursor += taken
        scanned = cursor
        return taken
    }

    /// The one next byte, if it is there.
    mutating func takeByte() -> UInt8? {
        guard cursor < bytes.count else { return nil }
        defer {
            cursor += 1
            scanned = cursor
        }
        return bytes[cursor]
    }

    /// All that is left, for the protocol that takes the connection over.
    mutating func takeRemainder() -> [UInt8] {
        defer { discard() }
        return Array(bytes[cursor...])
    }

    mutating func discard() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 65_536)
        cursor = 0
        scanned = 0
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

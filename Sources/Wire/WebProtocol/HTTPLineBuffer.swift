internal import Glibc

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
        // The line feed may stand behind `limit` bytes and the carriage return at the latest.
        let end = min(bytes.count, cursor + limit + 2)
        guard let feed = bytes.firstFeed(scanned..<end) else {
            guard end - cursor < limit + 2 else { throw tooLong }
            scanned = end
            return nil
        }
        guard feed > cursor, bytes[feed - 1] == 0x0D else { throw .bareLineFeed }
        let line = cursor..<(feed - 1)
        cursor = feed + 1
        scanned = cursor
        return line
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

extension [UInt8] {
    /// The first line feed in a range.
    fileprivate func firstFeed(_ range: Range<Int>) -> Int? {
        unsafe withUnsafeBytes { raw in
            guard let base = raw.baseAddress,
                let found = unsafe memchr(base + range.lowerBound, 0x0A, range.count)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}

internal import Bytes
package import Trading

/// Why a recording cannot be replayed.
package struct ReplayProblem: Error, Equatable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

/// A recording in memory, read frame by frame: lines `<local receive ns> <raw frame>`, frames as Binance
/// sends them, bare or combined, and REST snapshots between them.
///
/// Replayed are bookTicker, trade and depth frames of one symbol; other frames are passed over.
package struct ReplayFeed: Sendable {
    package let symbol: Symbol
    /// A price near the first of the recording.
    package let firstPrice: Price
    private let bytes: [UInt8]
    private var offset = 0
    private var line = 0
    private var decoder: ReplayDecoder

    /// - Parameter symbol: which symbol to replay; without it the first one named.
    /// - Throws: where no line before a readable one can be read, or there is nothing to replay.
    package init(_ bytes: [UInt8], symbol: Symbol? = nil) throws(ReplayProblem) {
        self.bytes = bytes
        decoder = ReplayDecoder(symbol: symbol?.name)
        var frame = ReplayFrame()
        var first: Price?
        // Which the symbol is, and where its price is, stands at the start.
        while first == nil, try ReplayFeed.next(bytes, &offset, &line, &decoder, &frame) {
            if frame.kind == .ticker || frame.kind == .trade { first = frame.bids.first?.price }
        }
        guard let first, let name = decoder.symbol.flatMap({ Symbol($0) }) else {
            throw ReplayProblem(line: line, reason: "no bookTicker or trade frame to replay")
        }
        self.symbol = name
        firstPrice = first
        restart()
    }

    /// Goes back to the first frame.
    package mutating func restart() {
        offset = 0
        line = 0
    }

    /// Reads the next frame that is replayed; false at the end.
    package mutating func next(_ frame: inout ReplayFrame) throws(ReplayProblem) -> Bool {
        try ReplayFeed.next(bytes, &offset, &line, &decoder, &frame)
    }

    private static func next(
        _ bytes: [UInt8], _ offset: inout Int, _ line: inout Int, _ decoder: inout ReplayDecoder,
        _ frame: inout ReplayFrame
    ) throws(ReplayProblem) -> Bool {
        while offset < bytes.count {
            var end = offset
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            let start = offset
            offset = end + 1
            line += 1
            if end == start { continue }
            if try read(bytes, start..<end, line, &decoder, &frame) { return true }
        }
        return false
    }

    private static func read(
        _ bytes: [UInt8], _ range: Range<Int>, _ line: Int, _ decoder: inout ReplayDecoder,
        _ frame: inout ReplayFrame
    ) throws(ReplayProblem) -> Bool {
        var place = range.lowerBound
        var time: Int64 = 0
        while place < range.upperBound, place - range.lowerBound < 19 {
            let digit = bytes[place] &- UInt8(ascii: "0")
            if digit > 9 { break }
            (time, place) = (time &* 10 &+ Int64(digit), place + 1)
        }
        guard place > range.lowerBound, place < range.upperBound, time >= 0,
            bytes[place] == UInt8(ascii: " ")
        else { throw ReplayProblem(line: line, reason: "does not begin with a time in ns") }
        frame.time = time
        do {
            let body = bytes.rawSpan.extracting(place + 1..<range.upperBound)
            return try decoder.read(body, &frame)
        } catch {
            throw ReplayProblem(line: line, reason: "not a frame: \(error)")
        }
    }
}

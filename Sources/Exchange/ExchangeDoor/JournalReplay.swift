internal import Bytes

/// What is wrong with a journal, and in which line (from 1).
package struct JournalProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let line: Int
    package let reason: String

    package init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { "journal line \(line): \(reason)" }
}

extension Exchange {
    /// Brings back the state a whole journal tells of; see `JournalReplay` for one in pieces.
    ///
    /// - Returns: the length of the whole lines: what follows is a line torn by a crash, to be cut.
    package func restore(_ bytes: [UInt8]) throws(JournalProblem) -> Int {
        var replay = JournalReplay(self)
        try replay.take(bytes)
        return try replay.finish()
    }
}

/// A journal being read in pieces of any size, into an exchange that has not been stepped yet.
///
/// It throws at the first whole line that is not as it was written, or does not fit the state; the
/// exchange is of no use then.
package struct JournalReplay {
    private let exchange: any Exchange
    private var line = 0
    private var length = 0
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    package init(_ exchange: any Exchange) { self.exchange = exchange }

    /// The bytes of the last, unfinished line: torn by a crash if nothing follows.
    package var tornBytes: Int { rest.count }

    /// Takes the next bytes of the file.
    package mutating func take(_ bytes: [UInt8]) throws(JournalProblem) {
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            line += 1
            rest += bytes[start..<end]
            length += rest.count + 1
            for fact in try JournalLines.facts(of: rest, line: line) {
                do throws(JSONError) {
                    try exchange.replay(fact)
                } catch {
                    throw JournalProblem(line: line, reason: error.description)
                }
            }
            rest.removeAll(keepingCapacity: true)
            start = end + 1
        }
        rest += bytes[start...]
    }

    /// Puts the account's open orders back into their books; returns the length of the whole lines.
    package func finish() throws(JournalProblem) -> Int {
        try exchange.reopen(after: line)
        return length
    }
}

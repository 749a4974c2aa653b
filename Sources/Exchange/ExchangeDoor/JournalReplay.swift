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
    /// - Returns: the length of the sound lines: what follows was torn by a crash, and is to be cut.
    package func restore(_ bytes: [UInt8]) throws(JournalProblem) -> Int {
        var replay = JournalReplay(self)
        try replay.take(bytes)
        return try replay.finish()
    }
}

/// A journal being read in pieces of any size, into an exchange that has not been stepped yet.
///
/// It throws where a whole line is not as it was written and another follows it, or where a line does
/// not fit the state; the exchange is of no use then.
package struct JournalReplay {
    private let exchange: any Exchange
    /// Lines of facts taken, and lines of the file looked at.
    private var line = 0
    private var fileLine = 0
    private var length = 0
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []
    /// A whole line that is not as it was written: the file's end is torn where nothing follows it,
    /// else the file is damaged.
    private var damaged: (problem: JournalProblem, bytes: Int)?
    /// Whether the line was there that ends a snapshot in a file.
    package private(set) var hasWholeSnapshot = false

    package init(_ exchange: any Exchange) { self.exchange = exchange }

    /// The bytes at the end that are no whole sound line: torn by a crash if nothing follows.
    package var tornBytes: Int { rest.count + (damaged?.bytes ?? 0) }

    /// Takes the next bytes of the file.
    package mutating func take(_ bytes: [UInt8]) throws(JournalProblem) {
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if let damaged { throw damaged.problem }
            rest += bytes[start..<end]
            start = end + 1
            fileLine += 1
            try takeLine()
            rest.removeAll(keepingCapacity: true)
        }
        rest += bytes[start...]
    }

    private mutating func takeLine() throws(JournalProblem) {
        if rest == JournalLines.snapshotEnd.dropLast() {
            hasWholeSnapshot = true
            length += rest.count + 1
            return
        }
        let facts: [JSONValue]
        do throws(JournalProblem) {
            facts = try JournalLines.facts(of: rest, line: line + 1)
        } catch {
            damaged = (JournalProblem(line: fileLine, reason: error.reason), rest.count + 1)
            return
        }
        line += 1
        length += rest.count + 1
        for fact in facts {
            do throws(JSONError) {
                try exchange.replay(fact)
            } catch {
                throw JournalProblem(line: fileLine, reason: error.description)
            }
        }
    }

    /// Ends the reading: puts the account's open orders back into their books; returns the length of
    /// the sound lines.
    package func finish() throws(JournalProblem) -> Int {
        if let damaged, !rest.isEmpty || line == 0 { throw damaged.problem }
        try exchange.reopen(after: line)
        return length
    }
}

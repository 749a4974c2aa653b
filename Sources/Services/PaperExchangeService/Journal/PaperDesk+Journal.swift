internal import Bytes
internal import Matching
internal import Trading

/// What is wrong with a journal, and in which line (from 1).
package struct JournalProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let line: Int
    package let reason: String

    package var description: String { "journal line \(line): \(reason)" }
}

extension PaperDesk {
    /// How far ids jump after a restart: beyond all that was used after the last line on file, which
    /// is at most a second old.
    private static let idJump: Int64 = 10_000

    /// Writes what was noted as one journal line.
    internal func commit() { journal.commit(self) }

    /// The whole state as journal lines; from now on changes are gathered as lines that follow them.
    package func startJournal() -> [UInt8] {
        var bytes: [UInt8] = []
        startJournal { bytes += $0 }
        return bytes
    }

    /// The same in pieces, for a file.
    package func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        journal.isOn = true
        try journal.snapshot(self, sink)
    }

    /// Brings back the state a whole journal tells of; see `JournalReplay` for one in pieces.
    ///
    /// - Returns: the length of the whole lines: what follows is a line torn by a crash, to be cut.
    package func restore(_ bytes: [UInt8]) throws(JournalProblem) -> Int {
        var replay = JournalReplay(self)
        try replay.take(bytes)
        return try replay.finish()
    }

    /// Takes one line without its end.
    internal func replay(_ bytes: [UInt8], _ line: Int) throws(JournalProblem) {
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
            for fact in try value.field("facts", \.elements) { try replay(fact) }
        } catch {
            throw JournalProblem(line: line, reason: error.description)
        }
    }

    private func replay(_ fact: JSONValue) throws(JSONError) {
        guard let member = fact.members?.first else { throw JSONError(.wrongType, offset: 0) }
        let value = member.value
        switch member.key {
        case "journal":
            guard try value.field("version", \.integer) == JournalFacts.version else {
                throw JSONError(.badValue, offset: 0, field: "version")
            }
        case "wallet":
            wallet = try JournalFacts.decimal(value, "amount")
            walletUpdatedAt = try value.field("at", \.integer)
        case "counters":
            nextUpdateID = try value.field("update", \.integer) + PaperDesk.idJump
            nextGeneratedID = try value.field("generated", \.integer) + PaperDesk.idJump
        case "holding":
            markets[try known(value)].holding = try JournalFacts.holding(value)
        case "market": try replayPrices(value)
        case "order":
            let number = try known(value)
            markets[number].orders.put(try JournalFacts.order(value))
            markets[number].orders.prune(kept: settings.limits.keptOrders)
        case "trade":
            let number = try known(value)
            let trade = try JournalFacts.trade(value)
            keep(trade, number)
            markets[number].book.raiseCounters(orderID: 0, tradeID: trade.tradeID + 1)
        case _:
            throw JSONError(.badValue, offset: 0, field: member.key)
        }
    }

    private func replayPrices(_ value: JSONValue) throws(JSONError) {
        let number = try known(value)
        markets[number].fair = try JournalFacts.decimal(value, "fair")
        markets[number].mark = try JournalFacts.decimal(value, "mark")
        markets[number].last = try JournalFacts.decimal(value, "last")
        markets[number].index = markets[number].mark
        markets[number].average = markets[number].mark
        markets[number].book.raiseCounters(
            orderID: try value.field("order", \.integer),
            tradeID: try value.field("trade", \.integer))
    }

    private func known(_ value: JSONValue) throws(JSONError) -> Int {
        guard let number = numbers[try JournalFacts.symbol(value)] else {
            throw JSONError(.badValue, offset: 0, field: "symbol")
        }
        return number
    }

    /// Puts open orders back into their books, behind the position they may be bound to.
    internal func reopen(_ line: Int) throws(JournalProblem) {
        journal.resume(after: Int64(line))
        if line == 0 { return }
        for number in markets.indices {
            let last = markets[number].orders.all.last?.orderID ?? 0
            let book = markets[number].book
            markets[number].book.raiseCounters(
                orderID: max(book.nextOrderID, last + 1) + PaperDesk.idJump,
                tradeID: book.nextTradeID + PaperDesk.idJump)
            markets[number].book.setPosition(
                markets[number].holding.quantity, of: PaperDesk.owner)
            for order in markets[number].orders.open {
                let isBack =
                    order.remaining.isPositive
                    && markets[number].book.restore(
                        orderID: order.orderID, owner: PaperDesk.owner, side: order.side,
                        price: order.price, remaining: order.remaining,
                        isReduceOnly: order.isReduceOnly)
                guard isBack else {
                    throw JournalProblem(
                        line: line, reason: "open order does not fit its book: \(order.orderID)")
                }
            }
            markets[number].lastUpdateID = nextUpdateID
        }
    }
}

/// A journal being read in pieces of any size, into a desk that has not been stepped yet.
///
/// It throws at the first whole line that is not as it was written, or does not fit the state; the
/// desk is of no use then.
package struct JournalReplay {
    private let desk: PaperDesk
    private var line = 0
    private var length = 0
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    package init(_ desk: PaperDesk) { self.desk = desk }

    /// The bytes of the last, unfinished line: torn by a crash if nothing follows.
    package var tornBytes: Int { rest.count }

    /// Takes the next bytes of the file.
    package mutating func take(_ bytes: [UInt8]) throws(JournalProblem) {
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            line += 1
            rest += bytes[start..<end]
            length += rest.count + 1
            try desk.replay(rest, line)
            rest.removeAll(keepingCapacity: true)
            start = end + 1
        }
        rest += bytes[start...]
    }

    /// Puts the account's open orders back into their books; returns the length of the whole lines.
    package func finish() throws(JournalProblem) -> Int {
        try desk.reopen(line)
        return length
    }
}

/// One side of a trade, which is what a ledger books once.
///
/// A trade between two orders of one exchange account, one book's and another's or one made by hand,
/// has a single trade id at the venue and two sides; each of them changes a book.
package struct TradeLeg: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let tradeID: Int64
    package let side: Side

    package init(_ tradeID: Int64, _ side: Side) {
        self.tradeID = tradeID
        self.side = side
    }

    /// As it is remembered: `550954:SELL`.
    package var text: String { "\(tradeID):\(side.rawValue)" }

    /// The sides that a remembered text stands for: one as `text` spells it; both, of an id alone, as
    /// earlier versions wrote it; none of any other text.
    package static func legs(in text: String) -> [TradeLeg] {
        if let id = Int64(text) { return Side.allCases.map { TradeLeg(id, $0) } }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Int64(parts[0]), let side = Side(rawValue: String(parts[1]))
        else { return [] }
        return [TradeLeg(id, side)]
    }

    package var description: String { text }

    package static func < (a: TradeLeg, b: TradeLeg) -> Bool {
        a.tradeID == b.tradeID ? a.side == .buy && b.side == .sell : a.tradeID < b.tradeID
    }
}

extension Fill {
    /// Which side of which trade it is: its identity within the symbol.
    package var leg: TradeLeg { TradeLeg(tradeID, side) }
}

extension Sequence where Element == Fill {
    /// The fills without those that `others` ends with: where lists are read on from their last trade,
    /// so that neither side of it is missed, the first of a page have been read before.
    package func notRepeating(_ others: [Fill]) -> [Fill] {
        let last = others.suffix(2)
        return filter { fill in !last.contains { $0.leg == fill.leg } }
    }
}

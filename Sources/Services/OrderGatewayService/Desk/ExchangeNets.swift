import Chronology
import Trading

/// What the exchange holds of each symbol, as it last said, beside what the books sum to (B4c).
///
/// 1. An error is no evidence: what was never told, or was told by a stream that is closed by now, is
///    unknown (R4).
/// 2. A difference counts only once two lists, a while apart, have shown the same one while nothing
///    was in doubt and after trades and books were read anew: before that it may be a trade of which
///    one side is told and the other is not. For each close that is done anew.
struct ExchangeNets: Sendable {
    enum Reading: Equatable, Sendable {
        /// Equal to the books, or different from them by what is proven.
        case settled(Quantity)
        /// Different from the books, which is not proven yet.
        case standing(Quantity, since: Instant)
        case unknown
    }

    private struct Entry {
        var net = Quantity.zero
        /// The exchange held it then, or later.
        var toldAt: Instant
        /// Exchange minus books at the last look, and since when it was that.
        var difference = Quantity.zero
        var since = Instant.distantPast
        /// The difference that is proven.
        var proven = Quantity.zero
        var looks = 0
        var lookedAt = Instant.distantPast
        /// When the books were last asked for that were read anew.
        var booksAt = Instant.distantPast
        /// When the trades were last asked for that were read.
        var tradesAt = Instant.distantPast
    }

    /// Two lists that prove a difference lie this far apart: the two halves of a trade come closer.
    static let apart = Interval.milliseconds(300)
    /// What a list says is believed this long where no stream tells of changes.
    private static let listLife = Interval.seconds(1)
    private static let proof = 2

    private var entries: [Symbol: Entry] = [:]
    private var listedAt: Instant?
    /// Since when a question is out.
    var askedAt: Instant?

    /// Changes were missed: all is unknown until the next list.
    mutating func forget() {
        entries = [:]
        listedAt = nil
    }

    /// The stream has told of a position.
    mutating func told(_ symbol: Symbol, _ net: Quantity, now: Instant) {
        // Before the first list the others are unknown, and this one is no use alone.
        entries[symbol, default: Entry(toldAt: now)].net = net
        entries[symbol]?.toldAt = now
    }

    /// The exchange has listed its positions, asked at `askedAt`; symbols left out are flat. What the
    /// stream told meanwhile is newer.
    mutating func listed(_ list: [Symbol: Quantity], askedAt: Instant) {
        listedAt = max(listedAt ?? askedAt, askedAt)
        for symbol in Set(list.keys).union(entries.keys) {
            let known = entries[symbol]
            guard known == nil || known?.toldAt ?? askedAt <= askedAt else { continue }
            entries[symbol, default: Entry(toldAt: askedAt)].net = list[symbol] ?? .zero
            entries[symbol]?.toldAt = askedAt
        }
    }

    /// The books of a symbol were read anew, asked for at `askedAt`.
    mutating func booksRead(_ symbol: Symbol, askedAt: Instant) {
        let before = entries[symbol]?.booksAt ?? askedAt
        entries[symbol]?.booksAt = max(before, askedAt)
    }

    /// The trades of a symbol, asked for at `askedAt`, are told.
    mutating func tradesRead(_ symbol: Symbol, askedAt: Instant) {
        let before = entries[symbol]?.tradesAt ?? askedAt
        entries[symbol]?.tradesAt = max(before, askedAt)
    }

    /// A look for proof, after a list asked for at `askedAt`.
    mutating func look(
        _ symbol: Symbol, books: Quantity, isDoubtful: Bool, askedAt: Instant, now: Instant
    ) {
        observe(symbol, books, now)
        guard var entry = entries[symbol], !entry.difference.isZero else { return }
        if isDoubtful {
            entry.looks = 0
        } else if entry.since <= askedAt, entry.booksAt >= entry.since,
            entry.tradesAt >= entry.since, askedAt - entry.lookedAt >= ExchangeNets.apart
        {
            entry.looks += 1
            entry.lookedAt = askedAt
            if entry.looks >= ExchangeNets.proof { entry.proven = entry.difference }
        }
        entries[symbol] = entry
    }

    /// A part of a close is on its way into the books without a trade.
    mutating func booked(_ symbol: Symbol, _ part: Quantity) {
        entries[symbol]?.difference -= part
        entries[symbol]?.proven -= part
    }

    /// How a symbol stands, by evidence that is newer than `after`; a difference, by a list and books
    /// that were asked for since `since`.
    mutating func reading(
        _ symbol: Symbol, books: Quantity, after: Instant, since: Instant, isStreamOpen: Bool,
        now: Instant
    ) -> Reading {
        guard let listedAt else { return .unknown }
        if entries[symbol] == nil { entries[symbol] = Entry(toldAt: listedAt) }
        let toldAt = max(entries[symbol]?.toldAt ?? listedAt, listedAt)
        guard toldAt > after, isStreamOpen || now - toldAt <= ExchangeNets.listLife else {
            return .unknown
        }
        observe(symbol, books, now)
        guard let entry = entries[symbol] else { return .unknown }
        let isFresh = entry.lookedAt >= since && entry.booksAt >= since
        if entry.difference.isZero || (entry.difference == entry.proven && isFresh) {
            return .settled(entry.net)
        }
        return .standing(entry.difference, since: entry.since)
    }

    private mutating func observe(_ symbol: Symbol, _ books: Quantity, _ now: Instant) {
        guard let entry = entries[symbol] else { return }
        let difference = entry.net - books
        guard difference != entry.difference else { return }
        entries[symbol]?.difference = difference
        entries[symbol]?.since = now
        entries[symbol]?.looks = 0
        entries[symbol]?.proven = .zero
    }
}

import Chronology
import Trading

/// Differences on their way to being reported: each must be seen twice, 10 s apart, the same, with a
/// search in between that found no trade to explain it.
struct MismatchWatch {
    private struct Candidate {
        var difference: Quantity
        var seenAt: Instant
        var isSearched = false
        var isReported = false
        /// When the symbol first differed, by whatever amount.
        var differingSince: Instant
    }

    /// What a snapshot changed.
    struct Verdict {
        /// Confirmed by this snapshot, ascending.
        var confirmed: [Symbol] = []
        /// Reported before, and equal now.
        var settled: [Symbol] = []
    }

    private var candidates: [Symbol: Candidate] = [:]

    /// Symbols that differed when they were compared last.
    var symbols: Set<Symbol> { Set(candidates.keys) }

    /// Symbols whose difference was reported and still stands.
    var reported: [Symbol] { candidates.filter { $0.value.isReported }.keys.sorted() }

    /// Since when a symbol has differed without a break; nil where it does not.
    func differingSince(_ symbol: Symbol) -> Instant? { candidates[symbol]?.differingSince }

    /// Whether a difference was there before the last snapshot.
    func isLasting(_ symbol: Symbol, _ now: Instant) -> Bool {
        candidates[symbol].map { $0.seenAt < now } ?? false
    }

    /// A search for missed trades went through everything and found nothing for the symbol.
    mutating func searchFoundNothing(_ symbol: Symbol) { candidates[symbol]?.isSearched = true }

    /// Takes an error-free snapshot; symbols that were not compared are left as they are.
    mutating func snapshotTaken(
        compared: [Symbol], differences: [Symbol: Quantity], now: Instant
    ) -> Verdict {
        var verdict = Verdict()
        for symbol in compared {
            guard let difference = differences[symbol] else {
                if candidates.removeValue(forKey: symbol)?.isReported == true {
                    verdict.settled.append(symbol)
                }
                continue
            }
            guard var candidate = candidates[symbol], candidate.difference == difference else {
                candidates[symbol] = Candidate(
                    difference: difference, seenAt: now,
                    differingSince: candidates[symbol]?.differingSince ?? now)
                continue
            }
            if candidate.isSearched, !candidate.isReported,
                now - candidate.seenAt >= SyncLimits.confirmation
            {
                candidate.isReported = true
                candidates[symbol] = candidate
                verdict.confirmed.append(symbol)
            }
        }
        return verdict
    }
}

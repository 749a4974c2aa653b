import Chronology
import Trading

/// The venue's instruments as last read, and when to read them again.
struct InstrumentTable {
    private var bySymbol: [Symbol: Instrument] = [:]
    private(set) var isLoaded = false
    private var askedAt = Instant.distantPast
    private var isAsked = false
    private var failures = 0
    private var retryAt: Instant?
    /// Symbols told of once, until the next load.
    private var told: Set<Symbol> = []

    subscript(symbol: Symbol) -> Instrument? { bySymbol[symbol] }

    /// All of them, by symbol.
    var all: [Instrument] { bySymbol.values.sorted { $0.symbol < $1.symbol } }

    mutating func asked(now: Instant) {
        askedAt = now
        isAsked = true
        retryAt = nil
    }

    func isDue(now: Instant, every: Interval) -> Bool {
        if isAsked { return false }
        if let retryAt { return now >= retryAt }
        return now - askedAt >= every
    }

    /// Takes a new list over.
    /// - Returns: the instruments that are new or have changed, by symbol.
    mutating func loaded(_ list: [Instrument]) -> [Instrument] {
        isLoaded = true
        isAsked = false
        failures = 0
        told = []
        let changed = list.filter { bySymbol[$0.symbol] != $0 }.sorted { $0.symbol < $1.symbol }
        for instrument in changed { bySymbol[instrument.symbol] = instrument }
        return changed
    }

    /// Instruments that are held and missing from a new list, by symbol.
    func missing(from list: [Instrument]) -> [Instrument] {
        let present = Set(list.map(\.symbol))
        return all.filter { !present.contains($0.symbol) && $0.status == .trading }
    }

    /// The list could not be read: again after 1, 2, 4 ... 60 s, or later where the venue says so.
    mutating func failed(now: Instant, pause: Interval?) {
        isAsked = false
        let backoff = Interval.seconds(min(60, 1 << Int64(min(failures, 6))))
        failures += 1
        retryAt = now + max(backoff, pause ?? .zero)
    }

    /// Whether a symbol has not been told of yet; it has been from then on.
    mutating func tell(_ symbol: Symbol) -> Bool { told.insert(symbol).inserted }
}

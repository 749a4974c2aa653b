import BusProtocol
import Chronology
import Margin
import Trading

/// What the desk knows of one symbol it values positions in.
struct SymbolMirror {
    let symbol: Symbol
    /// Zero while none is known.
    private(set) var mark = Price.zero
    /// The venue's time of the mark, to tell a new mark from a repeated one.
    private(set) var markTime: Int64 = 0
    /// When the mark was new, by the monotonic clock.
    private var markedAt = Instant.distantPast
    /// Nil while the venue's own are not known.
    var brackets: MaintenanceBrackets?
    /// The exchange's rules; nil while they are not known.
    var instrument: Instrument?
    var bracketsAskedAt = Instant.distantPast
    var isStaleTold = false
    /// When its price was asked for last, and since when that has brought nothing.
    var priceAskedAt = Instant.distantPast
    var staleSince: Instant?
    /// Accounts with a position.
    var holderCount = 0
    /// Whether its ticks are subscribed.
    var isWatched = false

    init(_ symbol: Symbol) { self.symbol = symbol }

    /// Takes a mark; one that is zero or older than the one known changes nothing.
    mutating func markReceived(
        _ price: Price, timeMilliseconds: Int64, now: Instant, wall: WallTime
    ) {
        guard price.isPositive, timeMilliseconds > markTime else { return }
        mark = price
        markTime = timeMilliseconds
        let age = wall - WallTime(milliseconds: timeMilliseconds)
        markedAt = now - min(max(age, .zero), .seconds(3_600))
    }

    /// Whether the mark may not be acted on.
    func isStale(now: Instant) -> Bool {
        mark.isZero || now - markedAt > RiskLimits.staleAfter
    }

    /// How long ago the mark was new.
    func age(now: Instant) -> Interval { max(.zero, now - markedAt) }
}

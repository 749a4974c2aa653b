package import Chronology
package import Trading

/// Fills in a sliding minute, per side of one algorithm's slot: too many pause the side (B2d).
///
/// A market that runs through a ladder fills it faster than its author meant; the pause lets prices
/// settle before the same side takes more.
package struct FillBurst: Equatable, Sendable {
    /// Whose fills are counted together.
    package struct Slot: Hashable, Sendable {
        package let account: AccountID
        package let symbol: Symbol
        package let origin: OrderOrigin
        package let side: Side

        package init(account: AccountID, symbol: Symbol, origin: OrderOrigin, side: Side) {
            self.account = account
            self.symbol = symbol
            self.origin = origin
            self.side = side
        }
    }

    /// Fills admitted in a minute; zero counts nothing.
    package let maximum: Int
    package let cooldown: Interval
    private static let window = Interval.seconds(60)
    private var fills: [Slot: [Instant]] = [:]
    private var pausedUntil: [Slot: Instant] = [:]

    /// - Parameter maximum: 0 or more.
    package init(maximum: Int, cooldown: Interval) {
        precondition(maximum >= 0, "a number of fills is not negative")
        self.maximum = maximum
        self.cooldown = cooldown
    }

    /// A fill of an order of that slot was booked.
    /// - Returns: whether the side is paused by it.
    package mutating func filled(_ slot: Slot, now: Instant) -> Bool {
        guard maximum > 0 else { return false }
        fills[slot, default: []].removeAll { now - $0 >= FillBurst.window }
        fills[slot, default: []].append(now)
        guard fills[slot, default: []].count > maximum, !isPaused(slot, now: now) else {
            return false
        }
        pausedUntil[slot] = now + cooldown
        fills[slot] = nil
        return true
    }

    /// Whether new orders of that side have to wait.
    package func isPaused(_ slot: Slot, now: Instant) -> Bool {
        pausedUntil[slot].map { now < $0 } ?? false
    }
}

package import Chronology
package import Trading

/// One layer of one leg of a scalper: opens, closes, and learns from what that brought.
package struct ScalperSlot: Equatable, Sendable {
    /// Bounds of what a slot learns.
    enum Bounds {
        /// What is kept of the average with each round (B8d).
        static let decay = Ratio(units: 850_000_000_000)
        static let widest: Ratio = .whole(3)
        static let tightest = Ratio(units: 500_000_000_000)
        static let wider = Ratio(units: 1_100_000_000_000)
        static let tighter = Ratio(units: 950_000_000_000)
        /// Doublings of the pause after a fill: 16 times the base (B8c).
        static let doublings = 4
        static let window = Interval.seconds(60)
    }

    /// The side that opens: buy for the long leg.
    package let side: Side
    /// 0 is nearest to the middle.
    package let layer: Int
    package let size: Quantity
    /// Coins that the venue kept as its fee.
    package internal(set) var kept = Quantity.zero
    /// What the open position was bought or sold for.
    package internal(set) var cost = Money.zero
    /// Money in less money out since the position was last flat, fees included.
    var cash = Money.zero
    package internal(set) var realised = Money.zero
    /// Of what rounds brought (B8d).
    package internal(set) var average = Money.zero
    package internal(set) var rounds: Int64 = 0
    /// The layer's distance is multiplied by this.
    package internal(set) var width = Ratio.one
    /// Doublings of the pause now.
    package internal(set) var level = 0
    package internal(set) var waitUntil = Instant.distantPast
    /// After a burst of fills.
    package internal(set) var pausedUntil = Instant.distantPast
    var filledAt = Instant.distantPast
    /// When it was filled, within the last minute.
    var fills: [Instant] = []
    /// Whether its close would lose more than is allowed.
    package internal(set) var isHolding = false
    /// Whether its closing orders go without the reduce-only flag, once that was refused.
    var avoidsReduceOnly = false

    init(side: Side, layer: Int, size: Quantity) {
        self.side = side
        self.layer = layer
        self.size = size
    }

    // MARK: events

    /// Something of the opening order was filled.
    mutating func opened(_ change: ChildChange, _ plan: ScalperPlan, now: Instant) {
        // A fee that was kept in coins is no money paid: there is less to be sold.
        let isInCoins = !change.kept.isZero
        cost += isInCoins ? change.notional - change.fees : change.notional
        cash = cash + (side == .buy ? -change.notional : change.notional)
        if !isInCoins { cash = cash - change.fees }
        waits(plan, now)
        burst(plan, now)
    }

    /// Something of the closing order was filled.
    /// - Parameters:
    ///   - before: the position before it.
    ///   - isOver: whether nothing is left that could be closed.
    mutating func closed(
        _ change: ChildChange, before: Quantity, isOver: Bool, _ plan: ScalperPlan, now: Instant
    ) {
        let share =
            before.isPositive ? change.executed.ratio(to: before, .nearestEven) : Ratio.one
        cost -= cost.scaled(by: min(.one, share), .nearestEven)
        cash = cash + (side == .buy ? change.notional : -change.notional) - change.fees
        if isOver { roundEnded(plan) }
    }

    private mutating func roundEnded(_ plan: ScalperPlan) {
        rounds += 1
        realised += cash
        average =
            average.scaled(by: Bounds.decay, .nearestEven)
            + cash.scaled(by: .one - Bounds.decay, .nearestEven)
        cash = .zero
        cost = .zero
        avoidsReduceOnly = false
        guard plan.isAdaptive else { return }
        if average.isNegative {
            width = min(Bounds.widest, width.scaled(by: Bounds.wider, .down))
        } else if average.isPositive {
            width = max(Bounds.tightest, width.scaled(by: Bounds.tighter, .up))
        }
    }

    /// The pause after a fill: doubled with each, halved for each pause that passed without one.
    private mutating func waits(_ plan: ScalperPlan, _ now: Instant) {
        guard plan.backoff > .zero else { return }
        if filledAt == .distantPast {
            level = 0
        } else {
            let pause = plan.backoff * (Int64(1) << Int64(level))
            let quiet = (now - filledAt).nanoseconds / pause.nanoseconds
            level = quiet > 1 ? max(0, level - Int(min(quiet - 1, 10))) : level + 1
            level = min(Bounds.doublings, level)
        }
        filledAt = now
        waitUntil = max(waitUntil, now + plan.backoff * (Int64(1) << Int64(level)))
    }

    /// Too many fills in a minute pause it (B2d).
    private mutating func burst(_ plan: ScalperPlan, _ now: Instant) {
        guard plan.maximumFills > 0 else { return }
        fills.removeAll { now - $0 >= Bounds.window }
        fills.append(now)
        guard fills.count > plan.maximumFills else { return }
        fills.removeAll()
        pausedUntil = now + plan.cooldown
    }
}

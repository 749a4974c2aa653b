package import Chronology
package import Trading

/// What sets an account to REDUCING (B5e).
package enum Breaker: String, CaseIterable, Sendable {
    case dailyLoss = "daily-loss"
    case drawdown
    case rejectRate = "reject-rate"
}

/// When breakers trip; zero switches one off.
package struct BreakerLimits: Equatable, Sendable {
    /// Of the equity the day began with.
    package var dailyLoss: Ratio
    /// Of the highest equity.
    package var drawdown: Ratio
    /// Rejected orders within 60 s.
    package var rejectsPerMinute: Int

    package init(dailyLoss: Ratio = .zero, drawdown: Ratio = .zero, rejectsPerMinute: Int = 0) {
        self.dailyLoss = dailyLoss
        self.drawdown = drawdown
        self.rejectsPerMinute = rejectsPerMinute
    }
}

/// The breakers of one account. Gains and losses are equity less deposits, so that money put in or
/// taken out is neither; days are UTC. All but the window of rejects is saved and survives restarts
/// (R10).
///
/// Each trips once: the daily loss until the next day, the drawdown until a new high is counted from
/// where it tripped, the reject rate until the window has passed. What a person resumes meanwhile
/// stays resumed.
package struct Breakers: Equatable, Sendable {
    /// What is saved.
    package struct State: Equatable, Sendable {
        /// Days since 1970; zero before the first evaluation.
        package var day: Int64 = 0
        /// Equity less deposits when the day began, and at its highest.
        package var dayStart: Money = .zero
        package var peak: Money = .zero
        package var hasLostToday = false

        package init() {}
    }

    /// A breaker that tripped, and the numbers it tripped by.
    package struct Trip: Equatable, Sendable {
        package let breaker: Breaker
        package let value: String
        package let limit: String
    }

    package private(set) var state: State
    private var rejects: [Instant] = []
    private var rejectsTrippedAt: Instant?

    package init(_ state: State = State()) { self.state = state }

    /// The account was valued on fresh marks; gives what tripped by it.
    package mutating func evaluated(
        equity: Money, deposits: Money, limits: BreakerLimits, wall: WallTime
    ) -> [Trip] {
        let gain = equity - deposits
        let day = wall.milliseconds / 86_400_000
        if day > state.day {
            if state.day == 0 { state.peak = gain }
            state.day = day
            state.dayStart = gain
            state.hasLostToday = false
        }
        state.peak = max(state.peak, gain)
        var trips: [Trip] = []
        let lost = share(state.dayStart - gain, of: state.dayStart + deposits)
        if limits.dailyLoss.isPositive, !state.hasLostToday, lost >= limits.dailyLoss {
            state.hasLostToday = true
            trips.append(
                Trip(breaker: .dailyLoss, value: lost.text, limit: limits.dailyLoss.text))
        }
        let fallen = share(state.peak - gain, of: state.peak + deposits)
        if limits.drawdown.isPositive, fallen >= limits.drawdown {
            state.peak = gain
            trips.append(Trip(breaker: .drawdown, value: fallen.text, limit: limits.drawdown.text))
        }
        return trips
    }

    /// An order of the account was rejected.
    package mutating func orderRejected(limits: BreakerLimits, now: Instant) -> Trip? {
        let most = limits.rejectsPerMinute
        guard most > 0 else { return nil }
        rejects.removeAll { now - $0 >= .seconds(60) }
        rejects.append(now)
        // More than the limit needs is of no interest.
        if rejects.count > most { rejects.removeFirst(rejects.count - most) }
        if let tripped = rejectsTrippedAt, now - tripped < .seconds(60) { return nil }
        guard rejects.count >= most else { return nil }
        rejectsTrippedAt = now
        return Trip(breaker: .rejectRate, value: "\(rejects.count)", limit: "\(most)")
    }

    /// A loss as a share of what there was: zero where nothing was lost, one where nothing was left.
    private func share(_ loss: Money, of whole: Money) -> Ratio {
        guard loss.isPositive else { return .zero }
        return whole > loss ? loss.ratio(to: whole, .up) : .one
    }
}

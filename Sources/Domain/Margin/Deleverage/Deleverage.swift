package import Chronology
package import Trading

/// Progressive deleverage of one account (B5b): closes positions before the exchange does.
///
/// 1. One step at a time: the next is decided only when the last one's outcome is known and its
///    trades are counted in what is evaluated.
/// 2. A step is saved before it is sent, and sent again under the same number until its outcome is
///    known; a restart goes on with the saved step.
/// 3. The largest position by maintenance margin is closed first. One whose close was refused waits,
///    longer each time, and the next largest takes its place (R7).
/// 4. From the third tier on all positions are closed, also when the ratio falls meanwhile.
/// 5. Nothing is decided without fresh marks; the driver does not call `evaluated` then.
package struct Deleverage: Equatable, Sendable {
    /// What the driver does next.
    package enum Action: Equatable, Sendable {
        case nothing
        /// Save the state, then call `saved`.
        case save
        /// Send this step's order, under its number.
        case send(DeleverageStep)
        /// There is something to close and nothing that can be: tell it.
        case stuck(MarginTier)
    }

    /// Where the step in hand is.
    package enum Phase: String, Equatable, Sendable, CaseIterable {
        /// None is.
        case idle
        /// Decided, on its way to Redis.
        case saving
        /// Sent; its outcome is awaited.
        case sent
        /// Over; its trades are awaited in the evaluation.
        case counting
    }

    /// A position whose close was refused.
    package struct Refusal: Equatable, Sendable {
        package var symbol: Symbol
        package var times: Int64
        package var until: Instant
    }

    package private(set) var phase = Phase.idle
    /// The step in hand, or the last one.
    package private(set) var step: DeleverageStep?
    /// Whether all positions are being closed.
    package private(set) var closesAll = false
    /// Ascending by symbol.
    package private(set) var refusals: [Refusal] = []
    private var since = Instant.distantPast
    private var expected = Quantity.zero
    private var isStuckTold = false

    /// An order answers within its deadline of 5 s; asked again after it.
    static let patience = Interval.seconds(6)
    /// The journal is polled each second: by then what traded is counted, or was taken back.
    static let countingLimit = Interval.seconds(5)
    static let firstPause = Interval.seconds(5)
    static let longestPause = Interval.seconds(160)

    package init() {}

    /// The state as it was saved. A step that had not ended is sent again: it may have been sent or
    /// not, and its number makes it the same order.
    package init(restoring step: DeleverageStep?, phase: Phase, closesAll: Bool) {
        self.step = step
        self.closesAll = closesAll
        switch phase {
        case .idle: self.phase = .idle
        case .saving, .sent: self.phase = step == nil ? .idle : .sent
        case .counting: self.phase = .idle
        }
    }

    /// Whether nothing is under way, so that an account in no tier needs no positions in its view.
    package var isQuiet: Bool { phase == .idle && !closesAll }

    // MARK: events

    /// The account was valued on fresh marks.
    package mutating func evaluated(_ view: DeleverageView, now: Instant) -> Action {
        switch phase {
        case .saving, .sent: return timePassed(now: now)
        case .counting:
            guard let step, isCounted(step, view) || now - since > Deleverage.countingLimit else {
                return .nothing
            }
            phase = .idle
        case .idle: break
        }
        return decide(view, now: now)
    }

    /// The state has been saved.
    package mutating func saved(now: Instant) -> Action {
        guard phase == .saving, let step else { return .nothing }
        phase = .sent
        since = now
        return .send(step)
    }

    /// An answer about the step of this number; one about another is ignored.
    package mutating func answered(
        _ number: Int64, _ outcome: DeleverageOutcome, now: Instant
    ) -> Action {
        guard phase == .sent, let step, step.number == number else { return .nothing }
        switch outcome {
        case .unknown: return .nothing
        case .ended(let executed) where executed.isZero:
            refused(step.symbol, now)
            phase = .idle
        case .ended(let executed):
            refusals.removeAll { $0.symbol == step.symbol }
            expected = step.held.magnitude - executed
            phase = .counting
            since = now
        case .rejected:
            refused(step.symbol, now)
            phase = .idle
        }
        return .save
    }

    /// Called now and then: a step without an answer is sent again.
    package mutating func timePassed(now: Instant) -> Action {
        guard let step, now - since > Deleverage.patience else { return .nothing }
        switch phase {
        case .idle, .counting: return .nothing
        case .saving:
            since = now
            return .save
        case .sent:
            since = now
            return .send(step)
        }
    }

    // MARK: deciding

    private mutating func decide(_ view: DeleverageView, now: Instant) -> Action {
        let tier = MarginTier(marginRatio: view.marginRatio)
        if view.positions.isEmpty || (tier == .calm && !closesAll) {
            let wasClosing = closesAll
            closesAll = false
            isStuckTold = false
            refusals = []
            return wasClosing ? .save : .nothing
        }
        let isAll = closesAll || tier == .third
        guard let next = largest(view, isAll ? .one : Deleverage.share(of: tier), now) else {
            if isStuckTold { return .nothing }
            isStuckTold = true
            return .stuck(tier)
        }
        isStuckTold = false
        closesAll = isAll
        step = DeleverageStep(
            number: (step?.number ?? 0) + 1, atMilliseconds: view.atMilliseconds, tier: tier,
            marginRatio: view.marginRatio, symbol: next.position.symbol,
            side: next.position.quantity.isNegative ? .buy : .sell, quantity: next.quantity,
            held: next.position.quantity, maintenance: next.position.maintenance)
        phase = .saving
        since = now
        return .save
    }

    /// The part of the largest position that a step of a tier closes.
    package static func share(of tier: MarginTier) -> Ratio {
        switch tier {
        case .calm: .zero
        case .first: Ratio(units: 300_000_000_000)
        case .second: Ratio(units: 500_000_000_000)
        case .third: .one
        }
    }

    private func largest(
        _ view: DeleverageView, _ share: Ratio, _ now: Instant
    ) -> (position: DeleveragePosition, quantity: Quantity)? {
        var best: (position: DeleveragePosition, quantity: Quantity)?
        for position in view.positions {
            let isWaiting = refusals.contains { $0.symbol == position.symbol && $0.until > now }
            let quantity = position.closing(share)
            if isWaiting || quantity.isZero { continue }
            if let known = best?.position,
                (known.maintenance, position.symbol) >= (position.maintenance, known.symbol)
            {
                continue
            }
            best = (position, quantity)
        }
        return best
    }

    /// Whether the evaluation counts what the step traded.
    private func isCounted(_ step: DeleverageStep, _ view: DeleverageView) -> Bool {
        let held = view.position(step.symbol)
        return held.signum != step.held.signum || held.magnitude <= expected
    }

    private mutating func refused(_ symbol: Symbol, _ now: Instant) {
        let times = (refusals.first { $0.symbol == symbol }?.times ?? 0) + 1
        refusals.removeAll { $0.symbol == symbol }
        var pause = Deleverage.firstPause
        for _ in 1..<min(times, 8) { pause = min(pause + pause, Deleverage.longestPause) }
        refusals.append(Refusal(symbol: symbol, times: times, until: now + pause))
        refusals.sort { $0.symbol < $1.symbol }
    }
}

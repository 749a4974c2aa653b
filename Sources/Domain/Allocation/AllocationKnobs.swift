package import Chronology
package import Trading

/// The knobs of an allocator (A3–A7), each within its own bounds and all of them together possible.
package struct AllocationKnobs: Equatable, Sendable {
    package var symbol: Symbol
    /// The book its orders are of.
    package var account: AccountID
    package var mode: ExecutionMode = .immediateOrCancel
    /// Values this near to each other are left alone.
    package var tolerance = Money(units: 10_000_000_000)
    /// The part of the imbalance that a slice is worth before its jitter.
    package var sliceShare = Ratio(units: 100_000_000_000)
    package var maximumSlice: Money = .whole(100)
    /// j: a slice's size is multiplied by 1 − j to 1 + 2j.
    package var jitter = Ratio(units: 100_000_000_000)
    package var maximumSlippage = Ratio(units: 50_000_000_000)
    package var slices = 3
    /// How long a maker order rests at most.
    package var timeToLive: Interval = .seconds(10)
    /// For the whole run, its cleaning up included.
    package var timeout: Interval = .seconds(20)
    /// In place of the venue's, where set.
    package var minimumNotional: Money?
    package var step: Quantity?

    package init(symbol: Symbol, account: AccountID) {
        self.symbol = symbol
        self.account = account
    }

    /// Kept at a run's end for cancelling and seeing what became of it: a cancel is answered within
    /// a second, or asked for again.
    package var cleanUp: Interval { min(.seconds(3), timeout / 4) }

    /// What is wrong with the knobs taken together, all of it at once; empty where nothing is.
    package var problems: [KnobProblem] {
        var problems: [KnobProblem] = []
        func refuse(_ name: String, _ message: String) {
            problems.append(KnobProblem(knob: name, message: message))
        }
        if mode == .shortLivedMaker, timeToLive + cleanUp > timeout {
            refuse(
                "ORDER_TTL_SECONDS",
                "an order of \(timeToLive.milliseconds / 1_000) s and \(cleanUp.milliseconds) ms to "
                    + "take it back are longer than TASK_TIMEOUT_SECONDS="
                    + "\(timeout.milliseconds / 1_000)")
        }
        if let minimumNotional, minimumNotional > maximumSlice {
            refuse(
                "MIN_NOTIONAL_USDT", "\(minimumNotional) is above MAX_SLICE_NOTIONAL=\(maximumSlice)")
        }
        if let step, !step.isPositive { refuse("LOT_STEP", "not above zero: \(step)") }
        if !sliceShare.isPositive { refuse("SLICE_PCT", "not above zero") }
        if sliceShare > .one { refuse("SLICE_PCT", "above 100") }
        if jitter.isNegative || jitter.units > Ratio.one.units / 2 {
            refuse("SIZE_JITTER_PCT", "not from 0 to 50")
        }
        if !maximumSlice.isPositive { refuse("MAX_SLICE_NOTIONAL", "not above zero") }
        if tolerance.isNegative { refuse("ALLOCATION_TOLERANCE_USDT", "below zero") }
        if slices < 1 { refuse("MAX_SLICES", "not above zero") }
        return problems
    }
}

/// One thing wrong with the knobs.
package struct KnobProblem: Error, Equatable, Sendable {
    package let knob: String
    package let message: String
}

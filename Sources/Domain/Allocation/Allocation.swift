// Allocation: keeps a spot account's two assets equal in value, by orders too small and too
// short-lived to matter (section A of the mission).
// 1. Nothing here does I/O or reads a clock; randomness is the caller's: the same facts and the same
//    seed give the same orders.
// 2. No order is below the venue's least size, and none is worth more than half of the imbalance: a
//    run never turns the imbalance over.
// 3. Sizes are drawn from the part of the jitter's range that the bounds admit, never moved onto a
//    bound, so that a bound does not become the mark by which the slices are known.
// 4. Everything that is not done has a stable reason; what is too small to trade is told, not traded.
// 5. A run has at most one order that is not over, and places no other before that one's end is known.
// 6. A run ends by its timeout. What it could not see end is named in its result, and the gateway
//    cancels it by its time to live.

package import Trading

/// How slices are traded.
package enum ExecutionMode: String, Sendable, CaseIterable {
    /// A limit just beyond the other side's best price; what does not trade at once expires.
    case immediateOrCancel = "IMMEDIATE_OR_CANCEL"
    /// A maker order inside the spread, taken back after a few seconds.
    case shortLivedMaker = "SHORT_LIVED_MAKER"
}

/// Why no slice is traded, or no further one; stable names, never reused.
package enum AllocationReason: String, Sendable, CaseIterable {
    // The account is where it should be.
    /// The two values differ by no more than the tolerance.
    case balanced
    /// Half of the imbalance is below the venue's least size.
    case dust

    // Something is not known, or not as it should be.
    case metadataMissing = "metadata_missing"
    case notTrading = "instrument_not_trading"
    case bookUnavailable = "book_unavailable"
    case bookInvalid = "book_invalid"
    case balancesUnavailable = "balances_unavailable"
    case factsLate = "facts_late"
    /// `LOT_STEP` is no multiple of the venue's step.
    case stepOffGrid = "lot_step_off_grid"
    /// `MAX_SLICE_NOTIONAL` is worth less than the venue's least size.
    case capBelowMinimum = "slice_cap_below_minimum"

    // The market, or the account, does not admit it.
    case thinDepth = "thin_depth"
    case slippage
    case executableBelowMinimum = "executable_below_minimum"
    case noPrice = "no_price"
    case insufficientFree = "insufficient_free"

    // How a run ended.
    case sliceLimit = "slice_limit"
    case deadline
    case orderRefused = "order_refused"
    case insufficientBalance = "insufficient_balance"
    case noFill = "no_fill"
    /// The end of the last order is not known; the gateway cancels it.
    case unsettled
    case stopped
    case leaseLost = "lease_lost"
    case dryRun = "dry_run"

    /// Whether the account needs nothing more.
    package var isRest: Bool { self == .balanced || self == .dust }
}

/// What an account holds of one asset.
package struct AssetBalance<Amount: ExactDecimal>: Equatable, Sendable {
    package var free: Amount
    /// In open orders, of whoever.
    package var locked: Amount

    package init(free: Amount, locked: Amount) {
        self.free = free
        self.locked = locked
    }

    /// Locked amounts count.
    package var total: Amount { free + locked }
}

/// What an account holds of the two assets.
package struct SpotHoldings: Equatable, Sendable {
    package var base: AssetBalance<Quantity>
    package var quote: AssetBalance<Money>

    package init(base: AssetBalance<Quantity>, quote: AssetBalance<Money>) {
        self.base = base
        self.quote = quote
    }

    /// Nil where an amount is negative: no account holds that.
    package init?(
        baseFree: Money, baseLocked: Money, quoteFree: Money, quoteLocked: Money
    ) {
        guard !baseFree.isNegative, !baseLocked.isNegative, !quoteFree.isNegative,
            !quoteLocked.isNegative
        else { return nil }
        base = AssetBalance(
            free: Quantity(units: baseFree.units), locked: Quantity(units: baseLocked.units))
        quote = AssetBalance(free: quoteFree, locked: quoteLocked)
    }
}

/// The two values in the quote asset, and how far they are apart (A2).
package struct Valuation: Equatable, Sendable {
    package let mid: Price
    package let base: Money
    package let quote: Money

    package init(_ holdings: SpotHoldings, mid: Price) {
        self.mid = mid
        base = mid.times(holdings.base.total, .nearestEven)
        quote = holdings.quote.total
    }

    /// Positive where the base asset is the heavier one.
    package var imbalance: Money { base - quote }
    /// What is sold off the heavier asset.
    package var side: Side { imbalance.isNegative ? .buy : .sell }
    package var total: Money { base + quote }
    /// The base asset's share of the whole; a half where there is nothing.
    package var baseShare: Ratio {
        total.isZero ? Ratio(units: Ratio.one.units / 2) : base.ratio(to: total, .nearestEven)
    }
}

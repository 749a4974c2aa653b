package import Chronology
package import Trading

/// One slice as it will be ordered, with the numbers it came from.
package struct SlicePlan: Equatable, Sendable {
    package var side: Side
    package var quantity: Quantity
    package var price: Price
    package var timeInForce: TimeInForce
    /// How long it may rest; zero for one that does not.
    package var timeToLive: Interval
    package var valuation: Valuation
    package var best: Price
    /// The least size that trades (A4).
    package var minimum: Quantity
    /// The most this slice could have been: half the imbalance, the cap, what is free.
    package var ceiling: Quantity
    /// The mean price the book would give, and how far it is from the best one (A3).
    package var weighted: Price
    package var slippage: Ratio

    /// Quantity × price.
    package var notional: Money { price.times(quantity, .nearestEven) }
}

/// What is to be done now.
package enum SliceDecision: Equatable, Sendable {
    case trade(SlicePlan)
    /// Nothing, and why; the valuation where there is one.
    case leave(AllocationReason, Valuation?)
}

/// Decides on the next slice from fresh facts: what is held, the venue's rules, the book.
///
/// O(levels); allocates nothing.
package struct SlicePlanner: Sendable {
    package let knobs: AllocationKnobs
    private let rules: Instrument
    private let step: Quantity
    /// Where the venue's grid of quantities begins, less than one of its steps above zero.
    private let origin: Quantity
    private let minimumNotional: Money
    /// Why the rules admit no order at all.
    private let objection: AllocationReason?

    /// Held back of what a buy may spend: twice the highest taker fee of the venues' lowest tier
    /// (0.1 %), so that an order is not refused for its fee.
    private static let feeReserve = Ratio(units: 1_002_000_000_000)
    /// The least distance beyond the best price, besides the tick and the spread's part (A6).
    private static let leastEpsilon = Price(units: 1_000_000)
    private static let spreadPart = Ratio(units: 100_000_000)
    /// What a maker's price keeps from the other side's best (A6).
    private static let makerBuffer = Ratio(units: 1_000_000_000)

    /// - Parameter rules: as the venue announced them last (R9).
    package init(_ knobs: AllocationKnobs, _ rules: Instrument) {
        self.knobs = knobs
        self.rules = rules
        step = knobs.step ?? rules.step
        origin = rules.minimumQuantity - rules.minimumQuantity.down(to: rules.step)
        minimumNotional = knobs.minimumNotional ?? rules.minimumNotional
        if rules.status != .trading {
            objection = .notTrading
        } else if !step.isMultiple(of: rules.step) || !step.isPositive {
            objection = .stepOffGrid
        } else if minimumNotional.isZero, rules.minimumQuantity.isZero {
            // A4: without a least size nothing says what the venue takes.
            objection = .metadataMissing
        } else {
            objection = nil
        }
    }

    package func plan(
        _ holdings: SpotHoldings, _ book: SpotBook,
        using random: inout some RandomNumberGenerator
    ) -> SliceDecision {
        let valuation = Valuation(holdings, mid: book.mid)
        guard valuation.imbalance.magnitude > knobs.tolerance else {
            return .leave(.balanced, valuation)
        }
        if let objection { return .leave(objection, valuation) }
        let side = valuation.side
        guard let price = price(side, book, using: &random) else { return .leave(.noPrice, valuation) }
        let best = book.best(side)
        // The lower price asks for more of it: the order's own notional must reach the minimum.
        let minimum = minimum(at: min(best, price))
        let bounds = ceiling(valuation, holdings, price, best, minimum)
        guard let ceiling = bounds.ceiling else { return .leave(bounds.reason, valuation) }
        let quantity = size(valuation, best, minimum, ceiling, using: &random)
        let walk = book.walk(side, quantity)
        let weighted = walk.weighted
        let slippage = walk.slippage(of: weighted)
        if let reason = refusal(walk, quantity, slippage) { return .leave(reason, valuation) }
        return .trade(
            SlicePlan(
                side: side, quantity: quantity, price: price, timeInForce: timeInForce,
                timeToLive: timeToLive(using: &random), valuation: valuation, best: best,
                minimum: minimum, ceiling: ceiling, weighted: weighted, slippage: slippage))
    }

    private var timeInForce: TimeInForce {
        switch knobs.mode {
        case .immediateOrCancel: .immediateOrCancel
        case .shortLivedMaker: .postOnly
        }
    }

    /// Four fifths of the knob or more: lives do not repeat either.
    private func timeToLive(using random: inout some RandomNumberGenerator) -> Interval {
        switch knobs.mode {
        case .immediateOrCancel: .zero
        case .shortLivedMaker:
            .milliseconds(
                Int64.random(
                    in: knobs.timeToLive.milliseconds * 4 / 5...knobs.timeToLive.milliseconds,
                    using: &random))
        }
    }

    // MARK: sizes

    /// The least size that trades at a price (A4).
    package func minimum(at price: Price) -> Quantity {
        let stepped = minimumNotional.divided(by: price, .up)
        return onGrid(max(step, stepped, rules.minimumQuantity), .ceiling)
    }

    /// A quantity moved onto the grid: the step's multiples, from where the venue's grid begins.
    private func onGrid(_ quantity: Quantity, _ rounding: Rounding) -> Quantity {
        origin + (quantity - origin).rounded(rounding, to: step)
    }

    /// The most a slice may be, or why nothing may be traded.
    private func ceiling(
        _ valuation: Valuation, _ holdings: SpotHoldings, _ price: Price, _ best: Price,
        _ minimum: Quantity
    ) -> (ceiling: Quantity?, reason: AllocationReason) {
        // Of mid and the order's price the higher: even then it is half the imbalance at most.
        let half = Money(units: valuation.imbalance.magnitude.units / 2)
            .divided(by: max(valuation.mid, price), .down)
        guard half >= minimum else { return (nil, .dust) }
        let cap = knobs.maximumSlice.divided(by: best, .down)
        guard cap >= minimum else { return (nil, .capBelowMinimum) }
        let free =
            switch valuation.side {
            case .sell: holdings.base.free
            case .buy:
                holdings.quote.free.divided(
                    by: price.scaled(by: SlicePlanner.feeReserve, .up), .down)
            }
        guard free >= minimum else { return (nil, .insufficientFree) }
        var ceiling = min(half, cap, free)
        if !rules.maximumQuantity.isZero { ceiling = min(ceiling, rules.maximumQuantity) }
        ceiling = onGrid(ceiling, .floor)
        return ceiling >= minimum ? (ceiling, .dust) : (nil, .capBelowMinimum)
    }

    /// A5: the part of the imbalance, times a random factor, on the grid and within the bounds.
    private func size(
        _ valuation: Valuation, _ best: Price, _ minimum: Quantity, _ ceiling: Quantity,
        using random: inout some RandomNumberGenerator
    ) -> Quantity {
        // No more than the cap before it is divided: whatever the prices are, it can be held then.
        let worth = min(
            valuation.imbalance.magnitude.scaled(by: knobs.sliceShare, .down), knobs.maximumSlice)
        let plain = min(max(worth.divided(by: best, .down), minimum), ceiling)
        let low = max(minimum, onGrid(plain.scaled(by: .one - knobs.jitter, .down), .ceiling))
        let high = min(
            ceiling, onGrid(plain.scaled(by: .one + knobs.jitter + knobs.jitter, .down), .floor))
        guard low < high else { return min(low, ceiling) }
        let steps = Int64(clamping: FixedPoint.divide((high - low).units, by: step.units, .down))
        let drawn = Int64.random(in: 0...steps, using: &random)
        return low + step.multiplied(byWhole: drawn)
    }

    // MARK: prices

    /// The order's price (A6); nil where there is none above zero and within the venue's range.
    private func price(
        _ side: Side, _ book: SpotBook, using random: inout some RandomNumberGenerator
    ) -> Price? {
        let price =
            switch knobs.mode {
            case .immediateOrCancel: taking(side, book)
            case .shortLivedMaker: making(side, book, using: &random)
            }
        return rules.admits(price: price) ? price : nil
    }

    /// Beyond the other side's best by ε: one tick, 0.01 % of the spread or 1e-6, the greatest.
    private func taking(_ side: Side, _ book: SpotBook) -> Price {
        let epsilon = max(
            rules.tick, book.spread.scaled(by: SlicePlanner.spreadPart, .up),
            SlicePlanner.leastEpsilon)
        switch side {
        case .buy: return onTick(book.ask + epsilon, .ceiling)
        case .sell: return onTick(book.bid - epsilon, .floor)
        }
    }

    /// Inside the spread, at least the buffer away from the other side, at a random tick of the half
    /// that is nearer to it; where the spread is thinner than that, at the own side's best.
    private func making(
        _ side: Side, _ book: SpotBook, using random: inout some RandomNumberGenerator
    ) -> Price {
        let own = side == .buy ? book.bid : book.ask
        let other = book.best(side)
        let buffer = max(rules.tick, other.scaled(by: SlicePlanner.makerBuffer, .up))
        let edge =
            side == .buy ? onTick(other - buffer, .floor) : onTick(other + buffer, .ceiling)
        let room = side == .buy ? edge - own : own - edge
        let ticks = Int64(clamping: FixedPoint.divide(room.units, by: rules.tick.units, .down))
        guard ticks > 0 else { return own }
        let back = rules.tick.multiplied(
            byWhole: Int64.random(in: 0...ticks / 2, using: &random))
        return side == .buy ? edge - back : edge + back
    }

    private func onTick(_ price: Price, _ rounding: Rounding) -> Price {
        rules.minimumPrice + (price - rules.minimumPrice).rounded(rounding, to: rules.tick)
    }

    // MARK: depth

    /// Why the book does not take the slice (A3); nil where it does.
    private func refusal(
        _ walk: DepthWalk, _ quantity: Quantity, _ slippage: Ratio
    ) -> AllocationReason? {
        guard walk.quantity == quantity else { return .thinDepth }
        guard slippage <= knobs.maximumSlippage else { return .slippage }
        return walk.notional >= minimumNotional ? nil : .executableBelowMinimum
    }
}

package import Chronology
package import Trading

/// How a run came out; stable names.
package enum AllocationStatus: String, Sendable, CaseIterable {
    /// Something was traded, and the run ended as it should.
    case done
    /// Nothing was traded, and nothing went wrong: see the reason.
    case skipped
    /// Orders were sent and none traded.
    case unfilled
    /// The run was cut short by a refusal, or by the process that ran it.
    case failed
    /// An order's end is not known.
    case unsettled
    /// A dry run: what would be ordered.
    case planned
}

/// What became of one slice.
package struct SliceReport: Equatable, Sendable {
    /// From 1.
    package var number: Int
    package var plan: SlicePlan
    /// The id its order was asked for under.
    package var request: String
    /// The client order id; empty where the gateway never gave one.
    package var order: String = ""
    /// The order's last known state, or `refused`.
    package var status: String = ""
    /// The refusal's code; empty for none.
    package var code: String = ""
    package var executed: Quantity = .zero
    package var notional: Money = .zero
    package var fees: Money = .zero
    package var feeAsset: String = ""
    /// From the order's request to its known end.
    package var lived: Interval = .zero

    package init(number: Int, plan: SlicePlan, request: String) {
        self.number = number
        self.plan = plan
        self.request = request
    }

    /// What the order's record says by now.
    package mutating func take(_ report: SliceOrder) {
        order = report.order
        status = report.status
        code = report.code
        // Of what was executed nothing is ever taken back: an older report changes nothing.
        guard report.executed >= executed else { return }
        executed = report.executed
        notional = report.notional
        fees = report.fees
        feeAsset = report.feeAsset
    }

    /// The mean price of its fills; nil before the first.
    package var average: Price? {
        executed.isZero ? nil : notional.divided(by: executed, .nearestEven)
    }
    /// What its fills cost against the mid price it was planned at; positive is a loss, fees not in it.
    package var cost: Money {
        let atMid = plan.valuation.mid.times(executed, .nearestEven)
        return plan.side == .buy ? notional - atMid : atMid - notional
    }
}

/// What became of a run.
package struct AllocationResult: Equatable, Sendable {
    package var id: String
    package var isDry: Bool
    package var reason: AllocationReason
    /// Beside the reason, for a person: a refusal's sentence.
    package var detail: String
    package var slices: [SliceReport]
    /// As it stood at the start, and as it was seen last.
    package var before: Valuation?
    package var after: Valuation?
    /// A dry run's next slice.
    package var plan: SlicePlan?
    package var elapsed: Interval

    package init(
        id: String, isDry: Bool, reason: AllocationReason, detail: String = "",
        slices: [SliceReport] = [], before: Valuation? = nil, after: Valuation? = nil,
        plan: SlicePlan? = nil, elapsed: Interval = .zero
    ) {
        self.id = id
        self.isDry = isDry
        self.reason = reason
        self.detail = detail
        self.slices = slices
        self.before = before
        self.after = after
        self.plan = plan
        self.elapsed = elapsed
    }

    /// The end of an unsettled run's last order, known at last.
    /// - Parameter order: nil where order-gateway never took it on.
    package mutating func settle(_ order: SliceOrder?) {
        reason = .deadline
        detail = "its last order's end was known after it"
        guard let index = slices.indices.last else { return }
        if let order { slices[index].take(order) } else { slices[index].status = "not_taken" }
    }

    package var status: AllocationStatus {
        switch reason {
        case .unsettled: return .unsettled
        case .dryRun: return .planned
        case .orderRefused, .insufficientBalance, .stopped, .leaseLost: return .failed
        case .balanced, .dust, .metadataMissing, .notTrading, .bookUnavailable, .bookInvalid,
            .balancesUnavailable, .factsLate, .stepOffGrid, .capBelowMinimum, .thinDepth,
            .slippage, .executableBelowMinimum, .noPrice, .insufficientFree, .sliceLimit,
            .deadline, .noFill:
            if slices.isEmpty { return .skipped }
            return filledNotional.isZero ? .unfilled : .done
        }
    }

    /// What was traded, or would be; nil where nothing was.
    package var side: Side? { slices.first?.plan.side ?? plan?.side }
    package var filled: Quantity { slices.reduce(.zero) { $0 + $1.executed } }
    package var filledNotional: Money { slices.reduce(.zero) { $0 + $1.notional } }
    /// The cost of all fills against the mid prices they were planned at, in basis points of what was
    /// traded; nil where nothing was.
    package var costBasisPoints: Ratio? {
        let notional = filledNotional
        if notional.isZero { return nil }
        let cost = slices.reduce(Money.zero) { $0 + $1.cost }
        return cost.ratio(to: notional, .nearestEven).scaled(by: .whole(10_000), .nearestEven)
    }
    /// The greatest slippage against the top of the book that a slice was planned with.
    package var slippage: Ratio { slices.map(\.plan.slippage).max() ?? plan?.slippage ?? .zero }
}

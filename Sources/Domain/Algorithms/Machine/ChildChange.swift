package import Orders
package import Trading

/// What a report says of an order for the first time.
package struct ChildChange: Equatable, Sendable {
    package var child: ChildOrder
    package var executed: Quantity
    package var notional: Money
    /// In money, also of what was kept in coins, and of what is in another asset of known worth.
    package var fees: Money
    /// What is in other assets of a worth that is not known.
    package var unvalued: [OtherFee] = []
    package var kept: Quantity
    package var isOver = false
    package var refusal: RefusalCode?
    package var admitted: Quantity?

    init(
        child: ChildOrder, executed: Quantity, notional: Money, fees: Money, kept: Quantity = .zero
    ) {
        self.child = child
        self.executed = executed
        self.notional = notional
        self.fees = fees
        self.kept = kept
    }

    /// A fee in another asset counts at what it is worth, or is noted as it is.
    mutating func count(_ fee: OtherFee) {
        guard !fee.amount.isZero else { return }
        guard let price = fee.price else {
            return unvalued.append(fee)
        }
        fees += price.times(fee.amount, .nearestEven)
    }
}

/// What an algorithm does about an order that was refused.
enum RefusalResponse {
    /// Tries again later; the number of times counts.
    case retry
    /// Tries again later, as often as it takes: the desk cannot take orders for a while.
    case wait
    /// Pauses until a person has seen to it.
    case pause
    /// Ends: the position it was to reduce is gone.
    case end
    /// Fails: it will not get better.
    case fail

    init(_ code: RefusalCode) {
        switch code {
        case .notReady, .redisDown, .leaseLost, .deadlinePassed, .queueFull, .venueBusy,
            .orderRateLimit, .orderCountLimit, .sidePaused, .orderUnsettled, .priceUnknown,
            .priceStale, .riskUnknown, .riskStale, .cancelledBeforeSending, .instrumentReducing:
            self = .wait
        case .priceOutsideBand, .venueRejected, .outcomeUnknown, .orderNotFound, .orderFinal,
            .amendSuperseded, .quantityBelowFilled, .orderNotAmendable, .reduceOnlyRejected:
            self = .retry
        case .venueHalted, .venueReducing, .accountHalted, .accountReducing, .accountDisabled,
            .instrumentNotTrading, .marginInsufficient, .orderNotionalLimit:
            self = .pause
        case .reduceOnlyWouldIncrease: self = .end
        case .accountUnknown, .accountExists, .instrumentUnknown, .priceOffTick, .quantityOffStep,
            .quantityTooSmall, .quantityTooLarge, .notionalTooSmall, .priceOutOfRange,
            .venueCannot, .malformed, .unknownCommand, .algoInvalid, .algoUnknown, .algoExists,
            .algoLimit, .ownerGone:
            self = .fail
        }
    }
}

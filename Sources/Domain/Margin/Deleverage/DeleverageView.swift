package import Trading

/// One position as deleveraging sees it.
package struct DeleveragePosition: Equatable, Sendable {
    package var symbol: Symbol
    /// Signed, not zero.
    package var quantity: Quantity
    package var maintenance: Money
    /// The exchange's rules for market orders; zero where one is not known or does not bind.
    package var step: Quantity
    package var minimum: Quantity
    package var maximum: Quantity

    package init(
        symbol: Symbol, quantity: Quantity, maintenance: Money, step: Quantity = .zero,
        minimum: Quantity = .zero, maximum: Quantity = .zero
    ) {
        self.symbol = symbol
        self.quantity = quantity
        self.maintenance = maintenance
        self.step = step
        self.minimum = minimum
        self.maximum = maximum
    }

    /// What an order closes of it to close this share: rounded up to the step, no more than is held
    /// and than one order may be; all of it where the rest, or the part, could not be traded alone.
    /// Zero where not even the whole can be (R8).
    func closing(_ share: Ratio) -> Quantity {
        let held = quantity.magnitude.down(to: step)
        var wanted = quantity.magnitude.scaled(by: share, .up).up(to: step)
        if wanted < minimum || held - wanted < minimum { wanted = held }
        wanted = min(wanted, held)
        if !maximum.isZero { wanted = min(wanted, maximum.down(to: step)) }
        return wanted < minimum ? .zero : wanted
    }
}

/// One account at one evaluation, all marks fresh.
package struct DeleverageView: Equatable, Sendable {
    package var marginRatio: Ratio
    package var positions: [DeleveragePosition]
    /// The wall's time of the evaluation.
    package var atMilliseconds: Int64

    package init(
        marginRatio: Ratio, positions: [DeleveragePosition], atMilliseconds: Int64 = 0
    ) {
        self.marginRatio = marginRatio
        self.positions = positions
        self.atMilliseconds = atMilliseconds
    }

    package func position(_ symbol: Symbol) -> Quantity {
        positions.first { $0.symbol == symbol }?.quantity ?? .zero
    }
}

/// One close that deleveraging has decided on, with the numbers it was decided by.
package struct DeleverageStep: Equatable, Sendable {
    /// Counts an account's steps. Number and time make the command's id, so that a repeat is the
    /// same order, and a step after lost records is another.
    package var number: Int64
    package var atMilliseconds: Int64
    package var tier: MarginTier
    package var marginRatio: Ratio
    package var symbol: Symbol
    package var side: Side
    package var quantity: Quantity
    /// What was held, signed, and the maintenance margin that made it the largest.
    package var held: Quantity
    package var maintenance: Money

    package init(
        number: Int64, atMilliseconds: Int64, tier: MarginTier, marginRatio: Ratio,
        symbol: Symbol, side: Side, quantity: Quantity, held: Quantity, maintenance: Money
    ) {
        self.number = number
        self.atMilliseconds = atMilliseconds
        self.tier = tier
        self.marginRatio = marginRatio
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.held = held
        self.maintenance = maintenance
    }
}

/// What became of a step's order.
package enum DeleverageOutcome: Equatable, Sendable {
    /// It is over and this much of it traded, which is all, a part, or nothing; the trades are in
    /// the ledger.
    case ended(executed: Quantity)
    /// Refused for certain, by the gateway or the exchange.
    case rejected(code: String)
    /// Not known: the same step is asked again.
    case unknown
}
